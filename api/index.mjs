/**
 * The Regional API: one Lambda function behind an HTTP API (payload format 2.0), the same in every
 * Region. The AWS SDK is the runtime's own, so this folder is deployed as it lies here.
 *
 * Environment:
 * - `TABLE_NAME`         the DynamoDB table; keys `pk` and `sk`, both strings
 * - `BUCKET_NAME`        this Region's bucket of user data
 * - `API_REGIONS`        all Regions the application runs in, separated by commas; optional
 * - `ORIGIN_SECRET`      what the edge proves itself by (rule A4), or
 *   `ORIGIN_SECRET_ARN`  the Secrets Manager secret that holds it; without both, none is asked for
 * - `ORIGIN_SECRET_HEADER`  where it stands; `x-nearhop-origin-secret` if left out
 *
 * `AWS_REGION` and the credentials come from Lambda. `AWS_ENDPOINT_URL` and its kind are the SDK's.
 */
import { openBuckets } from './buckets.mjs';
import { makeHandler } from './handler.mjs';
import { secretFrom } from './secret.mjs';
import { openTable } from './table.mjs';

const region = demand('AWS_REGION');

export const handler = makeHandler({
  region,
  regions: process.env.API_REGIONS?.split(',') ?? [region],
  documents: openTable({ table: demand('TABLE_NAME') }),
  objects: openBuckets({ region, bucket: demand('BUCKET_NAME') }),
  secret: secretFrom(process.env),
});

/** @param {string} name */
function demand(name) {
  const value = process.env[name];
  if (!value) throw new Error(`The environment variable ${name} is not set: see index.mjs`);
  return value;
}
