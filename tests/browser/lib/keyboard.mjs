// A visitor with a keyboard alone.

import assert from 'node:assert/strict';

/** More stops than this to anything on a page would wear people out. */
const MOST_STOPS = 40;

/** Presses Tab until what has the focus is called `name`. At each stop on the way the focus must be seen. */
export async function tabTo(page, name) {
  const passed = [];
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    const place = await focus(page);
    assert.ok(place.isSeen, `nothing shows that “${place.name}” has the focus at ${page.url()}`);
    if (isCalled(place.name, name)) return place;
    passed.push(place.name);
  }
  assert.fail(`${name} is not to be reached at ${page.url()}, but ${passed.join(', ')}`);
}

function isCalled(given, name) {
  return name instanceof RegExp ? name.test(given) : given === name;
}

/** What has the focus: its `name`, whether that `isSeen`, and whether it is the `body`, where keyboards are lost. */
export function focus(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText;
    const { width, height } = element.getBoundingClientRect();
    const isOutlined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    // Where a link covers a whole card, the card, or what is laid over it, may show it.
    const whole = element.closest('li, article') ?? element;
    const around = [element, whole].map((one) => getComputedStyle(one));
    const over = ['::before', '::after'].map((part) => getComputedStyle(element, part));
    return {
      name: (label ?? '').trim(),
      isBody: element === document.body,
      isInMain: element.closest('main') !== null,
      id: element.id,
      isSeen: width > 0 && height > 0 && [...around, ...over].some(isOutlined),
    };
  });
}
