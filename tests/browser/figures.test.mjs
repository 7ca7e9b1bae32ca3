// What the pages weigh, how still they stand, and what Lighthouse makes of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './lib/lighthouse.mjs';
import { button, card, headed } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { weigh } from './lib/weight.mjs';

const CARDS = 50;
const MOST_BYTES = 40 * 1024;
const MOST_SHIFT = 0.01;
const LEAST_SCORE = 95;

const { browser, visitor, market, url } = await scene();

const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
const tickets = [];
for (let number = 0; number < CARDS; number += 1) {
  tickets.push(await market.list(seller, { title: `Hamlet, evening ${number}`, row: `${number}`, seat: '7' }));
}

test('the home page with fifty tickets is light', async () => {
  const { total, parts } = await weigh(browser, url);
  assert.ok(total < MOST_BYTES, `${total} bytes: ${JSON.stringify(parts)}`);
  const cards = await (await fetch(url)).text();
  assert.equal(cards.match(/data-ticket=/g).length, CARDS);
});

/** Notes every shift of what is seen, from the first moment on. */
async function watched(t) {
  const page = await visitor(t, { as: buyer });
  await page.addInitScript(() => {
    globalThis.shift = 0;
    const add = (list) => list.getEntries().forEach((entry) => (globalThis.shift += entry.value));
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
  });
  return page;
}

async function standsStill(page, when) {
  // A shift is noted when the next picture is drawn.
  await page.evaluate(() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then))));
  const shift = await page.evaluate(() => globalThis.shift);
  assert.ok(shift < MOST_SHIFT, `what is seen moves ${when}: ${shift}`);
}

test('nothing moves while the home page loads, nor when tickets are reserved and freed', async (t) => {
  const page = await watched(t);
  await page.goto('/');
  await card(page, tickets.at(-1)).waitFor();
  await standsStill(page, 'while it loads');
  const [first, second] = [tickets.at(-1), tickets.at(-2)];
  const order = await market.reserve(buyer, first.id);
  await card(page, first).getByText('Being bought right now').waitFor();
  await market.reserve(buyer, second.id);
  await card(page, second).getByText('Being bought right now').waitFor();
  await market.cancel(buyer, order.id);
  await card(page, first).getByText('Being bought right now').waitFor({ state: 'hidden' });
  await standsStill(page, 'when tickets are reserved');
});

test('nothing moves under the eyes of who looks when a ticket is sold', async (t) => {
  const page = await watched(t);
  await page.goto('/');
  const sold = tickets.at(-3);
  await card(page, sold).waitFor();
  await market.buy(buyer, sold.id);
  await card(page, sold).waitFor({ state: 'hidden' });
  await standsStill(page, 'when a ticket is sold');
});

test('nothing moves on a ticket’s page, nor while an order is paid', async (t) => {
  const page = await watched(t);
  await page.goto(`/tickets/${tickets[0].id}`);
  await button(page, 'Reserve and pay').waitFor();
  await standsStill(page, 'on a ticket’s page');
  await button(page, 'Reserve and pay').click();
  await headed(page, 'It is yours while you pay');
  await standsStill(page, 'on an order’s page');
});

for (const [name, path, as] of [
  ['home', async () => '/', null],
  ['ticket', async () => `/tickets/${tickets[1].id}`, null],
  ['order', async () => `/orders/${(await market.reserve(buyer, tickets[2].id)).id}`, buyer],
]) {
  test(`Lighthouse is content with the page “${name}” on a telephone`, async () => {
    const categories = ['performance', 'accessibility', 'best-practices'];
    const { scores, shortcomings } = await judge(url + (await path()), name, { as, categories });
    for (const category of categories) {
      assert.ok(scores[category] >= LEAST_SCORE, `${category}: ${scores[category]}\n${shortcomings.join('\n')}`);
    }
  });
}

test('assets are named by what is in them and kept for ever, and all that is text travels compressed', async (t) => {
  const page = await visitor(t);
  const answers = [];
  page.on('response', (answer) => answers.push(answer));
  await page.goto('/', { waitUntil: 'load' });
  const assets = answers.filter((answer) => answer.url().includes('/assets/'));
  assert.ok(assets.length >= 2, `${assets.length} assets`);
  for (const asset of assets) {
    assert.match(asset.url(), /\/assets\/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)$/);
    assert.match(await asset.headerValue('cache-control'), /max-age=31536000.*immutable/);
  }
  for (const answer of answers.filter((answer) => /app\.\w+\.(css|js)$|\/$/.test(answer.url()))) {
    assert.match((await answer.headerValue('content-encoding')) ?? 'none', /^(gzip|br|zstd)$/, answer.url());
  }
});

test('pages permit nothing inline, and nothing leaves the site', async (t) => {
  // The program that draws the reference of the API gives a logo its colour inline, and is refused that.
  const expected = (complaint) => complaint.kind === 'csp' && complaint.url.includes('/docs/');
  const page = await visitor(t, { as: buyer, expected });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  for (const path of ['/', `/tickets/${tickets[3].id}`, '/orders', '/listings', '/account', '/tickets/new', '/docs/']) {
    const answer = await page.goto(path, { waitUntil: 'load' });
    const policy = await answer.headerValue('content-security-policy');
    assert.match(policy, /default-src 'none'/, path);
    assert.doesNotMatch(policy, /unsafe-|\*|https?:/, path);
    assert.equal(await answer.headerValue('x-content-type-options'), 'nosniff');
  }
  await page.locator('.opblock').first().waitFor();
  assert.deepEqual(asked.filter((address) => new URL(address).origin !== url), []);
});
