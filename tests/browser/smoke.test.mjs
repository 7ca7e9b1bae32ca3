// The harness and the program work together: the start page, looked at in most of the ways that the other tests use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible } from './lib/axe.mjs';
import { pictures } from './lib/pictures.mjs';
import { scene } from './lib/scene.mjs';
import { weigh } from './lib/weight.mjs';

const { browser, visitor, market, url } = await scene();

test('the start page opens, without a script, too', async (t) => {
  for (const noScript of [false, true]) {
    const page = await visitor(t, { noScript, locale: 'de-AT' });
    await page.goto('/');
    assert.match(await page.title(), /Tessera/);
  }
});

test('the start page keeps nobody out, and fits on a narrow screen', async (t) => {
  const show = async (page) => {
    await page.goto('/');
    await accessible(page);
  };
  await pictures(t, browser, 'start', show, { url });
});

test('the start page is light', async () => {
  const { total, parts } = await weigh(browser, url);
  assert.ok(total > 0 && total < 200_000, `${total} bytes: ${JSON.stringify(parts)}`);
});

test('a person trades through the API, and is known to the pages', async (t) => {
  const [seller, buyer] = await Promise.all([market.person('ada'), market.person('ben')]);
  const ticket = await market.list(seller);
  await market.buy(buyer, ticket.id);
  await market.ticketIs(ticket.id, 'sold');
  const page = await visitor(t, { as: buyer });
  const answer = await page.goto('/api/users/currentuser');
  assert.match(await answer.text(), /ben@example\.com/);
});
