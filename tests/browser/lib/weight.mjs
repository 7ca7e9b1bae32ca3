// What a page costs its visitor: the bytes that travel.

import { setTimeout as pause } from 'node:timers/promises';
import { signIn } from './market.mjs';

/** What a page still asks for once it has loaded. A stream never ends, so there is no silence to wait for. */
const AFTERWARDS = 500;

/**
 * Loads a page with nothing cached. Answers `total` and `parts`, each with `url`, `type` and the `bytes` that travelled:
 * headers and the body as it was compressed.
 */
export async function weigh(browser, url, { as } = {}) {
  const context = await browser.engine.newContext();
  try {
    if (as) await signIn(context, as);
    const page = await context.newPage();
    const parts = await count(await context.newCDPSession(page));
    await page.goto(url, { waitUntil: 'load' });
    await pause(AFTERWARDS);
    return weighed([...parts.values()]);
  } finally {
    await context.close();
  }
}

async function count(session) {
  const parts = new Map();
  session.on('Network.responseReceived', ({ requestId, type, response }) => {
    parts.set(requestId, { url: response.url, type, bytes: 0 });
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const part = parts.get(requestId);
    if (part) part.bytes = encodedDataLength;
  });
  await session.send('Network.enable');
  return parts;
}

function weighed(parts) {
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { total, parts: parts.sort((one, other) => other.bytes - one.bytes) };
}
