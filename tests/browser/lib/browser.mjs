// One Chromium, and visitors in it: each has cookies of its own, and fails its test when the page complains.

import { chromium as engine } from 'playwright-core';
import { listen } from './complaints.mjs';
import { signIn } from './market.mjs';
import { chromium, fileName, resultFile } from './places.mjs';

/** How long a click, a look or a navigation may take. */
const PATIENCE = 10_000;

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 320, height: 800 };

/** Flags for tests: alone on the machine, quiet, and without any other host than this one. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Starts it. One for a test file is enough. Who opens it closes it. */
export async function openBrowser(flags = []) {
  return new Browser(await engine.launch({ executablePath: chromium(), args: [...FLAGS, ...flags] }));
}

class Browser {
  constructor(engine) {
    this.engine = engine;
  }

  /**
   * A page of somebody new. The test `t` fails if anything in it goes wrong that `expected(complaint)` does not allow.
   *
   * `url` is what paths are relative to, `as` a person of `Market` to be signed in. All else is Playwright's for a context.
   */
  async visitor(t, options = {}) {
    const { url, as, expected, ...look } = options;
    const context = await this.engine.newContext({ baseURL: url, ...appearance(look) });
    context.setDefaultTimeout(PATIENCE);
    if (as) await signIn(context, as);
    const page = await context.newPage();
    const complaints = listen(context, expected);
    t.after(() => farewell(t, page, complaints));
    return page;
  }

  async close() {
    await this.engine.close();
  }
}

function appearance({ dark, narrow, noScript, locale = 'en-US', timezone = 'Europe/Vienna', ...more }) {
  return {
    locale,
    timezoneId: timezone,
    colorScheme: dark ? 'dark' : 'light',
    viewport: narrow ? NARROW : WIDE,
    javaScriptEnabled: !noScript,
    ...more,
  };
}

/** A test may have several visitors, and each a picture. */
let failures = 0;

/** Fails the test for what the page complained about. Of a test that has failed already it keeps a picture. */
async function farewell(t, page, complaints) {
  if (t.passed === false && !page.isClosed()) {
    failures += 1;
    const path = resultFile('failures', `${fileName(t.name)}-${failures}.png`);
    // The page may be what hangs: then there is no picture.
    await page.screenshot({ path, fullPage: true }).catch(() => {});
    t.diagnostic(`at ${page.url()}, picture: ${path}`);
  }
  await page.context().close();
  if (t.passed === false) complaints.heard.forEach((complaint) => t.diagnostic(`${complaint}`));
  else complaints.none();
}
