// Where things are: the program under test, the double of Stripe, the browser, and the folder that results are written to. `cargo xtask`
// says so through the environment; the defaults are for somebody who runs one test by hand.

import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** As xtask/src/browser.rs knows them; the first that is there is taken. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

/** The real program. */
export const program = process.env.TESSERA_PROGRAM ?? join(root, 'target/debug/tessera');

/** The double of Stripe: built beside the program. */
export const stripeDouble = join(dirname(program), 'stripe-double');

const output = process.env.TESSERA_BROWSER_OUTPUT ?? join(root, 'target/browser');

/** A file for results, such as `resultFile('pictures', 'start.png')`; its folder is made. */
export function resultFile(...parts) {
  const file = join(output, ...parts);
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

/** A name that any file system takes. */
export function fileName(words) {
  return words.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 100);
}

/** The browser's program. */
export function chromium() {
  if (process.env.CHROME_PATH) return process.env.CHROME_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (!found) throw new Error(`none of ${BROWSERS.join(', ')} is on the PATH: cargo xtask browser installs one`);
  return found;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
