// Pictures of pages, for people to look at: under target/browser/pictures.

import assert from 'node:assert/strict';
import { resultFile } from './places.mjs';

/** By name, what makes `visitor` look like it. */
export const LOOKS = {
  'wide-light': {},
  'wide-dark': { dark: true },
  'narrow-light': { narrow: true },
  'narrow-dark': { narrow: true, dark: true },
};

/** Takes a picture of the whole page, and answers its file. */
export async function picture(page, name) {
  const path = resultFile('pictures', `${name}.png`);
  await page.screenshot({ path, fullPage: true, animations: 'disabled' });
  return path;
}

/**
 * Takes a page's picture on a wide and on a narrow screen, light and dark. `show(page)` brings a visitor to what is to be
 * seen, and may check it: it runs in each look. `options` are those of `visitor`.
 */
export async function pictures(t, browser, name, show, options = {}) {
  for (const [look, appearance] of Object.entries(LOOKS)) {
    const page = await browser.visitor(t, { ...options, ...appearance });
    await show(page);
    await picture(page, `${name}-${look}`);
    if (appearance.narrow) await fits(page, name);
  }
}

/** Nothing makes the page scroll sideways. WCAG 2.2 (1.4.10) asks for it at 320 pixels. */
export async function fits(page, where = page.url()) {
  const { width, room, wide } = await page.evaluate(measure);
  assert.ok(width <= room, `${where} is ${width} pixels wide, with room for ${room}; what sticks out:\n  ${wide.join('\n  ')}`);
}

// Runs in the page.
function measure() {
  const { scrollWidth: width, clientWidth: room } = document.documentElement;
  const sticksOut = (element) => element.getBoundingClientRect().right > room + 0.5;
  const wide = [...document.body.querySelectorAll('*')].filter(sticksOut);
  return { width, room, wide: wide.slice(0, 8).map((element) => element.outerHTML.slice(0, 160)) };
}
