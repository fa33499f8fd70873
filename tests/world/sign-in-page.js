/**
 * The sign-in page of a user pool of this machine, ministack's or the light world's, in a browser.
 */

/**
 * Signs somebody in on the page that is shown.
 *
 * @param {import('playwright-core').Page} page
 * @param {import('../../js/local/users.js').User} user
 */
export async function fillIn(page, { email, password }) {
  await page.getByLabel('Username').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
