/**
 * `/notes`: each caller's own, in DynamoDB. Whose they are is the partition key, made of the
 * verified subject: no request can name another.
 */
import { randomBytes } from 'node:crypto';
import { Refusal, invalid } from './answer.mjs';
import { callerOf } from './caller.mjs';
import { ID, limitOf, openCursor, sealCursor } from './page.mjs';
import { readJson } from './request.mjs';

const PREFIX = 'NOTE#';
const LONGEST = { title: 120, text: 10_000 };

/** `GET /notes?limit=…&cursor=…`: newest first. @type {import('./route.mjs').Respond} */
export async function list({ documents, request }) {
  const { user } = callerOf(request);
  const limit = limitOf(request.query.get('limit'));
  const cursor = request.query.get('cursor');
  const after = cursor === null ? undefined : PREFIX + openCursor(cursor, user);
  const { items, more } = await documents.list({ pk: owner(user), prefix: PREFIX, after, limit });
  const last = items.at(-1);
  return {
    status: 200,
    body: {
      notes: items.map(shown),
      cursor: more && last ? sealCursor(idOf(last), user) : null,
    },
  };
}

/** `POST /notes` with `{title, text}`. @type {import('./route.mjs').Respond} */
export async function create({ documents, request, clock }) {
  const { user } = callerOf(request);
  const content = contentOf(readJson(request, ['title', 'text']));
  const id = newId(clock());
  const now = new Date(clock()).toISOString();
  const item = { ...keyOf(user, id), version: 1, ...content, created_at: now, updated_at: now };
  if (!(await documents.add(item))) throw new Error('two notes drew the same id');
  // Relative to the request's own URL (RFC 9110, section 10.2.2): of the path in front, such as
  // /api, this function knows nothing.
  return noteAnswer(item, 201, { location: `notes/${id}` });
}

/** `GET /notes/{id}`. @type {import('./route.mjs').Respond} */
export async function get({ documents, request, params }) {
  const { user } = callerOf(request);
  return noteAnswer(await find(documents, user, params.id));
}

/**
 * `PUT /notes/{id}` with `{title, text}`, over a version that the caller knows: `If-Match` with its
 * ETag, or its `version` in the body.
 *
 * @type {import('./route.mjs').Respond}
 */
export async function replace({ documents, request, params, clock }) {
  const { user } = callerOf(request);
  const { version, ...fields } = readJson(request, ['title', 'text', 'version']);
  const content = contentOf(fields);
  const known = await find(documents, user, params.id);
  const expected = request.headers['if-match'];
  if (expected === undefined && version === undefined) {
    const message = 'Say which version this replaces: If-Match, or version in the body.';
    throw new Refusal(428, 'precondition_required', message);
  }
  if (version !== undefined && version !== known.version) throw conflict(known.version);
  if (!matches(expected, known.version)) throw preconditionFailed(known.version);
  const updated_at = new Date(clock()).toISOString();
  const item = { ...known, ...content, version: known.version + 1, updated_at };
  if (!(await documents.replace(item, known.version))) {
    throw expected === undefined ? conflict() : preconditionFailed();
  }
  return noteAnswer(item);
}

/** `DELETE /notes/{id}`, with `If-Match` or without. @type {import('./route.mjs').Respond} */
export async function remove({ documents, request, params }) {
  const { user } = callerOf(request);
  const known = await find(documents, user, params.id);
  const expected = request.headers['if-match'];
  if (!matches(expected, known.version)) throw preconditionFailed(known.version);
  if (!(await documents.remove(known, known.version))) {
    throw expected === undefined ? conflict() : preconditionFailed();
  }
  return { status: 204 };
}

/**
 * @param {import('./documents.mjs').Documents} documents
 * @param {string} user
 * @param {string} id
 */
async function find(documents, user, id) {
  const item = ID.test(id) ? await documents.get(keyOf(user, id)) : undefined;
  if (!item) throw new Refusal(404, 'note_missing', 'You have no note of this id.');
  return item;
}

/** @param {string} user */
const owner = (user) => `USER#${user}`;

/**
 * @param {string} user
 * @param {string} id
 */
const keyOf = (user, id) => ({ pk: owner(user), sk: PREFIX + id });

/** @param {import('./documents.mjs').Item} item */
const idOf = ({ sk }) => sk.slice(PREFIX.length);

/** Ids are in the order they were made. @param {number} now milliseconds since 1970 */
function newId(now) {
  return now.toString(16).padStart(12, '0') + randomBytes(8).toString('hex');
}

/** @param {import('./documents.mjs').Item} item */
function shown(item) {
  const { title, text, version, created_at, updated_at } = item;
  return { id: idOf(item), title, text, version, created_at, updated_at };
}

/**
 * @param {import('./documents.mjs').Item} item
 * @param {number} [status]
 * @param {Record<string, string>} [headers]
 * @returns {import('./answer.mjs').Answer}
 */
function noteAnswer(item, status = 200, headers = {}) {
  return { status, headers: { etag: etagOf(item.version), ...headers }, body: shown(item) };
}

/** @param {number} version */
const etagOf = (version) => `"${version}"`;

/**
 * If-Match compares strongly: a weak tag never matches (RFC 9110, section 13.1.1).
 *
 * @param {string | undefined} expected
 * @param {number} version
 */
function matches(expected, version) {
  if (expected === undefined || expected.trim() === '*') return true;
  return expected.split(',').some((tag) => tag.trim() === etagOf(version));
}

/** @param {number} [version] that the note has, where it is known */
function preconditionFailed(version) {
  return new Refusal(412, 'precondition_failed', 'The note has changed since.', tagged(version));
}

/** @param {number} [version] */
function conflict(version) {
  return new Refusal(409, 'version_conflict', 'The note has changed since.', tagged(version));
}

/** @param {number | undefined} version */
function tagged(version) {
  return version === undefined ? {} : { headers: { etag: etagOf(version) } };
}

/**
 * @param {Record<string, unknown>} fields
 * @returns {{ title: string, text: string }}
 */
function contentOf({ title, text = '' }) {
  /** @type {import('./answer.mjs').Problem[]} */
  const problems = [];
  const check = (/** @type {string} */ field, /** @type {string | undefined} */ message) =>
    message && problems.push({ field, message });
  check('title', lengthProblem(title, LONGEST.title) ?? lineProblem(String(title)));
  check('text', lengthProblem(text, LONGEST.text));
  if (problems.length > 0) throw invalid(problems);
  return { title: /** @type {string} */ (title).trim(), text: /** @type {string} */ (text) };
}

/**
 * @param {unknown} value
 * @param {number} longest UTF-16 code units
 */
function lengthProblem(value, longest) {
  if (typeof value !== 'string') return 'must be a text';
  return value.length > longest ? `has ${value.length} characters; allowed: ${longest}` : undefined;
}

/** @param {string} text */
function lineProblem(text) {
  const isLine = text.trim() !== '' && !/\p{Cc}/u.test(text);
  return isLine ? undefined : 'must be one line that is not empty';
}
