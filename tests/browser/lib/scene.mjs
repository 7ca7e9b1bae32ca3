// What most test files begin with: the program, a browser, and people who trade. All of it ends with the file.

import { after } from 'node:test';
import { openBrowser } from './browser.mjs';
import { Market } from './market.mjs';
import { startServer } from './server.mjs';

/** `const { visitor, market, url } = await scene({ LOCK_SECONDS: '5' })`, at the top of a test file. */
export async function scene(settings, services) {
  const server = await startServer(settings, services);
  after(() => server.stop());
  const browser = await openBrowser();
  after(() => browser.close());
  const { url } = server;
  const visitor = (t, options) => browser.visitor(t, { url, ...options });
  return { server, browser, url, visitor, market: new Market(url) };
}
