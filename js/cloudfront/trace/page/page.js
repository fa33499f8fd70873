// @ts-nocheck: a browser's file, in a project whose types are Node's.
// The list of requests, live, and which of them is shown.

import { startControls } from './controls.js';
import { ask, element, inMs, tone } from './elements.js';
import { wayOf } from './way.js';

/** As many as the server keeps. */
const MOST_ROWS = 500;

const find = (id) => document.getElementById(id);
const list = find('list');

/** Summaries of requests, the newest first. */
let known = [];
let paused = false;
let shown;
let openControls;

async function start() {
  openControls = await startControls(find('controls'), find('faults-toggle'), find('faults-count'));
  find('filter').addEventListener('input', showList);
  find('pause').addEventListener('click', togglePause);
  find('clear').addEventListener('click', clear);
  addEventListener('hashchange', showChosen);
  document.addEventListener('keydown', onKey);
  follow();
}

// The stream.

function follow() {
  const stream = new EventSource('/traces/stream');
  stream.addEventListener('open', async () => {
    // What happened before the stream began, or while it was broken.
    known = (await ask('GET', '/traces')).traces.reverse();
    say(paused ? 'paused' : 'live');
    showList();
  });
  stream.addEventListener('trace', ({ data }) => {
    const summary = JSON.parse(data);
    if (known.some(({ request_id }) => request_id === summary.request_id)) return;
    known = [summary, ...known].slice(0, MOST_ROWS);
    if (!paused) showList();
  });
  stream.addEventListener('error', () => say('not connected'));
}

function say(state) {
  find('state').textContent = state;
  find('state').dataset.state = state;
}

function togglePause() {
  paused = !paused;
  find('pause').setAttribute('aria-pressed', String(paused));
  find('pause').textContent = paused ? 'Go on' : 'Pause';
  say(paused ? 'paused' : 'live');
  if (!paused) showList();
}

async function clear() {
  await ask('DELETE', '/traces');
  known = [];
  history.replaceState(null, '', location.pathname);
  showList();
}

// The list.

function showList() {
  const wanted = find('filter').value.trim().toLowerCase();
  const rows = known.filter((summary) => holds(summary, wanted));
  const focused = document.activeElement?.dataset?.id;
  list.replaceChildren(...rows.map(rowOf));
  if (focused)
    list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  find('empty').hidden = rows.length > 0;
  find('empty').textContent =
    known.length > 0
      ? 'No request holds this.'
      : 'No requests yet. Send one to the distribution, and it shows up here.';
  showChosen();
}

function holds(summary, wanted) {
  const { method, path, status, outcome, region, cache, edge, pop, origin, code } = summary;
  const text = [method, path, status, outcome, region, cache, edge, pop, origin, code].join(' ');
  return wanted.split(/\s+/).every((word) => text.toLowerCase().includes(word));
}

function rowOf(summary) {
  const {
    request_id: id,
    time,
    pop,
    edge,
    method,
    path,
    status,
    outcome,
    region,
    code,
    cache,
    ms,
  } = summary;
  const what = region ?? code ?? (outcome === 'cache' ? undefined : outcome);
  const facts = [
    new Date(time).toLocaleTimeString('en-GB'),
    pop ?? edge,
    what,
    // Of what was not asked of the cache, `x-cache` says what the code or the outcome says.
    ['failed', 'refused', 'answered'].includes(outcome) ? undefined : cache,
  ];
  const row = element(
    'a.row',
    { href: `#${encodeURIComponent(id)}`, 'data-id': id },
    element(`span.status.${tone(status)}`, {}, status || '–'),
    element('span.path', { title: path }, element('b', {}, method), ` ${path}`),
    element('span.ms', {}, inMs(ms), element('small', {}, ' ms')),
    element('span.facts', {}, facts.filter(Boolean).join(' · ')),
  );
  return element('li', {}, row);
}

// The one that is shown: by its id behind the `#`, else the newest.

async function showChosen() {
  const chosen = decodeURIComponent(location.hash.slice(1));
  const rows = [...list.querySelectorAll('a.row')];
  const id = chosen || rows[0]?.dataset.id;
  document.body.classList.toggle('chosen', Boolean(chosen));
  for (const row of rows) {
    if (row.dataset.id === id) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
  if (id === shown) return;
  shown = id;
  const detail = find('detail');
  detail.hidden = !id;
  if (!id) return detail.replaceChildren();
  try {
    const record = await ask('GET', `/traces/${encodeURIComponent(id)}`);
    if (shown === id) detail.replaceChildren(...wayOf(record, openControls));
  } catch (error) {
    if (shown === id) detail.replaceChildren(element('p.empty', {}, error.message));
  }
  detail.scrollTop = 0;
}

// Keys: up and down through the list, "/" to filter, Escape back to the newest.

function onKey(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === 'Escape') {
    find('filter').value = '';
    location.hash = '';
    showList();
    return;
  }
  if (target.closest('input, select, textarea')) return;
  // Within the detail, the arrows scroll.
  const arrows = target.closest('.detail') ? {} : { ArrowDown: 1, ArrowUp: -1 };
  const step = { j: 1, k: -1, ...arrows }[key];
  if (step) {
    event.preventDefault();
    move(step);
  } else if (key === '/') {
    event.preventDefault();
    find('filter').focus();
  }
}

function move(step) {
  const rows = [...list.querySelectorAll('a.row')];
  const current = rows.findIndex((row) => row.hasAttribute('aria-current'));
  const next = rows[Math.min(rows.length - 1, Math.max(0, current + step))];
  if (!next) return;
  next.focus();
  location.hash = next.hash;
}

start();
