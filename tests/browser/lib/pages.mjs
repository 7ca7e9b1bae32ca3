// What people find on the pages, by the names that they and their aids know it by, and what they do there.

import assert from 'node:assert/strict';

/** Headings of an order's page. */
export const TO_PAY = 'It is yours while you pay';
export const RECEIPT = 'The ticket is yours';
export const ENDED = 'This order has ended';

export const SIGN_IN = 'Sign in';

/** The box on a ticket's page: where it stands, and what may be done about it. */
export function box(page) {
  return page.getByRole('region', { name: 'Price and purchase' });
}

/** A ticket's card in the list on the home page. */
export function card(page, ticket) {
  return page.locator(`[data-ticket="${ticket.id}"]`);
}

export function button(page, name) {
  return page.getByRole('button', { name, exact: typeof name === 'string' });
}

/** Waits until the page has this heading above all others. */
export async function headed(page, name) {
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** Waits until the page itself shows these words. */
export async function sees(page, words) {
  await page.getByRole('main').getByText(words).first().waitFor();
}

/** Reserves a ticket on its page, and waits until it may be paid. Answers the order's id. */
export async function reserve(page, ticket) {
  await page.goto(`/tickets/${ticket.id}`);
  await button(page, 'Reserve and pay').click();
  await headed(page, TO_PAY);
  return orderAt(page);
}

/** The order that a page is about. */
export function orderAt(page) {
  const [, id] = new URL(page.url()).pathname.match(/^\/orders\/([^/]+)$/) ?? [];
  assert.ok(id, `${page.url()} is no order's page`);
  return id;
}

/** Chooses a card by the beginning of its name, and pays. */
export async function pay(page, card = 'Visa') {
  await page.getByRole('radio', { name: new RegExp(`^${card}`) }).check();
  await button(page, /^Pay /).click();
}

/** Fills in the form for signing in or up, and answers its button. */
export async function fillDoor(page, { email, password }, submit = SIGN_IN) {
  const form = page.getByRole('main');
  await form.getByLabel('E-mail address').fill(email);
  await form.getByLabel('Password').fill(password);
  return form.getByRole('button', { name: submit });
}

/** Signs in or up, on the page for that. */
export async function enter(page, person, submit) {
  await (await fillDoor(page, person, submit)).click();
}

/** Marks a document. What is answered fails once the page was left or loaded again. */
export async function unmoved(page) {
  await page.evaluate(() => {
    globalThis.isMarked = true;
  });
  return async () => assert.ok(await page.evaluate(() => globalThis.isMarked), `${page.url()} was loaded again`);
}
