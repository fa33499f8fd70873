/**
 * A custom origin as an event at origin-request holds it, with CloudFront's own time limits
 * (rule E6).
 *
 * @param {string} domainName
 * @param {string} [path]
 */
export function customOrigin(domainName, path = '') {
  return {
    custom: {
      customHeaders: {},
      domainName,
      keepaliveTimeout: 5,
      path,
      port: 443,
      protocol: 'https',
      readTimeout: 30,
      sslProtocols: ['TLSv1.2'],
    },
  };
}

/** An S3 origin as an event holds it (rule E7). */
export const S3_ORIGIN = {
  s3: {
    authMethod: 'none',
    customHeaders: {},
    domainName: 'site.s3.us-east-1.amazonaws.com',
    path: '',
    region: 'us-east-1',
  },
};
