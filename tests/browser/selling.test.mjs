// The form for a ticket: what it says of mistakes, and how it reads prices and times.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { button, headed } from './lib/pages.mjs';
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

  const wrong = {
    title: /Give it a title/,
    price: /Write a price/,
    venue: /A venue is one line/,
    startsAt: /that lie ahead/,
  };
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

test('the preview leads nowhere: what is previewed is no listing yet', async (t) => {
  const { page } = await seller(t);
  await page.goto('/tickets/new');
  await field(page, 'title').fill('Macbeth');
  const preview = page.getByRole('complementary', { name: 'How buyers see it' });
  await preview.getByText('Macbeth').waitFor();
  assert.equal(await preview.getByRole('link').count(), 0);
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
