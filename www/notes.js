/**
 * Notes: a list by pages, and a dialog to write one.
 */
import { call, problemOf, token } from '/call.js';
import { element } from '/element.js';

const PATH = '/api/notes';
const PAGE = 6;

/**
 * @param {{ list: Element, empty: HTMLElement, more: HTMLElement, add: HTMLElement,
 *   dialog: HTMLDialogElement, form: HTMLFormElement, heading: Element, problem: Element,
 *   cancel: Element, remove: HTMLElement }} places
 * @returns {{ load: () => Promise<void> }} `load` shows the first page, of whoever the token is for
 */
export function showNotes(places) {
  const { list, empty, more, add, dialog, form, heading, problem, cancel, remove } = places;
  /** Where the list goes on. @type {string | null} */
  let cursor = null;
  /** What the dialog changes; undefined for a new note. @type {any} */
  let editing;
  let loads = 0;

  add.addEventListener('click', () => open(undefined));
  more.addEventListener('click', () => void loadPage());
  cancel.addEventListener('click', () => dialog.close());
  remove.addEventListener('click', () => void erase());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void save();
  });
  return { load };

  async function load() {
    cursor = null;
    await loadPage(true);
  }

  async function loadPage(isFirst = false) {
    const mine = ++loads;
    add.hidden = !token.get();
    if (!token.get()) return show([], 'Your notes need a token: paste one under “You”.');
    const from = isFirst || !cursor ? '' : `&cursor=${cursor}`;
    const answer = await call(`${PATH}?limit=${PAGE}${from}`);
    // An answer that a later question has overtaken.
    if (mine !== loads) return;
    if (!answer.ok || !answer.json?.notes) return show([], problemOf(answer));
    cursor = answer.json.cursor;
    const items = answer.json.notes.map(card);
    if (isFirst) show(items, 'No notes yet.');
    else {
      list.append(...items);
      items[0]?.querySelector('button').focus();
    }
    more.hidden = !cursor;
  }

  function show(items, otherwise) {
    list.replaceChildren(...items);
    empty.textContent = items.length > 0 ? '' : otherwise;
    more.hidden = true;
  }

  function card(note) {
    const edit = element('button', { type: 'button', class: 'card' });
    edit.append(
      element('strong', {}, note.title),
      ...(note.text ? [element('span', { class: 'text' }, note.text)] : []),
      element('span', { class: 'hint' }, `${when(note.updated_at)} · version ${note.version}`),
    );
    edit.addEventListener('click', () => open(note));
    return element('li', {}, edit);
  }

  function open(note) {
    editing = note;
    heading.textContent = note ? 'Edit note' : 'New note';
    problem.textContent = '';
    form.elements.title.value = note?.title ?? '';
    form.elements.text.value = note?.text ?? '';
    remove.hidden = !note;
    disarm();
    dialog.showModal();
    form.elements.title.focus();
  }

  async function save() {
    const json = { title: form.elements.title.value, text: form.elements.text.value };
    const answer = await (editing
      ? call(`${PATH}/${editing.id}`, { method: 'PUT', json, headers: ifUnchanged() })
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
    await finish(await call(`${PATH}/${editing.id}`, { method: 'DELETE', headers: ifUnchanged() }));
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
    problem.textContent = problemOf(answer);
    // It changed elsewhere: what is here can be saved over it, knowingly.
    if (answer.status !== 412) return;
    const { ok, json } = await call(`${PATH}/${editing.id}`);
    if (!ok) return;
    editing = json;
    const now = `Meanwhile it was changed to “${json.title}”.`;
    problem.textContent = `${now} Save again to write over that.`;
  }
}

/** @param {string} time */
function when(time) {
  return new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}
