/**
 * `nearhop/cloudfront`: the local CloudFront for tests and tools of any project with Lambda@Edge
 * functions. How to use it: docs/dev.md.
 *
 * - `startCloudFront` serves a distribution on 127.0.0.1, as `nearhop dev` does.
 * - `validate` alone checks what a handler returned, without a server.
 * - `readTemplate` alone reads a distribution from CloudFormation, without serving it.
 *
 * The errors are exported to be told apart: `TemplateError` for a template that cannot be deployed,
 * `CloudFrontError` for what a function returned or threw, `WrongInput` for a fault that there is
 * not.
 *
 * @typedef {import('./server.js').Options} Options of `startCloudFront`
 * @typedef {import('./server.js').LocalCloudFront} LocalCloudFront
 * @typedef {import('./origins/origins.js').Server} Server what stands for an origin
 * @typedef {import('./place/viewer.js').Place} Place where a viewer is
 * @typedef {import('./trace/record.js').TraceRecord} TraceRecord a request's way
 * @typedef {import('./faults/faults.js').Faults} Faults
 * @typedef {import('./template/read.js').ReadOptions} ReadOptions
 * @typedef {import('./distribution.js').Distribution} Distribution
 * @typedef {import('./distribution.js').FunctionSource} FunctionSource
 * @typedef {import('./distribution.js').EventType} EventType
 * @typedef {import('./validate/index.js').Sent} Sent
 * @typedef {import('./validate/index.js').Returned} Returned
 */
export { CloudFrontError } from './error.js';
export { WrongInput } from './faults/input.js';
export { startCloudFront } from './server.js';
export { TemplateError, readTemplate } from './template/read.js';
export { validate } from './validate/index.js';
