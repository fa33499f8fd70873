/**
 * Async, ES module: as origin-response or viewer-response, says in a header where it ran.
 *
 * @param {import('aws-lambda').CloudFrontResponseEvent} event
 */
export async function handler(event) {
  const { response } = event.Records[0].cf;
  response.headers['x-ran-in'] = [{ key: 'X-Ran-In', value: process.env.AWS_REGION ?? '' }];
  return response;
}
