/**
 * What is made of parts that have to be ended.
 */

/**
 * Starts the parts; what has started is ended again if one of them does not start.
 *
 * @template {object} T
 * @param {(ends: (() => unknown)[]) => Promise<T>} start adds what ends a part as soon as that part
 *   is there
 * @returns {Promise<T & { close: () => Promise<void> }>} `close` ends the parts, the last one first
 */
export async function closing(start) {
  /** @type {(() => unknown)[]} */
  const ends = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(ends)), close };
  } catch (error) {
    await close();
    throw error;
  }
}
