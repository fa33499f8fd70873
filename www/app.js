// The demo frontend: it calls the API on its own domain with plain fetch and shows who answered.

import { showAvatar } from '/avatar.js';
import { call, onAnswer, problemOf, token } from '/call.js';
import { showCalls } from '/calls.js';
import { EDGES } from '/edges.js';
import { drawMap } from '/map.js';
import { showNotes } from '/notes.js';
import { followLinks } from '/pages.js';
import { IS_LOCAL, choosePlace, fillPlaces, nameOf } from '/place.js';
import { avoided, meaning } from '/reasons.js';

const EVERY = 2_000;

const find = (id) => document.getElementById(id);
const form = find('call');

async function start() {
  followLinks({ place: find('place'), path: find('place-path') });
  const world = await (await fetch('/world.json')).json();
  const map = drawMap(world, { onChoose: IS_LOCAL ? beNear : undefined });
  find('map').append(map.svg);
  const places = {
    chart: find('chart'),
    legend: find('legend'),
    changes: find('changes'),
    noChanges: find('no-changes'),
    log: find('log'),
  };
  const calls = showCalls(places, map, say);
  onAnswer((answer) => {
    showWay(answer, map, world);
    calls.add(answer);
    find('calls').hidden = false;
    find('no-calls').hidden = true;
    showBody(answer);
  });
  find('clear').addEventListener('click', () => {
    calls.clear();
    find('calls').hidden = true;
    find('no-calls').hidden = false;
    find('path').focus();
  });
  startPlaces(world);
  startCalls();
  startPerson();
}

// The call.

function startCalls() {
  if (token.get()) find('path').value = '/api/hello';
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isBusy()) return;
    const answer = await whileBusy(() => call(find('path').value));
    say(storyOf(answer));
  });
  find('everywhere').addEventListener('click', () => {
    if (isBusy() || !form.reportValidity()) return;
    whileBusy(async () => {
      for (const edge of EDGES) {
        await call(find('path').value, { headers: { 'x-nearhop-dev-edge': edge } });
      }
    });
  });
  find('repeat').addEventListener('click', ({ currentTarget }) => {
    const isOn = currentTarget.getAttribute('aria-pressed') !== 'true';
    currentTarget.setAttribute('aria-pressed', isOn);
    if (isOn) repeat();
  });
  // Without a token: this one shows where the application runs.
  call('/api/health');
}

/** Calls, one after the other, as long as the button is pressed and somebody can see it. */
async function repeat() {
  while (find('repeat').getAttribute('aria-pressed') === 'true') {
    if (!document.hidden && form.checkValidity()) await call(find('path').value);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

function isBusy() {
  return form.dataset.busy !== undefined;
}

async function whileBusy(work) {
  form.dataset.busy = '';
  const buttons = [...form.querySelectorAll('button:not(#repeat)')];
  for (const button of buttons) button.setAttribute('aria-disabled', 'true');
  try {
    return await work();
  } finally {
    delete form.dataset.busy;
    for (const button of buttons) button.removeAttribute('aria-disabled');
  }
}

// Where the visitor is.

function startPlaces(world) {
  for (const id of ['edge-field', 'edge-hint', 'everywhere']) find(id).hidden = !IS_LOCAL;
  fillPlaces(find('edge'), world);
  find('edge').addEventListener('change', ({ target }) => beNear(target.value));
}

/** @param {string} place a POP's code or an edge Region */
async function beNear(place) {
  choosePlace(place);
  find('edge').value = place;
  say(storyOf(await call(find('path').value)));
}

// What belongs to whoever the token is for.

function startPerson() {
  const notes = showNotes({
    list: find('notes'),
    empty: find('no-notes'),
    more: find('more-notes'),
    add: find('new-note'),
    dialog: find('note-dialog'),
    form: find('note-form'),
    heading: find('note-heading'),
    problem: find('note-problem'),
    cancel: find('note-cancel'),
    remove: find('note-delete'),
  });
  const avatar = showAvatar({
    picture: find('picture'),
    nobody: find('nobody'),
    file: find('picture-file'),
    remove: find('remove-picture'),
    said: find('avatar-said'),
  });
  const load = () => {
    void notes.load();
    void avatar.load();
  };
  find('token').value = token.get();
  find('token').addEventListener('input', ({ target }) => token.set(target.value));
  find('token').addEventListener('change', load);
  load();
}

// What came of it.

function showWay(answer, map, world) {
  const { json, region, reason } = answer;
  for (const each of json?.regions ?? [region]) if (each) map.addRegion(each);
  const failing = avoided(reason);
  if (failing) map.setFailing(failing, true);
  if (region) map.setFailing(region, !answer.ok && answer.status >= 500);
  map.showWay(answer);
  map.describe(`World map. ${storyOf(answer)}`);
  find('story').dataset.outcome = answer.ok ? 'ok' : 'error';
  const from = nameOf(world.pops, answer.pop) ?? nameOf(world.regions, answer.edge);
  const nowhere = answer.ok ? 'the edge or the site' : 'no Region';
  const to = region ? nameOf(world.regions, region) : nowhere;
  find('way').textContent = `${from ?? 'Somewhere'} → ${to}`;
  find('why').textContent = whyOf(answer);
  find('ms').textContent = answer.ms.toFixed(0);
}

function whyOf(answer) {
  const { ok, edge, region, reason, status, code } = answer;
  if (!ok && !region) return problemOf(answer);
  const said = [
    region && `${region}: ${meaning(reason)}`,
    edge && `edge ${edge}`,
    !ok && [status, code].filter(Boolean).join(' '),
  ];
  return said.filter(Boolean).join(' · ') || 'Answered without the API.';
}

/** @returns {string} in a sentence, for those who do not see the map */
function storyOf(answer) {
  const { ok, edge, region, ms, status } = answer;
  const outcome = ok ? `in ${ms.toFixed(0)} ms` : `not as asked${status ? `: ${status}` : ''}`;
  const where = [edge && `from edge ${edge}`, region && `to ${region}`].filter(Boolean).join(' ');
  return `Call ${where} answered ${outcome}. ${whyOf(answer)}`;
}

function showBody({ failure, status, code, message, text, ms }) {
  const said = [status, code, message].filter(Boolean).join(' · ');
  const verdict = failure ? `No answer: ${failure}` : said;
  find('verdict').textContent = `${verdict} · ${ms.toFixed(0)} ms`;
  find('body').textContent = text ?? '';
  find('body').hidden = !text;
}

/** Says it to screen readers. @param {string} text */
function say(text) {
  find('said').textContent = text;
}

start().catch((error) => {
  find('why').textContent = `The page did not start: ${error.message}`;
});
