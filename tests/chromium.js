/**
 * The browser in which pages are tested. CHROMIUM names it, or it lies where Debian puts it.
 */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PROGRAM = process.env.CHROMIUM || '/usr/bin/chromium';

/** For `it(…, { skip })`: the reason why there is none, or false. */
export const WITHOUT_CHROMIUM = existsSync(PROGRAM)
  ? false
  : `no Chromium at ${PROGRAM}; CHROMIUM may name one`;

/** A browser that speaks to this machine only; to it, app.example.com is this machine. */
export function launchChromium() {
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP app.example.com 127.0.0.1',
    ],
  });
}
