// Lighthouse's opinion of a page, with a Chromium of its own, as it wants to begin from nothing each time.

import { writeFileSync } from 'node:fs';
import lighthouse, { desktopConfig } from 'lighthouse';
import { openBrowser } from './browser.mjs';
import { resultFile } from './places.mjs';
import { freeAddress } from './server.mjs';
import { within } from './waiting.mjs';

/**
 * Judges a page, as on a telephone unless `desktop`. Answers `scores`, 0 to 100 by category, `shortcomings` in words, and
 * all `audits`; the report is `target/browser/lighthouse/<name>.html`. `categories` are those to judge alone.
 */
export async function judge(url, name, { as, desktop = false, categories } = {}) {
  const port = (await freeAddress()).split(':')[1];
  const browser = await openBrowser([`--remote-debugging-port=${port}`]);
  try {
    const flags = { port: Number(port), output: 'html', logLevel: 'silent', onlyCategories: categories };
    // A cookie in the browser would be gone: each run begins with empty storage.
    if (as) flags.extraHeaders = { cookie: `session=${as.token}` };
    const run = lighthouse(url, flags, desktop ? desktopConfig : undefined);
    const { lhr, report } = await within('Lighthouse to end', run, 120);
    if (lhr.runtimeError) throw new Error(`Lighthouse: ${lhr.runtimeError.message}`);
    writeFileSync(resultFile('lighthouse', `${name}.html`), report);
    return { scores: scores(lhr), audits: lhr.audits, shortcomings: shortcomings(lhr) };
  } finally {
    await browser.close();
  }
}

function scores({ categories }) {
  const entries = Object.values(categories).map(({ id, score }) => [id, Math.round(score * 100)]);
  return Object.fromEntries(entries);
}

/** What cost points, in words, for a message. */
function shortcomings({ categories, audits }) {
  const counted = Object.values(categories).flatMap(({ id, auditRefs }) =>
    auditRefs.filter((ref) => ref.weight > 0).map((ref) => ({ category: id, ...audits[ref.id] })),
  );
  const costly = counted.filter(({ score }) => score !== null && score < 0.9);
  return costly.map(({ category, id, title, displayValue }) => `${category}: ${id}: ${title} ${displayValue ?? ''}`.trim());
}
