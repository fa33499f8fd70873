/**
 * Errors as the Runtime API takes them.
 */

/**
 * @param {unknown} error
 * @returns {string} JSON: errorType, errorMessage, stackTrace (its lines, without the message)
 */
export function describeError(error) {
  if (!(error instanceof Error)) {
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error), stackTrace: [] });
  }
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return JSON.stringify({
    errorType: error.name,
    errorMessage: error.message,
    stackTrace: lines,
  });
}
