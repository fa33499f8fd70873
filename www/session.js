// @ts-nocheck: session.d.ts

export async function session() {
  const me = await fetch('/_nearhop/me');
  if (me.status === 401) return null;
  if (!me.ok) throw Error(`${me.url}: ${me.status}`);
  return me.json();
}

export function signIn(to = location.href.slice(location.origin.length)) {
  location.assign(`/_nearhop/sign-in?return=${encodeURIComponent(to)}`);
}

export function signOut({ local } = {}) {
  location.assign(`/_nearhop/sign-out${local ? '?local' : ''}`);
}

export async function show() {
  const now = await session();
  const state = `signed-${now ? 'in' : 'out'}`;
  for (const at of document.querySelectorAll('[data-nearhop]')) {
    at.hidden = at.dataset.nearhop !== state;
  }
  for (const at of document.querySelectorAll('[data-nearhop-claim]')) {
    const all = at.dataset.nearhopClaim.split(' ').map((key) => now?.claims[key]);
    at.textContent = all.find(Boolean) ?? '';
  }
  return now;
}

if (globalThis.document?.querySelector('[data-nearhop]')) show();
