/**
 * An answer that CloudFront itself gives in place of the function's or the origin's.
 */
export class CloudFrontError extends Error {
  /**
   * @param {number} status what the viewer gets
   * @param {string} reason short name, shown in `x-cache` as CloudFront does
   *   (`LambdaValidationError from cloudfront`)
   * @param {string} message what happened; shown to the viewer, so it holds no header's value
   * @param {{ rule?: string, at?: string, found?: string, allowed?: string, cause?: unknown }}
   *   [facts] the rule of Lambda@Edge that was broken, where, by what, and what is allowed there
   */
  constructor(status, reason, message, facts = {}) {
    super(message, { cause: facts.cause });
    this.name = 'CloudFrontError';
    this.status = status;
    this.reason = reason;
    this.rule = facts.rule;
    this.at = facts.at;
    this.found = facts.found;
    this.allowed = facts.allowed;
  }

  /** The page, as plain text: one line for each thing known. */
  page() {
    const facts = Object.entries({
      rule: this.rule,
      at: this.at,
      found: this.found,
      allowed: this.allowed,
    }).filter(([, value]) => value !== undefined);
    const lines = facts.map(([name, value]) => `  ${name.padEnd(8)} ${value}`);
    return [`${this.status} ${this.reason}`, this.message, ...lines, ''].join('\n');
  }
}
