/**
 * Custom error pages: another object's body in place of an origin's error.
 */
import { discard } from './answers.js';

/**
 * @typedef {import('./answers.js').Answer} Answer
 * @typedef {{ status: number, answer?: Answer }} Failed
 */

export class ErrorPages {
  #pages;

  /** @param {Pick<import('./distribution.js').Distribution, 'errorPages'>} distribution */
  constructor({ errorPages }) {
    this.#pages = new Map(errorPages.map((page) => [page.status, page]));
  }

  /**
   * @param {number} status
   * @returns {boolean} whether there is a page for it
   */
  covers(status) {
    return this.#pages.get(status)?.path !== undefined;
  }

  /**
   * @param {Failed} failed
   * @param {(path: string) => Promise<Answer>} fetch
   * @returns {Promise<Answer>} the page under the status the distribution asks for. If the page
   *   cannot be had, what its own origin answers, as the guide says ("Generate custom error
   *   responses")
   * @throws {import('./error.js').CloudFrontError} if that does not answer
   */
  async answer({ status, answer }, fetch) {
    discard(answer?.body);
    const { path = '', responseStatus = status } = this.#pages.get(status) ?? {};
    const page = await fetch(path);
    if (Number(page.status) >= 400) return page;
    const shown = { status: String(responseStatus), statusDescription: undefined };
    return { ...page, ...shown, cache: 'Error', originStatus: status };
  }
}
