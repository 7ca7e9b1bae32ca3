// Listings that are there: changing and withdrawing them, and what their sellers see of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, button, reserve, sees } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

let sellers = 0;

/** Somebody whom no other test knows. */
async function seller(t) {
  const person = await market.person(`seller-${(sellers += 1)}`);
  return { person, page: await visitor(t, { as: person }) };
}

const field = (page, name) => page.locator(`[name="${name}"]`);

test('a listing that was changed in another tab is not overwritten', async (t) => {
  const { person, page } = await seller(t);
  const listing = await market.offer(person);
  await page.goto(`/tickets/${listing.id}/edit`);
  const second = await page.context().newPage();
  await second.goto(`/tickets/${listing.id}/edit`);
  await field(second, 'price').fill('99');
  await button(second, 'Save').click();
  await sees(second, 'Your changes are saved.');

  await field(page, 'title').fill('Hamlet, uncut');
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await button(page, 'Save').click();
  assert.equal((await answer).status(), 412);
  await sees(page, 'This listing was changed elsewhere since you opened it.');
  assert.equal(await field(page, 'price').inputValue(), '99.00');
  assert.equal((await market.ticket(listing.id)).title, 'Hamlet');
  await field(page, 'title').fill('Hamlet, uncut');
  await button(page, 'Save').click();
  await sees(page, 'Your changes are saved.');
  const { title, price } = await market.ticket(listing.id);
  assert.deepEqual([title, price], ['Hamlet, uncut', '99.00']);
});

test('what is cleared in the form is gone from the listing', async (t) => {
  const { person, page } = await seller(t);
  const listing = await market.offer(person, { row: '12' });
  await page.goto(`/tickets/${listing.id}/edit`);
  await field(page, 'row').fill('');
  await field(page, 'city').fill('');
  await button(page, 'Save').click();
  await sees(page, 'Your changes are saved.');
  const { row, city, venue } = await market.ticket(listing.id);
  assert.deepEqual([row, city, venue], [null, null, listing.venue]);
});

test('while somebody buys a ticket it cannot be changed or withdrawn, and its page says why', async (t) => {
  const { person, page } = await seller(t);
  const listing = await market.offer(person);
  await page.goto(`/tickets/${listing.id}/edit`);
  const buyer = await market.person('ada');
  await market.reserve(buyer, listing.id);
  await field(page, 'price').fill('1');
  await button(page, 'Save').click();
  await box(page).getByText('Somebody is paying for your ticket.').waitFor();
  for (const path of ['edit', 'withdraw']) {
    await page.goto(`/tickets/${listing.id}/${path}`);
    await box(page).getByText('Until they have paid, or their time is over, it cannot be changed.').waitFor();
  }
  assert.equal((await market.ticket(listing.id)).price, listing.price);
});

const row = (page, title) => page.getByRole('listitem').filter({ hasText: title });

test('my listings say where each stands, and why it cannot be changed where it cannot', async (t) => {
  const { person, page } = await seller(t);
  const buyer = await market.person('ben');
  const titles = ['Free', 'Held', 'Gone', 'Retired'];
  const [, held, gone, retired] = await Promise.all(titles.map((title) => market.offer(person, { title })));
  await market.reserve(buyer, held.id);
  await market.buy(buyer, gone.id);
  await market.ticketIs(gone.id, 'sold');
  await market.ask(person, 'DELETE', `/api/tickets/${retired.id}`);
  await page.goto('/listings');
  await row(page, 'Free').getByText('For sale').waitFor();
  await row(page, 'Held').getByText('Being bought').waitFor();
  await row(page, 'Held').getByText('Somebody is paying for it.').waitFor();
  await row(page, 'Gone').getByText('Sold', { exact: true }).waitFor();
  await row(page, 'Gone').getByText(/^Sold on \w{3}, \w{3} \d{1,2}, \d{4}/).waitFor();
  await row(page, 'Retired').getByText('Taken off the market').waitFor();
  for (const title of titles) {
    const links = row(page, title).getByRole('link', { name: `Change: ${title}` });
    assert.equal(await links.count(), title === 'Free' ? 1 : 0, title);
  }
});

test('my listings follow what happens to them', async (t) => {
  const { person, page } = await seller(t);
  const buyer = await market.person('cleo');
  const listing = await market.offer(person);
  await page.goto('/listings');
  const change = page.getByRole('link', { name: 'Change: Hamlet' });
  await change.waitFor();
  const other = await visitor(t, { as: buyer });
  await reserve(other, listing);
  await row(page, 'Hamlet').getByText('Being bought').waitFor();
  await change.waitFor({ state: 'detached' });
  await button(other, 'Cancel this order').click();
  await row(page, 'Hamlet').getByText('For sale').waitFor();
  await market.buy(buyer, listing.id);
  await row(page, 'Hamlet').getByText('Sold', { exact: true }).waitFor();
});
