/**
 * The pages of a user pool's domain.
 */

/**
 * @param {{ client: string, identityProvider?: string, username?: string, isWrong?: boolean }}
 *   asked `isWrong`: after a try that failed
 * @returns {string} HTML
 */
export function loginPage({ client, identityProvider, username = '', isWrong = false }) {
  const by = identityProvider ? `<p>Identity provider: ${escaped(identityProvider)}</p>` : '';
  const refusal = isWrong ? '<p role="alert" id="refusal">Incorrect username or password.</p>' : '';
  return page(
    'Sign in',
    `<h1>Sign in</h1>
<p>to <code>${escaped(client)}</code></p>
${by}${refusal}
<form method="post">
<label for="username">Username</label>
<input id="username" name="username" value="${escaped(username)}" autocomplete="username"
  autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
  ${isWrong ? 'aria-describedby="refusal"' : ''}>
<button name="action" value="sign-in">Sign in</button>
<button name="action" value="cancel" class="second" formnovalidate>Cancel</button>
</form>
<p class="note">A sign-in page of this machine, for development.</p>`,
  );
}

/**
 * @param {string} error an OAuth error code
 * @param {string} [why]
 * @returns {string} HTML
 */
export function errorPage(error, why = '') {
  return page(
    'Something went wrong',
    `<h1>Something went wrong</h1>\n<p><code>${escaped(error)}</code> ${escaped(why)}</p>`,
  );
}

/**
 * @param {string} form of oidc-provider, whose id is `op.logoutForm`
 * @returns {string} HTML
 */
export function leavePage(form) {
  return page(
    'Sign out',
    `<h1>Sign out</h1>
${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>`,
  );
}

/**
 * @param {string} title
 * @param {string} content HTML
 */
function page(title, content) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; display: grid; min-height: 100vh;
  place-items: center; }
main { box-sizing: border-box; width: min(24rem, 100%); padding: 2rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; }
button { margin-top: 1rem; }
.second { background: none; border: 1px solid; }
[role=alert] { border-left: .25rem solid; padding-left: .75rem; font-weight: 600; }
.note { margin-top: 2rem; font-size: .875rem; }`;

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
