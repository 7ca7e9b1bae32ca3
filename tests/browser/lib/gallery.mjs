// Every page in its main states, in every look: a picture of each, and what is wrong with it.

import { test } from 'node:test';
import { accessible } from './axe.mjs';
import { headed, sees } from './pages.mjs';
import { fits, LOOKS, picture } from './pictures.mjs';

/**
 * Makes a test of each look, and in it one of each state in `states`: by name, `[person, show]`. `show(page)` brings a
 * visitor who is signed in as that person, or as nobody, to what is to be seen.
 */
export function gallery(visitor, states) {
  for (const [look, appearance] of Object.entries(LOOKS)) {
    test(`everybody can use every page: ${look}`, async (t) => {
      const visitors = new Map();
      for (const [name, [person, show]] of Object.entries(states)) {
        const page = await pageOf(t, visitor, visitors, person, appearance);
        await t.test(`${name}, ${look}`, () => hang(page, show, `${name}-${look}`, appearance));
      }
    });
  }
}

// One for each person is enough, and saves the time to make them.
async function pageOf(t, visitor, visitors, person, appearance) {
  if (!visitors.has(person)) visitors.set(person, await visitor(t, { as: person, ...appearance }));
  return visitors.get(person);
}

// Both colours and both widths are looked into once: the four together would find no more, and take twice as long.
async function hang(page, show, name, { narrow = false, dark = false }) {
  await show(page);
  await picture(page, name);
  if (narrow === dark) await accessible(page);
  if (narrow) await fits(page, name);
}

/** Shows a page by its path, with the heading and the words that it must have. */
export function at(path, heading, words) {
  return async (page) => {
    await page.goto(path);
    if (heading) await headed(page, heading);
    if (words) await sees(page, words);
  };
}
