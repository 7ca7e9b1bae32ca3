// What a program can find of what keeps people out: the rules of axe-core for WCAG 2.2 AA, and its best practices.

import assert from 'node:assert/strict';
import axe from 'axe-core';
import { within } from './waiting.mjs';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Off by default, for it is young; WCAG 2.2 AA asks for it. */
const ALSO = { 'target-size': { enabled: true } };

/**
 * Fails with each violation in the page as it is now, but of the rules in `without`. Answers axe's results, of which
 * `incomplete` wants a person's eye.
 */
export async function accessible(page, { without = [] } = {}) {
  const off = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
  const options = { runOnly: { type: 'tag', values: TAGS }, rules: { ...ALSO, ...off } };
  const results = await within('axe to end', run(page, options), 30);
  const found = results.violations.map(told);
  if (found.length > 0) assert.fail(`${page.url()} keeps people out:\n${found.join('\n')}`);
  return results;
}

// What the debugger evaluates is not subject to the page's policy, which permits no script but its own.
async function run(page, options) {
  const mute = await page.evaluate(() => matchMedia('(scripting: none)').matches);
  await page.evaluate(mute ? TIMELESS : `${axe.source}; undefined`);
  return page.evaluate((options) => globalThis.axe.run(document, options), { ...options, preload: !mute });
}

// Where a page may run no scripts, timers do not run either, and axe would wait for ever for its own.
const TIMELESS = `((setTimeout) => { ${axe.source} })((then, wait = 0, ...rest) => {
  if (wait < 100) Promise.resolve().then(() => then(...rest));
}); undefined`;

function told({ id, impact, help, helpUrl, nodes }) {
  const lines = nodes.map((node) => `    ${node.html}\n      ${node.failureSummary.replaceAll('\n', '\n      ')}`);
  return `  ${id} (${impact}): ${help}, ${helpUrl.split('?')[0]}\n${lines.join('\n')}`;
}
