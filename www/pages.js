/**
 * The router: paths without a file of their own belong to this page, whose parts say by `data-page`
 * where they are shown.
 */
import { signInPath } from '/sign-in.js';

/**
 * @typedef {object} Route
 * @property {'start' | 'notes' | 'elsewhere'} page
 * @property {string} [note] the id in `/notes/ID`
 */

/**
 * @param {(route: Route, isEntered: boolean) => void} onRoute is told of each change, and once at
 *   the start; `isEntered`: the page is another one than before
 * @returns {{ go: (path: string) => void }} `go` shows another path of this page
 */
export function followLinks(onRoute) {
  /** @type {string | undefined} */
  let page;
  document.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a');
    if (!link || link.origin !== location.origin || link.target) return;
    if (event.defaultPrevented || event.button) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (isLoaded(routeOf(link.pathname))) return;
    event.preventDefault();
    go(link.href);
  });
  addEventListener('popstate', show);
  show();
  return { go };

  function go(path) {
    history.pushState(undefined, '', path);
    show();
  }

  /** A page of somebody's own is loaded: so the edge sees who comes, and has others sign in. */
  function isLoaded(to) {
    return to.page === 'elsewhere' || (to.page === 'notes' && page !== 'notes');
  }

  function show() {
    const route = routeOf(location.pathname);
    const before = page;
    page = route.page;
    showPage(page);
    if (before && before !== page) document.querySelector('main').focus();
    onRoute(route, before !== page);
  }
}

/** @param {string} path @returns {Route} */
function routeOf(path) {
  if (path === '/' || path === '/index.html') return { page: 'start' };
  const [, notes, note] = /^\/(notes)(?:\/([^/]*))?$/.exec(path) ?? [];
  return notes ? { page: 'notes', note: note || undefined } : { page: 'elsewhere' };
}

/** @param {string} page */
function showPage(page) {
  for (const part of document.querySelectorAll('[data-page]')) {
    part.hidden = !part.dataset.page.split(' ').includes(page);
  }
  for (const link of document.querySelectorAll('nav a')) {
    if (routeOf(link.pathname).page === page) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const path = decoded(location.pathname);
  document.getElementById('place-path').textContent = path;
  document.getElementById('sign-in').href = signInPath();
  document.title = page === 'start' ? 'Nearhop demo' : `${path} · Nearhop demo`;
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
