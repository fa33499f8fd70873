/**
 * What stands behind the local CloudFront: a plane that plays AWS (`plane/`), or stand-ins in
 * processes of ours (`light.js`).
 *
 * @typedef {object} BackendOptions
 * @property {string} config the path of nearhop.toml
 * @property {import('../cli/tools.js').Report} report of it
 * @property {string} settingsFile the path of nearhop.deploy.toml, for this world
 * @property {import('../../infra/settings.js').Settings} settings of it
 * @property {string} state the folder for what outlasts a run
 * @property {string} folder of this run alone
 * @property {string} siteUrl where the local CloudFront will be, such as `http://localhost:8080`
 * @property {import('../../infra/sign-in.js').SignIn} [signIn] where [sign_in] is configured
 * @property {(line: string) => void} onProgress
 * @property {(what: string, how: string) => void} onExit is called when a Region's process, or
 *   `aws`, ends unasked
 *
 * @typedef {object} Api of a Region
 * @property {string} region
 * @property {string} host name it answers to: its execute-api name (rule A1)
 * @property {string} url where it listens
 * @property {number | undefined} pid
 *
 * @typedef {object} Backend
 * @property {import('../../infra/known.js').Known} known what a deployment comes to know; the user
 *   pool's domain is on this machine
 * @property {Api[]} apis
 * @property {string} template of the distribution, as the CDK synthesized it: a file, or a cdk.out
 *   folder
 * @property {string} [stack] of the folder
 * @property {string} edgeFunction Nearhop's name in it
 * @property {Record<string, string>} [nodes] runtime such as `nodejs24.x` → the node binary
 * @property {string} jwksUrl where the user pool's key set is
 * @property {import('./users.js').User[]} [users] who can sign in
 * @property {string | undefined} secret of the edge, where the configuration asks for one
 * @property {string | undefined} clientSecret the app client's, likewise
 * @property {string} files origin of the URLs that users' files are sent to and read from
 * @property {string[]} lines what runs where, for people
 * @property {() => Promise<void>} close
 */

export {};
