// Prices, days and times as the visitor's region writes them, and times by the clocks of the event's own place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, button, card, headed, reserve } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

const VIENNA = {
  title: 'Der Rosenkavalier',
  price: '1120.00',
  currency: 'eur',
  city: 'Vienna',
  country: 'AT',
  startsAt: '2030-06-01T18:30:00Z',
  timeZone: 'Europe/Vienna',
};

/** No-break spaces as spaces: which of them stands where is for the unit tests. */
function plain(text) {
  return text.replace(/[\u00a0\u202f]/g, ' ');
}

async function text(locator) {
  return plain(await locator.innerText());
}

for (const [locale, price, dateAndTime, time, reserveName] of [
  ['de-AT', '€ 1.120,00', /Samstag, 1\. Juni 2030 (um )?20:30 CEST/, /20:30/, 'Reservieren und bezahlen'],
  ['de-DE', '1.120,00 €', /Samstag, 1\. Juni 2030 (um )?20:30 CEST/, /20:30/, 'Reservieren und bezahlen'],
  ['en-US', '€1,120.00', /Saturday, June 1, 2030 at 8:30 PM/, /8:30 PM/, 'Reserve and pay'],
  ['en-GB', '€1,120.00', /Saturday,? 1 June 2030 at 20:30/, /20:30/, 'Reserve and pay'],
]) {
  test(`${locale} reads ${price}, and the time of the place, wherever the browser is`, async (t) => {
    const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
    const ticket = await market.offer(seller, VIENNA);
    for (const timezone of ['Europe/Vienna', 'America/Los_Angeles']) {
      const page = await visitor(t, { as: buyer, locale, timezone });
      await page.goto('/');
      const shown = await text(card(page, ticket));
      assert.ok(shown.includes(price), shown);
      assert.match(shown, time);
      await page.goto(`/tickets/${ticket.id}`);
      const main = await text(page.getByRole('main'));
      assert.match(main, dateAndTime);
      assert.match(main, /Europe\/Vienna/);
      assert.ok(main.includes(price), main);
      await button(page, reserveName).waitFor();
      assert.equal(await page.getAttribute('html', 'lang'), locale);
    }
  });
}

test('an order and its receipt are written in the visitor’s formats, too', async (t) => {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  const ticket = await market.offer(seller, { ...VIENNA, price: '99.50' });
  const order = await market.buy(buyer, ticket.id);
  const page = await visitor(t, { as: buyer, locale: 'de-AT', timezone: 'Asia/Tokyo' });
  await page.goto(`/orders/${order.id}`);
  await headed(page, 'Das Ticket gehört dir');
  const receipt = await text(page.getByRole('main'));
  assert.match(receipt, /€ 99,50/);
  assert.match(receipt, /Samstag, 1\. Juni 2030 (um )?20:30 CEST/);
  assert.match(receipt, /Bezahlt am /);
  await page.goto('/orders');
  assert.match(await text(page.getByRole('main')), /€ 99,50/);
});

test('dollars are dollars, and a currency without cents has none', async (t) => {
  const seller = await market.person('sam');
  const dollars = await market.offer(seller, { title: 'Giants – Rangers', price: '120.00', currency: 'usd' });
  const yen = await market.offer(seller, { title: 'Kabuki', price: '12000', currency: 'jpy' });
  const page = await visitor(t, { locale: 'en-US' });
  await page.goto(`/tickets/${dollars.id}`);
  assert.match(await text(box(page)), /\$120\.00/);
  await page.goto(`/tickets/${yen.id}`);
  assert.match(await text(box(page)), /¥12,000(?!\.)/);
});

test('the deadline of a payment is said by the clocks of the event’s place', async (t) => {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  const ticket = await market.offer(seller, { ...VIENNA, timeZone: 'Asia/Tokyo' });
  const page = await visitor(t, { as: buyer, noScript: true, timezone: 'America/Los_Angeles' });
  const { expiresAt } = await market.order(buyer, await reserve(page, ticket));
  const time = new Intl.DateTimeFormat('en-US', { timeStyle: 'short', timeZone: 'Asia/Tokyo' }).format(new Date(expiresAt));
  assert.ok((await text(page.locator('[data-countdown]'))).includes(plain(time)), time);
});
