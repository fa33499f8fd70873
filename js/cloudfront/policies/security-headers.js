/**
 * The security headers of response headers policies (guide, "Understand response headers
 * policies").
 */

/**
 * @typedef {object} SecurityHeadersConfig CloudFormation's `SecurityHeadersConfig`
 * @property {{ ContentSecurityPolicy: string, Override: boolean }} [ContentSecurityPolicy]
 * @property {{ Override: boolean }} [ContentTypeOptions]
 * @property {{ FrameOption: 'DENY'|'SAMEORIGIN', Override: boolean }} [FrameOptions]
 * @property {{ ReferrerPolicy: string, Override: boolean }} [ReferrerPolicy]
 * @property {{ AccessControlMaxAgeSec: number, IncludeSubdomains?: boolean, Preload?: boolean,
 *   Override: boolean }} [StrictTransportSecurity]
 * @property {{ Protection: boolean, ModeBlock?: boolean, ReportUri?: string,
 *   Override: boolean }} [XSSProtection]
 *
 * @typedef {object} PolicyHeader
 * @property {string} header
 * @property {string} value
 * @property {boolean} override whether it replaces the origin's
 */

/**
 * @param {SecurityHeadersConfig} config
 * @returns {PolicyHeader[]}
 */
export function securityHeaders(config) {
  const csp = config.ContentSecurityPolicy;
  const { ContentTypeOptions: type, FrameOptions: frame, ReferrerPolicy: referrer } = config;
  const { StrictTransportSecurity: hsts, XSSProtection: xss } = config;
  return [
    entry('Content-Security-Policy', csp, csp?.ContentSecurityPolicy),
    entry('Referrer-Policy', referrer, referrer?.ReferrerPolicy),
    entry('Strict-Transport-Security', hsts, hsts && strictTransport(hsts)),
    entry('X-Content-Type-Options', type, 'nosniff'),
    entry('X-Frame-Options', frame, frame?.FrameOption),
    entry('X-XSS-Protection', xss, xss && xssProtection(xss)),
  ].flat();
}

/**
 * @param {string} header
 * @param {{ Override: boolean } | undefined} setting
 * @param {string | undefined} value
 * @returns {PolicyHeader[]}
 */
function entry(header, setting, value) {
  return setting && value !== undefined ? [{ header, value, override: setting.Override }] : [];
}

/** @param {NonNullable<SecurityHeadersConfig['StrictTransportSecurity']>} setting */
function strictTransport({ AccessControlMaxAgeSec, IncludeSubdomains, Preload }) {
  const directives = [`max-age=${AccessControlMaxAgeSec}`];
  if (IncludeSubdomains) directives.push('includeSubDomains');
  if (Preload) directives.push('preload');
  return directives.join('; ');
}

/** @param {NonNullable<SecurityHeadersConfig['XSSProtection']>} setting */
function xssProtection({ Protection, ModeBlock, ReportUri }) {
  if (!Protection) return '0';
  if (ModeBlock) return '1; mode=block';
  return ReportUri ? `1; report=${ReportUri}` : '1';
}
