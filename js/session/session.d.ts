/**
 * Who is signed in, for a frontend behind Nearhop: `session.js` is all there is to it, less than
 * 1,000 bytes. A frontend needs none of it to be protected, or to call the API as its visitor: the
 * edge sees to both. This is for what a page shows.
 *
 * It is used by attributes alone. Where the module is loaded and an element has `data-nearhop`,
 * {@link show} runs once by itself:
 *
 * ```html
 * <script type="module" src="/session.js"></script>
 *
 * <a data-nearhop="signed-out" hidden href="/_nearhop/sign-in?return=/">Sign in</a>
 * <p data-nearhop="signed-in" hidden>
 *   Signed in as <b data-nearhop-claim="name email"></b>
 *   <a href="/_nearhop/sign-out">Sign out</a>
 * </p>
 * ```
 *
 * Copy the file to the site, or import it as `nearhop/session`. A policy of `script-src 'self';
 * connect-src 'self'` lets it work.
 */

/** What `GET /_nearhop/me` tells of the session. */
export interface Session {
  /** Claims of the ID token: those of `sign_in.claims` in nearhop.toml, where it has them. */
  claims: Record<string, unknown>;
  /** When the tokens expire, in seconds since 1970. The edge refreshes them by itself. */
  expires: number;
}

/**
 * Asks the edge who is signed in: each time anew, nothing is kept.
 *
 * @returns null where nobody is (401)
 * @throws {Error} any other answer than 200 and 401, with its URL and status
 * @throws {TypeError} no answer, as of `fetch`
 * @throws {SyntaxError} an answer that is no JSON: a site without `[sign_in]`
 */
export function session(): Promise<Session | null>;

/**
 * Leaves the page to sign in.
 *
 * @param to where to come back to, a path with its query and fragment: this page if left out. The
 *   edge takes paths of this site alone, and `/` in place of others
 */
export function signIn(to?: string): void;

/**
 * Leaves the page to sign out. The refresh token is revoked and the session's cookies are cleared.
 *
 * @param options `local`: the provider's own session stays, and the next sign-in may ask nothing
 */
export function signOut(options?: { local?: boolean }): void;

/**
 * Shows in the page who is signed in: elements with `data-nearhop="signed-in"` or
 * `data-nearhop="signed-out"` get or lose `hidden`, and those with `data-nearhop-claim` the text of
 * the claim it names, or the first there is of several (`name email`). Call it again when that may
 * have changed: after a 401 of the API, or when the browser brings a page back (`pageshow`).
 *
 * @returns what {@link session} found; where that throws, so does this, and the page stays as it is
 */
export function show(): Promise<Session | null>;
