/**
 * The control document, on a server that can go away and lie.
 */
import { Server } from './server.js';

/** @typedef {'gone'|'not_json'|'huge'|'hang'} ControlFault */

/** @typedef {Awaited<ReturnType<typeof startControl>>} Control */

export async function startControl() {
  let version = 1;
  let drain = /** @type {string[]} */ ([]);
  /** @type {ControlFault | null} */
  let fault = null;
  const server = new Server((_, response) => {
    if (fault === 'hang') return;
    const document = JSON.stringify({ version, drain });
    const lies = { not_json: '<!doctype html>', huge: `{"note":"${'x'.repeat(1_000_000)}"}` };
    const text = fault === 'not_json' || fault === 'huge' ? lies[fault] : document;
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
  await server.open();
  return {
    url: `${server.url}/control.json`,
    /** @param {string[]} regions to be drained from now on, by a new version */
    drain(regions) {
      version += 1;
      drain = regions;
    },
    /** @param {ControlFault | null} wanted null ends it */
    async disturb(wanted) {
      fault = wanted;
      server.cut();
      await (fault === 'gone' ? server.close() : server.open());
    },
    close: () => server.close(),
  };
}
