/**
 * What kind of device a viewer is, by its `User-Agent`.
 *
 * AWS publishes no rules for this. These are rules of thumb: unverified.
 */

const TV = new RegExp(
  [
    'smart-?tv|google ?tv|android tv|apple ?tv|hbbtv|netcast|web0s|webos\\.tv|tizen.*\\btv\\b',
    'crkey|\\baft[a-z]+\\b|roku|bravia|viera',
  ].join('|'),
  'i',
);
const TABLET = /ipad|tablet|playbook|kindle|silk(?!.*mobile)/i;
const PHONE = /mobile|iphone|ipod|windows phone|blackberry|opera mini/i;

/**
 * @typedef {object} Device several may be true: some tablets are mobile devices too
 * @property {boolean} android
 * @property {boolean} ios
 * @property {boolean} tv
 * @property {boolean} tablet
 * @property {boolean} mobile
 * @property {boolean} desktop whatever is none of the others, such as a program
 */

/**
 * @param {string | undefined} userAgent
 * @returns {Device}
 */
export function deviceOf(userAgent = '') {
  const android = /android/i.test(userAgent);
  const tv = TV.test(userAgent);
  const tablet = !tv && (TABLET.test(userAgent) || (android && !/mobile/i.test(userAgent)));
  const mobile = !tv && PHONE.test(userAgent);
  return {
    android,
    ios: /iphone|ipod|ipad/i.test(userAgent),
    tv,
    tablet,
    mobile,
    desktop: !tv && !tablet && !mobile,
  };
}
