/**
 * The policies that AWS manages: every account has them, under these ids.
 *
 * The settings are `managed.json`'s, in the model's form. They are those of the CloudFront guide,
 * "Use managed cache policies", "… origin request policies" and "… response headers policies", but
 * for:
 *
 * - `Amplify-*`: settings from the Amplify Hosting guide, "Managing cache configuration"; their ids
 *   are on no page: unverified. Its policies named `-V2` are left out for want of ids.
 * - `HostHeaderOnly`: newer than the stored copies of the guide; from aws/aws-cdk issue 38234.
 * - Response headers policies: the guide's text says which headers they add and which of these
 *   override the origin's; the values themselves are unverified.
 */
import { readFileSync } from 'node:fs';

/**
 * @typedef {import('../distribution.js').CachePolicy} CachePolicy
 * @typedef {import('../distribution.js').OriginRequestPolicy} OriginRequestPolicy
 * @typedef {import('../distribution.js').ResponseHeadersPolicy} ResponseHeadersPolicy
 *
 * @typedef {object} ManagedPolicies each by its id
 * @property {ReadonlyMap<string, CachePolicy>} cache
 * @property {ReadonlyMap<string, OriginRequestPolicy>} originRequest
 * @property {ReadonlyMap<string, ResponseHeadersPolicy>} responseHeaders
 */

const DATA = JSON.parse(readFileSync(new URL('managed.json', import.meta.url), 'utf8'));

/**
 * The managed policies. Their names are the guide's, without the API's prefix `Managed-`.
 *
 * @type {Readonly<ManagedPolicies>}
 */
export const MANAGED = Object.freeze({
  cache: new Map(Object.entries(DATA.cache)),
  originRequest: new Map(Object.entries(DATA.originRequest)),
  responseHeaders: new Map(Object.entries(DATA.responseHeaders)),
});
