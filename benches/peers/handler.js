/** What handlers around a verifier have in common. */

/**
 * @param {any} request
 * @returns {string} the bearer token, or nothing
 */
export function bearerOf(request) {
  const value = request.headers.authorization?.[0].value ?? '';
  return /^bearer /i.test(value) ? value.slice(7) : '';
}

/** The answer to a request whose token is none. */
export function unauthorized() {
  return {
    status: '401',
    statusDescription: 'Unauthorized',
    headers: {
      'cache-control': [{ key: 'Cache-Control', value: 'no-store' }],
      'www-authenticate': [{ key: 'WWW-Authenticate', value: 'Bearer' }],
    },
    body: 'Unauthorized',
  };
}
