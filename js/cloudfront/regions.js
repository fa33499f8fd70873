/**
 * The Regions that execute Lambda@Edge functions (rule R1): those with a regional edge cache.
 * Thirteen are known; all but us-west-1 are named in AWS's Origin Shield documentation.
 */
export const EDGE_REGIONS = Object.freeze([
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'sa-east-1',
  'eu-west-1',
  'eu-west-2',
  'eu-central-1',
  'ap-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-2',
]);
