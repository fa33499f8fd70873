/**
 * The page of whoever is signed in: notes, avatar, and what the API knows of them.
 */
import { showAvatar } from '/avatar.js';
import { showCaller } from '/caller.js';
import { showNotes } from '/notes.js';

const find = (id) => document.getElementById(id);

/**
 * @param {(path: string) => void} go to another path of this page
 * @returns {{ load: () => void, open: (note?: string) => void }} `open` shows one note, or none
 */
export function showPerson(go) {
  const notes = showNotes(noteParts(), go);
  const avatar = showAvatar({
    picture: find('picture'),
    nobody: find('nobody'),
    file: find('picture-file'),
    remove: find('remove-picture'),
    said: find('avatar-said'),
  });
  return {
    load() {
      void notes.load();
      void avatar.load();
      void showCaller(find('caller'));
    },
    open: (note) => void notes.open(note),
  };
}

function noteParts() {
  return {
    list: find('notes'),
    said: find('notes-said'),
    missing: find('note-missing'),
    more: find('more-notes'),
    add: find('new-note'),
    dialog: find('note-dialog'),
    form: find('note-form'),
    heading: find('note-heading'),
    problem: find('note-problem'),
    cancel: find('note-cancel'),
    remove: find('note-delete'),
  };
}
