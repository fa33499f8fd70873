/**
 * A distribution as this CloudFront runs it: what `template/` makes of a CloudFormation template,
 * and what everything else reads. Names and defaults are CloudFormation's; seconds are seconds.
 *
 * @typedef {'viewer-request'|'origin-request'|'origin-response'|'viewer-response'} EventType
 *
 * @typedef {object} Distribution
 * @property {string} id such as `E1A2B3C4D5E6F7`
 * @property {string} domainName such as `d111111abcdef8.cloudfront.net`
 * @property {string[]} aliases
 * @property {string} defaultRootObject without its leading `/`; empty if there is none
 * @property {Map<string, Origin>} origins by id
 * @property {Map<string, OriginGroup>} groups by id
 * @property {Behavior[]} behaviors in order of precedence; the last one's pattern is `*`
 * @property {ErrorPage[]} errorPages
 *
 * @typedef {object} Origin
 * @property {string} id
 * @property {'custom'|'s3'} kind
 * @property {string} domainName
 * @property {string} path empty, or with a leading and without a trailing `/`
 * @property {Record<string, string>} customHeaders in the case they were written
 * @property {number} connectionAttempts 1–3 (rule F6)
 * @property {number} connectionTimeout seconds, 1–10 (rule F6)
 * @property {number} readTimeout seconds, 1–120
 * @property {number} keepaliveTimeout seconds, 1–120
 * @property {number | undefined} responseCompletionTimeout seconds
 * @property {'http-only'|'https-only'|'match-viewer'} protocolPolicy of a custom origin
 * @property {number} httpPort
 * @property {number} httpsPort
 * @property {string[]} sslProtocols
 * @property {'oac'|'oai'|'none'} access how CloudFront signs for an S3 origin
 * @property {string | undefined} region of an S3 bucket, from its domain name
 *
 * @typedef {object} OriginGroup exactly two origins (rule F3)
 * @property {string} id
 * @property {[string, string]} members ids of origins, the primary first
 * @property {number[]} statuses that fail over
 *
 * @typedef {object} Behavior
 * @property {string} pattern path pattern
 * @property {string} target id of an origin or of a group
 * @property {'allow-all'|'redirect-to-https'|'https-only'} viewerProtocolPolicy
 * @property {string[]} methods accepted
 * @property {string[]} cachedMethods
 * @property {boolean} compress
 * @property {CachePolicy} cachePolicy
 * @property {OriginRequestPolicy | undefined} originRequestPolicy
 * @property {ResponseHeadersPolicy | undefined} responseHeadersPolicy
 * @property {Partial<Record<EventType, Association>>} functions
 *
 * @typedef {object} Association
 * @property {string} function key of a FunctionSource
 * @property {boolean} includeBody
 *
 * @typedef {object} FunctionSource
 * @property {string} name
 * @property {string} code folder or zip file
 * @property {string} handler such as `index.handler`
 * @property {string} runtime such as `nodejs24.x`
 * @property {number} timeout seconds
 * @property {number} memory MB
 *
 * @typedef {object} Selection
 * @property {'none'|'whitelist'|'allExcept'|'all'} behavior
 * @property {string[]} names header names in lower case; cookies and query strings as written
 *
 * @typedef {object} HeaderSelection
 * @property {'none'|'whitelist'|'allViewer'|'allViewerAndWhitelistCloudFront'|'allExcept'} behavior
 * @property {string[]} names in lower case
 *
 * @typedef {object} CachePolicy
 * @property {string} name
 * @property {number} minTtl seconds
 * @property {number} defaultTtl seconds
 * @property {number} maxTtl seconds
 * @property {boolean} gzip
 * @property {boolean} brotli
 * @property {Selection} headers `none` or `whitelist`
 * @property {Selection} cookies
 * @property {Selection} queryStrings
 *
 * @typedef {object} OriginRequestPolicy
 * @property {string} name
 * @property {HeaderSelection} headers
 * @property {Selection} cookies
 * @property {Selection} queryStrings
 *
 * @typedef {object} ResponseHeadersPolicy
 * @property {string} name
 * @property {object | undefined} cors as CloudFormation's `CorsConfig`
 * @property {object | undefined} security as CloudFormation's `SecurityHeadersConfig`
 * @property {{ header: string, value: string, override: boolean }[]} custom
 * @property {string[]} remove in lower case
 * @property {number | undefined} serverTiming sampling rate in percent, if enabled
 *
 * @typedef {object} ErrorPage
 * @property {number} status of the answer that it replaces
 * @property {string | undefined} path of the page
 * @property {number | undefined} responseStatus that the viewer gets in its place
 * @property {number} minTtl seconds that the error is cached
 */

export {};
