// Sessions that end while pages are open: elsewhere, in another tab, and just before a form is sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deaf } from './lib/live.mjs';
import { signIn } from './lib/market.mjs';
import { box, button, enter, headed, pay, RECEIPT, reserve, sees, SIGN_IN, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market, url } = await scene();

let people = 0;

/** Somebody whom no other test knows, signed in with a session of this browser's own. */
async function somebody(t) {
  const person = await market.person(`somebody-${(people += 1)}`);
  const page = await visitor(t, { as: await anew(person) });
  const ticket = await market.offer(await market.person('sam'));
  return { person, page, ticket };
}

/** The same person with another session. */
async function anew({ email, password }) {
  const { headers, body } = await market.ask(null, 'POST', '/api/users/signin', { email, password });
  return { ...body, email, password, url, token: headers.get('authorization').replace(/^Bearer /i, '') };
}

function endAllSessions(person) {
  return market.ask(person, 'POST', '/api/users/signout', { everywhere: true });
}

async function isLedToTheDoor(page) {
  await page.waitForURL(/\/auth\/signin\?/);
  await headed(page, SIGN_IN);
}

test('an open order leads to the door when its session ends elsewhere, says why, and is back afterwards', async (t) => {
  const { person, page, ticket } = await somebody(t);
  const order = await reserve(page, ticket);
  await endAllSessions(person);
  await isLedToTheDoor(page);
  await sees(page, 'Your session has ended. Please sign in again.');
  await enter(page, person);
  await headed(page, TO_PAY);
  assert.equal(new URL(page.url()).pathname, `/orders/${order}`);
});

for (const [path, name] of [
  ['/orders', 'My orders'],
  ['/listings', 'My listings'],
]) {
  test(`the page “${name}” does, too`, async (t) => {
    const { person, page } = await somebody(t);
    await page.goto(path);
    await headed(page, name);
    await endAllSessions(person);
    await isLedToTheDoor(page);
    await sees(page, 'Your session has ended. Please sign in again.');
    await enter(page, person);
    await headed(page, name);
  });
}

test('who signs out in one tab is signed out in the others', async (t) => {
  const { person, page, ticket } = await somebody(t);
  const order = await reserve(page, ticket);
  const second = await page.context().newPage();
  await second.goto('/');
  await button(second, 'Sign out').click();
  await sees(second, 'You are signed out.');
  await isLedToTheDoor(page);
  await enter(page, person);
  await headed(page, TO_PAY);
  assert.equal(new URL(page.url()).pathname, `/orders/${order}`);
});

test('who reserves after the session has ended is told that it was not done, and signing in does not do it', async (t) => {
  const { person, page, ticket } = await somebody(t);
  await page.goto(`/tickets/${ticket.id}`);
  await endAllSessions(person);
  await button(page, 'Reserve and pay').click();
  await isLedToTheDoor(page);
  await sees(page, 'It was not done; please do it again afterwards.');
  await enter(page, person);
  await box(page).waitFor();
  assert.equal(new URL(page.url()).pathname, `/tickets/${ticket.id}`);
  assert.deepEqual(await market.orders(await anew(person)), []);
  await button(page, 'Reserve and pay').click();
  await headed(page, TO_PAY);
});

test('who pays after the session has ended pays after signing in, and once', async (t) => {
  const { person, page, ticket } = await somebody(t);
  await deaf(page);
  const order = await reserve(page, ticket);
  await endAllSessions(person);
  await pay(page);
  await isLedToTheDoor(page);
  await sees(page, 'It was not done; please do it again afterwards.');
  await enter(page, person);
  await headed(page, TO_PAY);
  const again = await anew(person);
  assert.deepEqual(await market.payments(again, order), []);
  await pay(page);
  await headed(page, RECEIPT);
  assert.equal((await market.payments(again, order)).length, 1);
});

test('a page that one must be signed in for leads there after signing in, and after signing up', async (t) => {
  const person = await market.person('sam');
  const page = await visitor(t);
  await page.goto('/tickets/new');
  await isLedToTheDoor(page);
  await enter(page, person);
  await headed(page, 'Sell a ticket');

  const newcomer = await visitor(t);
  await newcomer.goto('/listings');
  await newcomer.getByRole('main').getByRole('link', { name: 'Sign up' }).click();
  await headed(newcomer, 'Sign up');
  await enter(newcomer, { email: 'newcomer@example.com', password: 'correct horse' }, 'Sign up');
  await headed(newcomer, 'My listings');
});

test('who is signed in already is not asked again', async (t) => {
  const { page, person } = await somebody(t);
  await signIn(page.context(), await anew(person));
  await page.goto('/auth/signin?next=/orders');
  await headed(page, 'My orders');
});
