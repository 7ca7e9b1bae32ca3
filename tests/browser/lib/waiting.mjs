// Waiting for something that comes by itself, with a bound.

import { setTimeout as pause } from 'node:timers/promises';

/** Looks until `look` answers something, and gives up with `what` after so many seconds. */
export async function eventually(what, look, seconds = 10) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(20);
  }
}

/** What `promise` answers, if it does within so many seconds. */
export async function within(what, promise, seconds) {
  const over = new AbortController();
  const late = pause(seconds * 1000, null, { signal: over.signal }).then(() => {
    throw new Error(`waited ${seconds} seconds in vain for ${what}`);
  });
  late.catch(() => {});
  return Promise.race([promise, late]).finally(() => over.abort());
}
