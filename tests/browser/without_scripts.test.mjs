// The whole marketplace with scripts off: from signing up to the receipt, and from a listing to its end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible } from './lib/axe.mjs';
import { box, button, enter, headed, orderAt, pay, RECEIPT, reserve, sees, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

const results = (page) => page.getByRole('region', { name: /^(For sale|What was found)/ });

async function titles(page) {
  return results(page).getByRole('heading', { level: 3 }).allInnerTexts();
}

test('a newcomer signs up, finds a ticket, reserves it and pays', async (t) => {
  const seller = await market.person('sam');
  await market.offer(seller, { title: 'Tosca', price: '80.00', category: 'opera', city: 'Rome' });
  const ticket = await market.offer(seller, { title: 'Turandot', price: '95.00', category: 'opera', city: 'Milan' });
  await market.offer(seller, { title: 'Turandot', price: '300.00', category: 'opera', city: 'Milan' });

  const page = await visitor(t, { noScript: true });
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign up' }).click();
  await enter(page, { email: 'newcomer@example.com', password: 'correct horse' }, 'Sign up');
  await headed(page, 'Seats that found no one yet');

  await search(page);
  await results(page).getByRole('link', { name: 'Turandot' }).click();
  await headed(page, 'Turandot');
  await button(page, 'Reserve and pay').click();
  // A page that waits looks again by itself.
  await headed(page, TO_PAY);
  assert.ok(refreshIn(await page.content()) <= 901);
  assert.match(new URL(page.url()).pathname, /^\/orders\//);
  await pay(page);
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.equal(refreshIn(await page.content()), null);
  await accessible(page);
  await market.ticketIs(ticket.id, 'sold');
});

async function search(page) {
  await page.getByLabel('Search').fill('turandot');
  await page.getByRole('search').getByRole('button', { name: 'Search' }).click();
  assert.deepEqual(await titles(page), ['Turandot', 'Turandot']);
  const filter = page.getByLabel('Price up to');
  if (await filter.isHidden()) await page.getByText('Filters and order').click();
  await filter.fill('100');
  await button(page, 'Show').click();
  assert.deepEqual(await titles(page), ['Turandot']);
  const { searchParams } = new URL(page.url());
  assert.equal(searchParams.get('q'), 'turandot');
  assert.equal(searchParams.get('maxPrice'), '100');
}

/** After how many seconds a browser without scripts loads a page again; never, if it is `null`. */
function refreshIn(html) {
  const [, seconds] = html.match(/<noscript><meta http-equiv="refresh" content="(\d+)"/) ?? [];
  return seconds ? Number(seconds) : null;
}

test('what waits is looked at again within seconds, what is to be paid when its time is over', async (t) => {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  const page = await visitor(t, { as: buyer, noScript: true });
  const id = await reserve(page, await market.offer(seller));
  const { expiresAt } = await market.order(buyer, id);
  const left = (Date.parse(expiresAt) - Date.now()) / 1000;
  await page.reload();
  assert.ok(Math.abs(refreshIn(await page.content()) - left) < 5);
  await sees(page, /Time left to pay: \d{1,2}:\d\d/);
});

test('a decline is told, and the order cancelled', async (t) => {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  const page = await visitor(t, { as: buyer, noScript: true });
  const ticket = await market.offer(seller);
  await reserve(page, ticket);
  await pay(page, 'Declined card');
  await sees(page, 'Your card was declined. You can try 2 more times.');
  await button(page, 'Cancel this order').click();
  await sees(page, 'You cancelled it. You are not charged.');
  assert.equal((await market.order(buyer, orderAt(page))).status, 'cancelled');
});

test('a seller looks at the preview, lists, changes and withdraws a ticket, and signs out', async (t) => {
  const seller = await market.person('olga');
  const page = await visitor(t, { as: seller, noScript: true });
  await page.goto('/');
  await page.getByRole('link', { name: 'Sell a ticket' }).first().click();
  await page.getByLabel('Title').fill('La Traviata');
  await page.getByLabel('Price').fill('45.50');
  await button(page, 'Preview').click();
  const preview = page.getByRole('complementary', { name: 'How buyers see it' });
  await preview.getByText('La Traviata').waitFor();
  await preview.getByText('$45.50').waitFor();
  assert.equal(await page.getByLabel('Title').inputValue(), 'La Traviata');
  assert.deepEqual(await market.listings(seller), []);

  await button(page, 'Put it up for sale').click();
  await sees(page, 'Your ticket is for sale.');
  await box(page).getByRole('link', { name: 'Change' }).click();
  await page.getByLabel('Price').fill('44');
  await button(page, 'Save').click();
  await sees(page, 'Your changes are saved.');
  await box(page).getByText('$44.00').waitFor();
  await box(page).getByRole('link', { name: 'Withdraw' }).click();
  await button(page, 'Withdraw it').click();
  await sees(page, 'Taken off the market');
  const [{ status }] = await market.listings(seller);
  assert.equal(status, 'withdrawn');

  await button(page, 'Sign out').click();
  await sees(page, 'You are signed out.');
});

test('the language is changed, and back, on the page where one is', async (t) => {
  const page = await visitor(t, { noScript: true });
  await page.goto('/?q=tosca');
  await button(page, 'Deutsch').click();
  await headed(page, 'Plätze, die noch niemanden haben');
  assert.equal(new URL(page.url()).search, '?q=tosca');
  assert.match(await page.getAttribute('html', 'lang'), /^de/);
  await button(page, 'English').click();
  await headed(page, 'Seats that found no one yet');
});
