// Searching, filtering, ordering and paging: all of it in the address, none of it in anybody's way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { button, card, headed, sees, unmoved } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { eventually } from './lib/waiting.mjs';

const { visitor, market } = await scene();

const OPERAS = [
  { title: 'Tosca', price: '80.00', city: 'Rome', startsAt: '2030-03-01T19:00:00Z' },
  { title: 'Turandot', price: '95.00', city: 'Milan', startsAt: '2030-01-01T19:00:00Z' },
  { title: 'Aida', price: '300.00', city: 'Verona', startsAt: '2030-02-01T19:00:00Z' },
];
const PLAYS = 60;
const PAGE = 50;

const seller = await market.person('sam');
for (let number = 1; number <= PLAYS; number += 1) {
  await market.list(seller, { title: `Play ${number}` });
}
for (const opera of OPERAS) await market.list(seller, { ...opera, category: 'opera', country: 'IT' });

const titles = (page) => page.getByRole('main').getByRole('heading', { level: 3 }).allInnerTexts();

function finds(page, wanted) {
  const found = async () => JSON.stringify(await titles(page)) === JSON.stringify(wanted);
  return eventually(`the results to be ${wanted}`, found);
}

test('results and address follow what is typed, and the caret stays where it is', async (t) => {
  const page = await visitor(t);
  await page.goto('/');
  const stayed = await unmoved(page);
  const field = page.getByRole('searchbox');
  await field.focus();
  await page.keyboard.type('tosca');
  await finds(page, ['Tosca']);
  assert.equal(new URL(page.url()).search, '?q=tosca');
  await page.keyboard.press('Home');
  for (let time = 0; time < 5; time += 1) await page.keyboard.press('Delete');
  await page.keyboard.type('adot');
  await page.keyboard.press('Home');
  await page.keyboard.type('tur');
  await eventually('the address to follow', async () => new URL(page.url()).search === '?q=turadot');
  await sees(page, 'No ticket fits.');
  await page.keyboard.type('an');
  await page.keyboard.press('Delete');
  await finds(page, ['Turandot']);
  assert.deepEqual(await caret(field), { focused: true, at: 'turan'.length, value: 'turandot' });
  await stayed();
});

function caret(field) {
  return field.evaluate((input) => ({
    focused: document.activeElement === input,
    at: input.selectionStart,
    value: input.value,
  }));
}

test('what was found is told to people who listen', async (t) => {
  const page = await visitor(t);
  await page.goto('/');
  await page.getByRole('searchbox').fill('aida');
  await finds(page, ['Aida']);
  await eventually('it to be said', async () => /What was found: 1/.test(await page.locator('#news').textContent()));
});

test('filters narrow down, an order is chosen, and the address alone shows the same again', async (t) => {
  const page = await visitor(t);
  await page.goto('/');
  await page.getByText('Filters and order').click();
  await page.getByLabel('Category').fill('opera');
  await finds(page, ['Aida', 'Turandot', 'Tosca']);
  await page.getByLabel('Order', { exact: true }).selectOption('Cheapest first');
  await finds(page, ['Tosca', 'Turandot', 'Aida']);
  await page.getByLabel('Order', { exact: true }).selectOption('Soonest first');
  await finds(page, ['Turandot', 'Aida', 'Tosca']);
  await page.getByLabel('Price up to').fill('100');
  await finds(page, ['Turandot', 'Tosca']);
  await page.getByLabel('City').fill('milan');
  await finds(page, ['Turandot']);

  const again = await visitor(t);
  await again.goto(page.url());
  assert.deepEqual(await titles(again), ['Turandot']);
  assert.equal(await again.getByLabel('Category').inputValue(), 'opera');
  await again.getByRole('link', { name: 'Clear all' }).first().click();
  await eventually('all to be there', async () => (await titles(again)).length === PAGE);
});

test('days narrow down', async (t) => {
  const page = await visitor(t);
  await page.goto('/?category=opera&from=2030-01-15&to=2030-02-15');
  assert.deepEqual(await titles(page), ['Aida']);
});

test('on a German page prices are asked for as they are written there', async (t) => {
  const page = await visitor(t, { locale: 'de-AT' });
  await page.goto('/?category=opera&maxPrice=94,99');
  assert.deepEqual(await titles(page), ['Tosca']);
  assert.equal(await page.getByLabel('Preis bis').inputValue(), '94,99');
});

test('a page of results has its place in the address, and back leads to it from a ticket', async (t) => {
  const page = await visitor(t);
  await page.goto('/?q=play');
  const first = await titles(page);
  assert.equal(first.length, PAGE);
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.getByRole('heading', { name: 'What was found, page 2' }).waitFor();
  const second = await titles(page);
  assert.equal(new Set([...first, ...second]).size, PLAYS);
  const place = page.url();
  await page.reload();
  assert.deepEqual(await titles(page), second);

  await page.getByRole('link', { name: second[3], exact: true }).click();
  await headed(page, second[3]);
  await page.goBack();
  assert.equal(page.url(), place);
  assert.deepEqual(await titles(page), second);
  await page.getByRole('link', { name: 'First page' }).click();
  await page.getByRole('heading', { name: 'What was found', exact: true }).waitFor();
  assert.deepEqual(await titles(page), first);
});

test('back leads to the same results after a search while typing', async (t) => {
  const page = await visitor(t);
  await page.goto('/');
  await page.getByRole('searchbox').fill('tosca');
  await finds(page, ['Tosca']);
  await page.getByRole('link', { name: 'Tosca' }).click();
  await headed(page, 'Tosca');
  await page.goBack();
  await finds(page, ['Tosca']);
  assert.equal(await page.getByRole('searchbox').inputValue(), 'tosca');
});

for (const [query, words] of [
  ['minPrice=cheap', 'Write a price as in 120.00.'],
  ['from=tomorrow', 'Write a day as in 2031-05-01.'],
  ['cursor=nonsense', 'This page is no longer there. Begin with the first one.'],
  [`q=${'a+'.repeat(11)}`, 'Search for at most ten words and 100 characters.'],
]) {
  test(`what cannot be searched for is told: ${query}`, async (t) => {
    const page = await visitor(t);
    const answer = await page.goto(`/?${query}`);
    assert.equal(answer.status(), 400);
    await page.getByRole('alert').getByText(words).waitFor();
  });
}

test('all that is wrong with the filters is told at once, and what was written stays', async (t) => {
  const page = await visitor(t);
  await page.goto('/?q=tosca&minPrice=cheap&from=tomorrow');
  await page.getByRole('alert').getByText('Write a price as in 120.00.').waitFor();
  await page.getByRole('alert').getByText('Write a day as in 2031-05-01.').waitFor();
  assert.equal(await page.getByRole('searchbox').inputValue(), 'tosca');
  assert.equal(await page.getByLabel('Price from').inputValue(), 'cheap');
});

test('what a search has found follows what happens to it', async (t) => {
  const buyer = await market.person('ada');
  const ticket = await market.offer(seller, { title: 'Rigoletto' });
  const page = await visitor(t);
  await page.goto('/');
  await page.getByRole('searchbox').fill('rigoletto');
  await finds(page, ['Rigoletto']);
  const order = await market.reserve(buyer, ticket.id);
  await card(page, ticket).getByText('Being bought right now').waitFor();
  await market.cancel(buyer, order.id);
  await card(page, ticket).getByText('Being bought right now').waitFor({ state: 'hidden' });
  await button(page, 'Search').click();
  await finds(page, ['Rigoletto']);
});
