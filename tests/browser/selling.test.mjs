// The form for a ticket: what it says of mistakes, how it reads prices and times, and what changing a listing meets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, button, headed, reserve, sees } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { eventually } from './lib/waiting.mjs';

const { visitor, market } = await scene();

let sellers = 0;

/** Somebody whom no other test knows. */
async function seller(t, options) {
  const person = await market.person(`seller-${(sellers += 1)}`);
  return { person, page: await visitor(t, { as: person, ...options }) };
}

const field = (page, name) => page.locator(`[name="${name}"]`);

test('all that is wrong is told at once, beside its field, and what was written is kept', async (t) => {
  const { person, page } = await seller(t);
  await page.goto('/tickets/new');
  await field(page, 'category').fill('opera');
  await field(page, 'price').fill('free');
  await field(page, 'venue').fill('v'.repeat(101));
  await field(page, 'startsAt').fill('2001-01-01T20:00');
  await button(page, 'Put it up for sale').click();
  const summary = page.getByRole('alert');
  await summary.getByText('Please look at these once more').waitFor();
  assert.deepEqual(await market.listings(person), []);

  const wrong = { title: /Give it a title/, price: /Write a price/, venue: /A venue is one line/, startsAt: /that lie ahead/ };
  for (const [name, words] of Object.entries(wrong)) {
    assert.equal(await field(page, name).getAttribute('aria-invalid'), 'true', name);
    assert.match(await described(page, name), words);
    await summary.getByRole('link', { name: words }).click();
    await isFocused(page, name);
  }
  assert.equal(await summary.getByRole('listitem').count(), Object.keys(wrong).length);
  assert.equal(await field(page, 'category').getAttribute('aria-invalid'), null);
  assert.equal(await field(page, 'category').inputValue(), 'opera');
  assert.equal(await field(page, 'price').inputValue(), 'free');
  assert.equal(await field(page, 'startsAt').inputValue(), '2001-01-01T20:00');
});

/** What is said of a field to people who do not see it. */
function described(page, name) {
  return field(page, name).evaluate((input) => {
    const ids = input.getAttribute('aria-describedby').split(/\s+/);
    return ids.map((id) => document.getElementById(id).textContent).join(' ');
  });
}

async function isFocused(page, name) {
  await eventually(`${name} to be focused`, () => page.evaluate((name) => document.activeElement?.name === name, name));
}

test('after a refusal the summary of it is where the keyboard is', async (t) => {
  const { page } = await seller(t);
  await page.goto('/tickets/new');
  await button(page, 'Put it up for sale').click();
  const summary = page.getByRole('alert');
  await summary.waitFor();
  await eventually('it to be focused', () => summary.evaluate((element) => document.activeElement === element));
});

test('the preview follows what is written, and lists nothing', async (t) => {
  const { person, page } = await seller(t);
  await page.goto('/tickets/new');
  const preview = page.getByRole('complementary', { name: 'How buyers see it' });
  await preview.getByText('Fill in the form to see your ticket here.').waitFor();
  await field(page, 'title').pressSequentially('Macbeth');
  await preview.getByRole('heading', { name: 'Macbeth' }).waitFor();
  await field(page, 'price').fill('1250.5');
  await field(page, 'currency').selectOption('GBP');
  await preview.getByText('£1,250.50').waitFor();
  await field(page, 'row').fill('12');
  await preview.getByText(/Row\s12/).waitFor();
  assert.equal(await field(page, 'title').inputValue(), 'Macbeth');
  assert.deepEqual(await market.listings(person), []);
});

test('on a German page a comma is a comma', async (t) => {
  const { person, page } = await seller(t, { locale: 'de-AT' });
  await page.goto('/tickets/new');
  await field(page, 'title').fill('Die Zauberflöte');
  await field(page, 'price').fill('1.250,50');
  await field(page, 'currency').selectOption('EUR');
  await button(page, 'Zum Verkauf anbieten').click();
  await headed(page, 'Die Zauberflöte');
  const [listing] = await market.listings(person);
  assert.deepEqual([listing.price, listing.currency], ['1250.50', 'eur']);
  await page.goto(`/tickets/${listing.id}/edit`);
  assert.equal(await field(page, 'price').inputValue(), '1250,50');
});

test('a beginning is by the clocks of its place, and the browser’s own zone is offered', async (t) => {
  const { person, page } = await seller(t, { timezone: 'America/New_York' });
  await page.goto('/tickets/new');
  assert.equal(await field(page, 'timeZone').inputValue(), 'America/New_York');
  await field(page, 'title').fill('Tosca');
  await field(page, 'price').fill('80');
  await field(page, 'startsAt').fill('2030-01-15T20:30');
  await field(page, 'timeZone').selectOption('Asia/Kolkata');
  await button(page, 'Put it up for sale').click();
  await headed(page, 'Tosca');
  const [listing] = await market.listings(person);
  assert.equal(Date.parse(listing.startsAt), Date.parse('2030-01-15T15:00:00Z'));
  assert.equal(listing.timeZone, 'Asia/Kolkata');
  await page.goto(`/tickets/${listing.id}/edit`);
  assert.equal(await field(page, 'startsAt').inputValue(), '2030-01-15T20:30');
  assert.equal(await field(page, 'timeZone').inputValue(), 'Asia/Kolkata');
});

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
