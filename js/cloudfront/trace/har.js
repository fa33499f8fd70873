/**
 * Traces as an HTTP Archive, version 1.2, for the tools that read those. What HAR has no field for
 * is in fields that begin with `_`, as HAR asks.
 */
import { readFileSync } from 'node:fs';
import { timesOf } from './json.js';
import { lines } from '../headers.js';

/**
 * @typedef {import('./record.js').TraceRecord} TraceRecord
 * @typedef {import('har-format').Har} Har
 * @typedef {import('har-format').Entry} Entry
 * @typedef {import('../headers.js').HeaderMap} HeaderMap
 */

/** HAR's word for what is not known. */
const UNKNOWN = -1;

/**
 * @param {TraceRecord[]} records
 * @returns {Har}
 */
export function toHar(records) {
  const about = new URL('../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(about, 'utf8'));
  const entries = records.map(entryOf);
  return { log: { version: '1.2', creator: { name: 'nearhop', version }, entries } };
}

/**
 * @param {TraceRecord} record
 * @returns {Entry}
 */
function entryOf(record) {
  const { answer, headers, httpVersion, method, steps, time, viewer } = record;
  const total = answer?.ms ?? 0;
  const url = absolute(record);
  return {
    startedDateTime: time,
    time: total,
    request: {
      method,
      url,
      httpVersion: `HTTP/${httpVersion}`,
      cookies: cookiesOf(headers),
      headers: listOf(headers),
      queryString: [...new URL(url).searchParams].map(([name, value]) => ({ name, value })),
      headersSize: UNKNOWN,
      bodySize: UNKNOWN,
    },
    response: {
      status: answer?.status ?? 0,
      statusText: '',
      httpVersion: `HTTP/${httpVersion}`,
      cookies: setCookiesOf(answer?.headers ?? {}),
      headers: listOf(answer?.headers ?? {}),
      content: {
        size: answer?.bytes ?? 0,
        mimeType: answer?.headers['content-type']?.[0]?.value ?? 'x-unknown',
      },
      redirectURL: answer?.headers.location?.[0]?.value ?? '',
      headersSize: UNKNOWN,
      bodySize: answer?.bytes ?? UNKNOWN,
    },
    cache: {},
    // The end of the answer is known, its first byte is not.
    timings: { send: 0, wait: total, receive: 0 },
    ...{
      _request_id: record.id,
      _viewer: viewer,
      _behavior: record.behavior,
      _cache: answer?.cache ?? null,
      _answered_by: answer?.answeredBy ?? null,
      _outcome: answer?.outcome ?? null,
      _error: answer?.error ?? null,
      _times: timesOf(record),
      _steps: steps,
    },
  };
}

/** @param {TraceRecord} record */
function absolute({ headers, url, viewer }) {
  const host = headers.host?.[0]?.value;
  const base = host && URL.canParse(`http://${host}`) ? host : 'distribution.invalid';
  // Not resolved against the base: `//name/` is a path here.
  return URL.canParse(`${viewer.proto}://${base}${url}`)
    ? `${viewer.proto}://${base}${url}`
    : `${viewer.proto}://${base}/`;
}

/** @param {HeaderMap} headers */
function listOf(headers) {
  return lines(headers).map(([name, value]) => ({ name, value }));
}

/** @param {HeaderMap} headers */
function cookiesOf({ cookie = [] }) {
  return cookie.flatMap(({ value }) => value.split('; ').map(cookieOf));
}

/** @param {HeaderMap} headers */
function setCookiesOf({ 'set-cookie': set = [] }) {
  return set.map(({ value }) => cookieOf(value.split(';')[0]));
}

/** @param {string} pair */
function cookieOf(pair) {
  const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
  return { name, value };
}
