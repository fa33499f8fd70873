/**
 * What other CDK apps import as `nearhop/infra`.
 */
export { readConfiguration } from '../js/cli/configuration.js';
export { checkTemplate } from './checks/index.js';
export { NearhopDistribution } from './distribution.js';
