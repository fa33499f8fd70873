/**
 * The avatar. The API signs a URL, the bytes go to the bucket and not through the API, and the API
 * is told that they are there.
 */
import { call } from '/call.js';
import { explain } from '/sign-in.js';

const PATH = '/api/avatar';
const TYPES = ['image/png', 'image/jpeg', 'image/webp'];
const MOST_BYTES = 1024 * 1024;
const HINT = 'PNG, JPEG or WebP, up to 1 MB.';

/**
 * @param {{ picture: HTMLImageElement, nobody: HTMLElement, file: HTMLInputElement,
 *   remove: HTMLElement, said: Element }} places
 * @returns {{ load: () => Promise<void> }} `load` shows the visitor's picture
 */
export function showAvatar({ picture, nobody, file, remove, said }) {
  file.addEventListener('change', () => void busy(upload));
  remove.addEventListener('click', () => void busy(erase));
  return { load };

  async function load() {
    const answer = await call(PATH);
    const { ok, status, json } = answer;
    if (status === 404) return show(undefined, HINT);
    if (!ok || !json?.url) return show(undefined, explain(answer));
    try {
      const response = await fetch(json.url);
      if (!response.ok) throw new Error(`the bucket answered ${response.status}`);
      show(await asDataUrl(await response.blob()), `Kept in ${json.region}.`);
    } catch (error) {
      show(undefined, `The picture did not arrive: ${error.message}`);
    }
  }

  async function upload() {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    const problem = unfit(chosen);
    if (problem) return say(problem);
    say('Sending …');
    const { type, size } = chosen;
    const begun = await call(PATH, { method: 'POST', json: { type, size } });
    if (!begun.ok) return say(explain(begun));
    const { method, url, headers } = begun.json.upload;
    const sent = await fetch(url, { method, headers, body: chosen }).catch((error) => error);
    if (!sent.ok) return say(`The picture was not taken: ${sent.message ?? sent.status}`);
    const finished = await call(PATH, { method: 'PUT' });
    if (!finished.ok) return say(explain(finished));
    await load();
  }

  async function erase() {
    const answer = await call(PATH, { method: 'DELETE' });
    if (!answer.ok) return say(explain(answer));
    show(undefined, HINT);
    file.focus();
  }

  /** @param {() => Promise<void>} work */
  async function busy(work) {
    file.disabled = true;
    try {
      await work();
    } finally {
      file.disabled = false;
      file.value = '';
    }
  }

  /** @param {string | undefined} url @param {Node | string} text */
  function show(url, text) {
    picture.hidden = !url;
    nobody.hidden = Boolean(url);
    remove.hidden = !url;
    if (url) picture.src = url;
    else picture.removeAttribute('src');
    say(text);
  }

  /** @param {Node | string} text */
  function say(text) {
    said.replaceChildren(text);
  }
}

/** @param {File} file */
function unfit({ type, size }) {
  if (!TYPES.includes(type)) return `This is no PNG, JPEG or WebP picture. ${HINT}`;
  if (size === 0) return 'This file is empty.';
  if (size > MOST_BYTES) return `This picture has more than 1 MB. ${HINT}`;
  return undefined;
}

/** The page's policy lets pictures come from itself and from data: only. @param {Blob} blob */
function asDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
