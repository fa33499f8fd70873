/**
 * What the local plane is asked beside what the CDK does, in AWS's JSON protocol.
 */
import aws4 from 'aws4';

/** Whoever: ministack has one account, and lets everybody in. */
export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** @type {Record<string, { service: string, prefix: string }>} */
const SERVICES = {
  cognito: { service: 'cognito-idp', prefix: 'AWSCognitoIdentityProviderService' },
  dynamodb: { service: 'dynamodb', prefix: 'DynamoDB_20120810' },
};

/**
 * @param {string} url of the plane
 * @param {{ service: 'cognito'|'dynamodb', action: string, region: string }} what
 * @param {object} input
 * @returns {Promise<any>} the output
 * @throws {Error} with AWS's name for the error
 */
export async function askAws(url, { service: name, action, region }, input) {
  const { service, prefix } = SERVICES[name];
  const { host } = new URL(url);
  const body = JSON.stringify(input);
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `${prefix}.${action}`,
  };
  const signed = aws4.sign(
    { service, region, host, path: '/', method: 'POST', headers, body },
    CREDENTIALS,
  );
  const { Host: _host, 'Content-Length': _length, ...rest } = signed.headers ?? {};
  const answer = await fetch(url, {
    method: 'POST',
    headers: /** @type {Record<string, string>} */ (rest),
    body,
  });
  const output = /** @type {any} */ (await answer.json().catch(() => ({})));
  if (answer.ok) return output;
  throw new Error(`${action}: ${answer.status} ${output.__type ?? ''} ${output.message ?? ''}`);
}
