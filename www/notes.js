/**
 * Notes: a list by pages, each note at a path of its own, and a dialog to write one.
 */
import { call, problemOf } from '/call.js';
import { element } from '/element.js';
import { explain, explainBeside } from '/sign-in.js';

const PATH = '/api/notes';
const HOME = '/notes';
const PAGE = 6;

/**
 * @param {{ list: Element, said: HTMLElement, missing: HTMLElement, more: HTMLElement,
 *   add: HTMLElement, dialog: HTMLDialogElement, form: HTMLFormElement, heading: Element,
 *   problem: Element, cancel: Element, remove: HTMLElement }} places
 * @param {(path: string) => void} go to another path of this page
 * @returns {{ load: () => Promise<void>, open: (id?: string) => Promise<void> }} `load` shows the
 *   first page of the list; `open` shows one note, or none
 */
export function showNotes(places, go) {
  const { list, said, missing, more, add, dialog, form, heading, problem, cancel, remove } = places;
  /** Those in the list. @type {Map<string, any>} */
  const known = new Map();
  /** Where the list goes on. @type {string | null} */
  let cursor = null;
  /** What the dialog changes; undefined for a new note. @type {any} */
  let editing;
  let loads = 0;
  let opened = 0;

  add.addEventListener('click', () => edit(undefined));
  more.addEventListener('click', () => void loadPage());
  cancel.addEventListener('click', () => dialog.close());
  remove.addEventListener('click', () => void erase());
  dialog.addEventListener('close', () => {
    if (!dialog.open && location.pathname.startsWith(`${HOME}/`)) go(HOME);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void save();
  });
  return { load, open };

  async function load() {
    cursor = null;
    await loadPage(true);
  }

  async function loadPage(isFirst = false) {
    const mine = ++loads;
    const from = isFirst || !cursor ? '' : `&cursor=${cursor}`;
    const answer = await call(`${PATH}?limit=${PAGE}${from}`);
    // An answer that a later question has overtaken.
    if (mine !== loads) return;
    add.hidden = !answer.ok;
    if (!answer.ok || !answer.json?.notes) return show([], explain(answer));
    cursor = answer.json.cursor;
    if (isFirst) known.clear();
    for (const note of answer.json.notes) known.set(note.id, note);
    const items = answer.json.notes.map(card);
    if (isFirst) show(items, 'No notes yet.');
    else {
      list.append(...items);
      items[0]?.querySelector('a').focus();
    }
    more.hidden = !cursor;
  }

  /** @param {Element[]} items @param {Node | string} otherwise */
  function show(items, otherwise) {
    list.replaceChildren(...items);
    said.replaceChildren(items.length > 0 ? '' : otherwise);
    more.hidden = true;
  }

  async function open(id) {
    const mine = ++opened;
    missing.textContent = '';
    if (id === undefined) return dialog.close();
    const answer = known.has(id) ? { ok: true, json: known.get(id) } : await call(pathOf(id));
    if (mine !== opened) return;
    if (answer.ok) edit(answer.json);
    // The list says already that nobody is signed in.
    else if (answer.status !== 401) missing.textContent = problemOf(answer);
  }

  function edit(note) {
    editing = note;
    heading.textContent = note ? 'Edit note' : 'New note';
    problem.textContent = '';
    form.elements.title.value = note?.title ?? '';
    form.elements.text.value = note?.text ?? '';
    remove.hidden = !note;
    disarm();
    if (!dialog.open) dialog.showModal();
    form.elements.title.focus();
  }

  async function save() {
    const json = { title: form.elements.title.value, text: form.elements.text.value };
    const answer = await (editing
      ? call(pathOf(editing.id), { method: 'PUT', json, headers: ifUnchanged() })
      : call(PATH, { method: 'POST', json }));
    await finish(answer);
  }

  /** The first press asks, the second does it. */
  async function erase() {
    if (remove.dataset.armed === undefined) {
      remove.dataset.armed = '';
      remove.textContent = 'Delete for good';
      return;
    }
    disarm();
    await finish(await call(pathOf(editing.id), { method: 'DELETE', headers: ifUnchanged() }));
  }

  function disarm() {
    delete remove.dataset.armed;
    remove.textContent = 'Delete';
  }

  function ifUnchanged() {
    return { 'if-match': `"${editing.version}"` };
  }

  async function finish(answer) {
    if (answer.ok) {
      dialog.close();
      await load();
      // The card it came from is gone.
      add.focus();
      return;
    }
    problem.replaceChildren(explainBeside(answer));
    // It changed elsewhere: what is here can be saved over it, knowingly.
    if (answer.status !== 412) return;
    const { ok, json } = await call(pathOf(editing.id));
    if (!ok) return;
    editing = json;
    const now = `Meanwhile it was changed to “${json.title}”.`;
    problem.textContent = `${now} Save again to write over that.`;
  }
}

function card({ id, title, text, version, updated_at }) {
  const link = element(
    'a',
    { href: `${HOME}/${id}`, class: 'card' },
    element('strong', {}, title),
    ...(text ? [element('span', { class: 'text' }, text)] : []),
    element('span', { class: 'hint' }, `${when(updated_at)} · version ${version}`),
  );
  return element('li', {}, link);
}

/** @param {string} id as it stands in a path */
function pathOf(id) {
  return `${PATH}/${id}`;
}

/** @param {string} time */
function when(time) {
  return new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}
