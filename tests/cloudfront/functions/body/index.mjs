/**
 * Body-replacing, with Include Body: as origin-request, turns a form into JSON.
 *
 * @param {import('aws-lambda').CloudFrontRequestEvent} event
 */
export async function handler(event) {
  const { request } = event.Records[0].cf;
  const { headers, body } = request;
  const isForm = headers['content-type']?.[0].value === 'application/x-www-form-urlencoded';
  if (!isForm || !body || body.inputTruncated) return request;
  const form = new URLSearchParams(Buffer.from(body.data, 'base64').toString());
  headers['content-type'] = [{ key: 'Content-Type', value: 'application/json' }];
  body.action = 'replace';
  body.encoding = 'text';
  body.data = JSON.stringify(Object.fromEntries(form));
  return request;
}
