/**
 * Configured origins as events hold them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { originOf } from '../../js/cloudfront/policies/forward.js';
import { API } from './policies-fixture.js';

describe('origin in events', () => {
  it('E5, E6: a custom origin', () => {
    const custom = {
      customHeaders: {},
      domainName: 'api.example.test',
      keepaliveTimeout: 5,
      path: '',
      port: 443,
      protocol: 'https',
      readTimeout: 30,
      sslProtocols: ['TLSv1.2'],
    };
    assert.deepEqual(originOf(API, {}), { custom });
    const more = { responseCompletionTimeout: 60 };
    assert.deepEqual(originOf({ ...API, ...more }, {}), { custom: { ...custom, ...more } });
  });

  it("E6: protocol and port by the origin's protocol policy and the viewer", () => {
    for (const [protocolPolicy, proto, protocol, port] of /** @type {const} */ ([
      ['http-only', 'https', 'http', 8080],
      ['https-only', 'http', 'https', 8443],
      ['match-viewer', 'http', 'http', 8080],
      ['match-viewer', 'https', 'https', 8443],
    ])) {
      const origin = { ...API, protocolPolicy, httpPort: 8080, httpsPort: 8443 };
      const { custom } = originOf(origin, { proto });
      assert.deepEqual([custom?.protocol, custom?.port], [protocol, port], protocolPolicy);
    }
  });

  it('E5, E7: an S3 origin; access by origin access control shows as none', () => {
    const bucket = 'site.s3.eu-west-1.amazonaws.com';
    const origin = { ...API, domainName: bucket, path: '/app', region: 'eu-west-1' };
    for (const [access, authMethod] of /** @type {const} */ ([
      ['oac', 'none'],
      ['none', 'none'],
      ['oai', 'origin-access-identity'],
    ])) {
      assert.deepEqual(originOf({ ...origin, kind: 's3', access }, {}), {
        s3: {
          authMethod,
          customHeaders: {},
          domainName: bucket,
          path: '/app',
          region: 'eu-west-1',
        },
      });
    }
  });
});
