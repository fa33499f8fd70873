/**
 * App clients of user pools.
 */
import { asText, finding, listOf, resourcesOf } from './template.js';

/** The longest a refresh token stays good once another has taken its place (rule C7). */
const LONGEST_GRACE = 60;

const REFRESH_FLOW = 'ALLOW_REFRESH_TOKEN_AUTH';

/** @type {import('./template.js').Check} */
export function checkUserPools(template) {
  return resourcesOf(template, 'AWS::Cognito::UserPoolClient').flatMap(([logicalId, client]) => [
    ...flows(logicalId, client),
    ...rotation(logicalId, client),
    ...urls(logicalId, 'CallbackURLs', client.CallbackURLs),
    ...urls(logicalId, 'LogoutURLs', client.LogoutURLs),
  ]);
}

/**
 * The implicit flow puts tokens into addresses (RFC 9700, section 2.1.2).
 *
 * @param {string} logicalId
 * @param {any} client
 */
function flows(logicalId, { AllowedOAuthFlows }) {
  const found = listOf(AllowedOAuthFlows);
  return found.includes('implicit')
    ? [finding('C6', logicalId, 'AllowedOAuthFlows', asText(found), 'code, with PKCE')]
    : [];
}

/**
 * Cognito's guide: rotation and REFRESH_TOKEN_AUTH exclude one another. A client without any flow
 * has that one by default.
 *
 * @param {string} logicalId
 * @param {any} client
 */
function rotation(logicalId, { RefreshTokenRotation, ExplicitAuthFlows }) {
  if (RefreshTokenRotation?.Feature !== 'ENABLED') return [];
  const found = listOf(ExplicitAuthFlows);
  const { RetryGracePeriodSeconds: grace = 0 } = RefreshTokenRotation;
  const path = 'RefreshTokenRotation.RetryGracePeriodSeconds';
  return [
    ...(found.length === 0 || found.includes(REFRESH_FLOW)
      ? [
          finding(
            'C7',
            logicalId,
            'ExplicitAuthFlows',
            asText(found) || 'none, which has it by default',
            `at least one, and not ${REFRESH_FLOW} beside RefreshTokenRotation`,
          ),
        ]
      : []),
    ...(grace > LONGEST_GRACE
      ? [finding('C7', logicalId, path, grace, `at most ${LONGEST_GRACE} s`)]
      : []),
  ];
}

/**
 * What Cognito demands of a redirect URI (API reference, CreateUserPoolClient). Apps' own schemes
 * are fine.
 *
 * @param {string} logicalId
 * @param {string} path
 * @param {any} found
 */
function urls(logicalId, path, found) {
  const allowed = 'https://…, or http://localhost…, without a fragment';
  return listOf(found).flatMap((url, index) =>
    typeof url === 'string' && (/#/.test(url) || /^http:\/\/(?!localhost[:/])/.test(url))
      ? [finding('redirect-uri', logicalId, `${path}[${index}]`, url, allowed)]
      : [],
  );
}
