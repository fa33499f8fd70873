/**
 * The router: paths without a file of their own belong to this page.
 */

/**
 * @param {{ place: HTMLElement, path: Element }} places what is shown on all pages but the start
 */
export function followLinks({ place, path }) {
  document.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a');
    if (!link || link.origin !== location.origin) return;
    if (event.defaultPrevented || event.button) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(undefined, '', link.href);
    show();
  });
  addEventListener('popstate', show);
  show();

  function show() {
    const { pathname } = location;
    const atStart = pathname === '/' || pathname === '/index.html';
    place.hidden = atStart;
    path.textContent = decoded(pathname);
    document.title = atStart ? 'Nearhop demo' : `${decoded(pathname)} · Nearhop demo`;
    for (const link of document.querySelectorAll('nav a')) {
      if (link.pathname === pathname) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
