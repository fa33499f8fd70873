// The demo frontend: it calls the API on its own domain with plain fetch and shows who answered.

import { call, onAnswer } from '/call.js';
import { showCalls } from '/calls.js';
import { EDGES } from '/edges.js';
import { drawMap } from '/map.js';
import { followLinks } from '/pages.js';
import { showPerson } from '/person.js';
import { IS_LOCAL, choosePlace, fillPlaces, nameOf } from '/place.js';
import { avoided } from '/reasons.js';
import { show as showSession } from '/session.js';
import { explain } from '/sign-in.js';
import { storyOf, whyOf } from '/story.js';

const EVERY = 2_000;

const find = (id) => document.getElementById(id);
const form = find('call');

async function start() {
  const map = startMap();
  startPages(map);
  await map;
}

async function startMap() {
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
}

// The call.

function startCalls() {
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
}

/** Calls, one after the other, as long as the button is pressed and somebody can see it. */
async function repeat() {
  while (find('repeat').getAttribute('aria-pressed') === 'true') {
    const isSeen = !document.hidden && form.offsetParent !== null;
    if (isSeen && form.checkValidity()) await call(find('path').value);
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

// The pages, and who is signed in.

/** @param {Promise<void>} map is ready for calls */
function startPages(map) {
  const person = showPerson((path) => pages.go(path));
  let isMapSeen = false;
  const pages = followLinks(({ page, note }, isEntered) => {
    if (page === 'notes') {
      if (isEntered) person.load();
      person.open(note);
    } else if (!isMapSeen) {
      isMapSeen = true;
      // Anybody may make this call: it shows where the application runs.
      void map.then(() => call('/api/health'));
    }
  });
  onAnswer(({ status }) => {
    // The header may not know yet that the session has ended.
    if (status === 401 && find('sign-in').hidden) void showSession();
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    // The browser kept it as it was, and whoever was signed in then may not be now.
    if (find('notes-title').checkVisibility()) location.reload();
    else void showSession();
  });
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
  find('why').replaceChildren(answer.status === 401 ? explain(answer) : whyOf(answer));
  find('ms').textContent = answer.ms.toFixed(0);
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
