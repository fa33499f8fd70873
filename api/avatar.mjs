/**
 * `/avatar`: the caller's picture, in the bucket of the Region where it was uploaded. The record of
 * where that is lies beside the notes, so that every Region can show it; the bytes stay.
 *
 * An upload is three steps: `POST` signs a URL, the browser sends the bytes to S3, `PUT` says that
 * they are there. Until then the former picture stays.
 */
import { Refusal, invalid } from './answer.mjs';
import { callerOf } from './caller.mjs';
import { readJson } from './request.mjs';

const TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const MOST_BYTES = 1024 * 1024;

/** Seconds that a signed URL is good for. */
const UPLOAD = 300;
const DOWNLOAD = 300;

/** `GET /avatar`: where it can be read for a while. @type {import('./route.mjs').Respond} */
export async function get({ documents, objects, request, clock }) {
  const { user } = callerOf(request);
  const { current } = await recordOf(documents, user);
  if (!current) throw new Refusal(404, 'avatar_missing', 'You have no avatar.');
  const url = await objects.download(current, DOWNLOAD);
  return { status: 200, body: { ...shown(current), url, expires_at: after(clock(), DOWNLOAD) } };
}

/**
 * `POST /avatar` with `{type, size}`: a URL that takes exactly such an object.
 *
 * @type {import('./route.mjs').Respond}
 */
export async function begin({ documents, objects, request, clock }) {
  const { user } = callerOf(request);
  const { type, size } = promised(readJson(request, ['type', 'size']));
  const place = objects.here(`avatars/${encodeURIComponent(user)}`);
  const record = await recordOf(documents, user);
  await save(documents, { ...record, upload: { ...place, type, size } });
  const upload = await objects.upload(place, { type, size, seconds: UPLOAD });
  return { status: 201, body: { upload, expires_at: after(clock(), UPLOAD) } };
}

/** `PUT /avatar`: the bytes have been sent. @type {import('./route.mjs').Respond} */
export async function finish({ documents, objects, request, clock }) {
  const { user } = callerOf(request);
  const { current, upload, ...record } = await recordOf(documents, user);
  const found = upload && (await objects.head(upload));
  if (!upload || !found || found.size !== upload.size || found.type !== upload.type) {
    throw new Refusal(409, 'upload_missing', 'No bytes have arrived. Begin again with POST.');
  }
  // First, so that what fails here can be done again.
  if (current && !isSame(current, upload)) await objects.remove(current);
  const now = { ...upload, updated_at: after(clock(), 0) };
  await save(documents, { ...record, current: now });
  return { status: 200, body: shown(now) };
}

/** `DELETE /avatar`: the bytes first, then the record. @type {import('./route.mjs').Respond} */
export async function remove({ documents, objects, request }) {
  const { user } = callerOf(request);
  const record = await recordOf(documents, user);
  for (const place of [record.upload, record.current]) if (place) await objects.remove(place);
  if (record.version > 0 && !(await documents.remove(record, record.version))) throw changed();
  return { status: 204 };
}

/**
 * @param {import('./documents.mjs').Documents} documents
 * @param {string} user
 * @returns {Promise<import('./documents.mjs').Item>} of version 0 where there is none yet
 */
async function recordOf(documents, user) {
  const key = { pk: `USER#${user}`, sk: 'AVATAR' };
  return (await documents.get(key)) ?? { ...key, version: 0 };
}

/**
 * @param {import('./documents.mjs').Documents} documents
 * @param {import('./documents.mjs').Item} record of the version that it replaces
 */
async function save(documents, { version, ...fields }) {
  const item = /** @type {import('./documents.mjs').Item} */ ({ ...fields, version: version + 1 });
  const saved = version === 0 ? documents.add(item) : documents.replace(item, version);
  if (!(await saved)) throw changed();
}

function changed() {
  return new Refusal(409, 'version_conflict', 'The avatar was changed at the same time.');
}

/** @param {Record<string, unknown>} fields */
function promised({ type, size }) {
  /** @type {import('./answer.mjs').Problem[]} */
  const problems = [];
  if (typeof type !== 'string' || !TYPES.includes(type)) {
    problems.push({ field: 'type', message: `must be one of ${TYPES.join(', ')}` });
  }
  if (!Number.isInteger(size) || Number(size) < 1 || Number(size) > MOST_BYTES) {
    problems.push({ field: 'size', message: `must be a number of bytes from 1 to ${MOST_BYTES}` });
  }
  if (problems.length > 0) throw invalid(problems);
  return { type: String(type), size: Number(size) };
}

/** @param {{ region: string, type: string, size: number, updated_at: string }} current */
function shown({ region, type, size, updated_at }) {
  return { region, type, size, updated_at };
}

/**
 * @param {import('./objects.mjs').Place} a
 * @param {import('./objects.mjs').Place} b
 */
function isSame(a, b) {
  return a.region === b.region && a.bucket === b.bucket && a.key === b.key;
}

/**
 * @param {number} now milliseconds since 1970
 * @param {number} seconds
 */
function after(now, seconds) {
  return new Date(now + seconds * 1_000).toISOString();
}
