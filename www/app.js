// The demo frontend: it calls the API on its own domain with plain fetch and shows who answered.

import { EDGES } from '/edges.js';

/** What the words of x-nearhop-reason mean, up to their colon. */
const REASONS = {
  rtt: 'shortest measured round trip',
  distance: 'nearest by distance',
  default: 'the first one: nothing is known of the edge',
  route: 'one of the route’s own',
  residency: 'where your data may be',
  drained: 'instead of the drained',
  ejected: 'instead of the failing',
  weight: 'your share of the nearest went here',
  rule: 'a rule for where you are:',
  sticky: 'your home Region',
  probe: 'tried again after failing',
  failover: 'second try of the same call',
  override: 'asked for by name',
};

const TOKEN = 'nearhop.token';

const find = (id) => document.getElementById(id);
const form = find('call');

function start() {
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  find('edge-field').hidden = !local;
  find('everywhere').hidden = !local;
  find('edge').append(...EDGES.map((edge) => new Option(edge, edge)));
  find('token').value = sessionStorage.getItem(TOKEN) ?? '';

  find('token').addEventListener('input', ({ target }) => {
    sessionStorage.setItem(TOKEN, target.value.trim());
  });
  find('path').addEventListener('input', ({ target }) => {
    find('call-path').textContent = target.value;
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    whileBusy(() => callAndShow(find('edge').value));
  });
  find('everywhere').addEventListener('click', () => {
    if (form.reportValidity()) whileBusy(callFromEverywhere);
  });
  find('clear').addEventListener('click', () => {
    find('log').replaceChildren();
    find('log-section').hidden = true;
    find('path').focus();
  });
  document.addEventListener('click', followLink);
  addEventListener('popstate', showPlace);
  showPlace();
}

// The call.

async function callAndShow(edge) {
  const answer = await call(find('path').value, find('token').value.trim(), edge);
  show(answer);
  log(answer);
}

async function callFromEverywhere() {
  for (const edge of EDGES) await callAndShow(edge);
}

async function call(path, token, edge) {
  const headers = {};
  if (token) headers.authorization = `Bearer ${token}`;
  if (edge) headers['x-nearhop-dev-edge'] = edge;
  const time = new Date();
  const start = performance.now();
  const asked = { path, edge, time };
  try {
    const url = new URL(path, location.origin);
    // "//name/" and "/\\name/" are other hosts: the token is not for them.
    if (url.origin !== location.origin) throw new Error('the path leads to another host');
    const response = await fetch(url, { headers, cache: 'no-store' });
    const text = await response.text();
    const ms = performance.now() - start;
    return { ...asked, ms, ...read(response, text) };
  } catch (error) {
    return { ...asked, ms: performance.now() - start, failure: error.message };
  }
}

function read(response, text) {
  const header = (name) => response.headers.get(name) ?? undefined;
  const body = parse(text);
  return {
    status: response.status,
    ok: response.ok,
    edge: header('x-nearhop-edge') ?? body?.routing?.edge,
    region: header('x-nearhop-region'),
    reason: header('x-nearhop-reason'),
    code: response.ok ? undefined : body?.error,
    message: response.ok ? undefined : (body?.message ?? text.split('\n')[0]),
    text: body === undefined ? text : JSON.stringify(body, undefined, 2),
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function whileBusy(work) {
  if (form.dataset.busy) return;
  form.dataset.busy = 'yes';
  const buttons = [...form.querySelectorAll('button')];
  for (const button of buttons) button.setAttribute('aria-disabled', 'true');
  try {
    await work();
  } finally {
    delete form.dataset.busy;
    for (const button of buttons) button.removeAttribute('aria-disabled');
  }
}

// What came of it.

function show(answer) {
  const { edge, failure, region, reason, status, ok, code, message, text } = answer;
  find('answer').hidden = false;
  find('answer').dataset.outcome = ok ? 'ok' : 'error';
  const third = region
    ? ['API Region', region, meaning(reason)]
    : ok
      ? ['Answered by', 'the edge or the site', '']
      : ['API Region', 'none', failure ? 'the call did not arrive' : 'refused on the way'];
  find('hops').replaceChildren(
    hop('You', 'this browser', ''),
    hop('Edge', edge || 'unknown', edge ? 'checks the token, picks the Region' : ''),
    hop(...third),
  );
  const verdict = failure
    ? `No answer: ${failure}`
    : [status, code, message].filter(Boolean).join(' · ');
  find('verdict').textContent = `${verdict} · ${answer.ms.toFixed(0)} ms`;
  find('body').textContent = text ?? '';
  find('body').hidden = !text;
}

function hop(what, name, note) {
  const item = document.createElement('li');
  item.append(element('span', what, 'what'), element('strong', name));
  if (note) item.append(element('span', note, 'note'));
  return item;
}

/** @param {string} reason such as `rtt` or `drained:eu-west-1` */
function meaning(reason) {
  const [word, of] = reason.split(/:(.*)/);
  const text = REASONS[word] ?? reason;
  return of && word !== 'failover' ? `${text} ${of}` : text;
}

function log({ time, path, status, ok, code, edge, region, reason, ms, failure }) {
  const row = document.createElement('tr');
  row.dataset.outcome = ok ? 'ok' : 'error';
  const cells = [
    time.toLocaleTimeString([], { hour12: false }),
    path,
    failure ? 'no answer' : [status, code].filter(Boolean).join(' '),
    edge || '–',
    region ?? '–',
    reason ?? '–',
    ms.toFixed(0),
  ].map((text) => element('td', text));
  cells[2].className = 'status';
  cells[6].className = 'number';
  row.append(...cells);
  find('log').prepend(row);
  find('log-section').hidden = false;
}

function element(name, text, className = '') {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

// The router: paths without a file of their own belong to this page.

function followLink(event) {
  const link = event.target.closest?.('a');
  if (!link || link.origin !== location.origin) return;
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey)
    return;
  event.preventDefault();
  history.pushState(undefined, '', link.href);
  showPlace();
}

function showPlace() {
  const { pathname } = location;
  const atStart = pathname === '/' || pathname === '/index.html';
  find('place').hidden = atStart;
  find('place-path').textContent = decode(pathname);
  document.title = atStart ? 'Nearhop demo' : `${decode(pathname)} · Nearhop demo`;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.pathname === pathname) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function decode(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

start();
