// One's account: its password, its sessions, its data, and its end.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { button, enter, headed, sees, SIGN_IN } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const NEW = 'battery staple';

const { visitor, market } = await scene();

/** Somebody whom no other test knows, at the page of their account. */
async function owner(t, name) {
  const person = await market.person(name);
  const page = await visitor(t, { as: person });
  await page.goto('/account');
  await sees(page, person.email);
  return { person, page };
}

async function changePassword(page, current, next) {
  await page.getByLabel('Current password').fill(current);
  await page.getByLabel('New password').fill(next);
  await button(page, 'Change password').click();
}

async function fails(page, label, words) {
  const field = page.getByLabel(label, { exact: true });
  await page.getByText(words).waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assert.equal(await field.inputValue(), '', 'a password is never shown again');
}

/** The same person in another browser, signed in there through the form. */
async function elsewhere(t, person) {
  const page = await visitor(t);
  await page.goto('/auth/signin?next=/orders');
  await enter(page, person);
  await headed(page, 'My orders');
  return page;
}

test('who changes the password stays signed in, here alone', async (t) => {
  const { person, page } = await owner(t, 'ada');
  const other = await elsewhere(t, person);
  await changePassword(page, person.password, NEW);
  await sees(page, 'Your password is changed, and all your other sessions have ended.');
  await headed(other, SIGN_IN);
  await sees(other, 'Your session has ended. Please sign in again.');
  await page.reload();
  await headed(page, 'Account');
  await enter(other, person);
  await sees(other, 'No account has this address and this password.');
  await enter(other, { ...person, password: NEW });
  await headed(other, 'My orders');
});

test('a wrong password, or a short one, changes nothing and is told beside its field', async (t) => {
  const { person, page } = await owner(t, 'ben');
  await changePassword(page, 'not my password', NEW);
  await fails(page, 'Current password', 'This is not your password.');
  await changePassword(page, person.password, 'short');
  await fails(page, 'New password', 'A password has 8 to 128 characters.');
  assert.equal(await market.refusal(null, 'POST', '/api/users/signin', { email: person.email, password: NEW }), 401);
});

test('who signs out everywhere is signed out everywhere', async (t) => {
  const { person, page } = await owner(t, 'cleo');
  const other = await elsewhere(t, person);
  await button(page, 'Sign out everywhere').click();
  await sees(page, 'You are signed out.');
  await headed(other, SIGN_IN);
  assert.equal(await market.refusal(person, 'GET', '/api/orders'), 401);
});

test('one’s data are one file: account, listings, orders and payments', async (t) => {
  const { person, page } = await owner(t, 'dora');
  const mine = await market.offer(person, { title: 'Mine' });
  const bought = await market.offer(await market.person('sam'), { title: 'Bought' });
  const order = await market.buy(person, bought.id);
  const [payment] = await market.payments(person, order.id);

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download my data' }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), 'tessera.json');
  const text = await readFile(await file.path(), 'utf8');
  const data = JSON.parse(text);
  assert.match(JSON.stringify(data.account), /dora@example\.com/);
  assert.deepEqual(data.listings.map(({ id }) => id), [mine.id]);
  assert.deepEqual(data.orders.map(({ id }) => id), [order.id]);
  assert.deepEqual(data.payments.map(({ id }) => id), [payment.id]);
  assert.ok(!/argon2/i.test(text), 'the password is in it');
});

test('an account ends with its password: a wrong one is told, and the right one takes the listings along', async (t) => {
  const { person, page } = await owner(t, 'emil');
  const listing = await market.offer(person);
  const buyer = await visitor(t, { as: await market.person('ada-2') });
  await buyer.goto(`/tickets/${listing.id}`);
  await remove(page, 'not my password');
  await fails(page, 'Password', 'This is not your password.');
  assert.equal((await market.ticket(listing.id)).status, 'available');

  await remove(page, person.password);
  await sees(page, 'Your account is deleted.');
  await headed(page, SIGN_IN);
  await market.ticketIs(listing.id, 'withdrawn');
  await sees(buyer, 'This ticket is no longer for sale.');
  await page.goto('/account');
  await headed(page, SIGN_IN);
  const { email, password } = person;
  assert.equal(await market.refusal(null, 'POST', '/api/users/signin', { email, password }), 401);
});

async function remove(page, password) {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Delete my account').click();
}

test('an address that is in use, one that is none and a short password are told at the door', async (t) => {
  const { email } = await market.person('sam');
  const page = await visitor(t);
  await page.goto('/auth/signup');
  await enter(page, { email: 'nobody', password: 'short' }, 'Sign up');
  await sees(page, 'Give your e-mail address, as in ada@example.com.');
  await sees(page, 'A password has 8 to 128 characters.');
  assert.equal(await page.getByLabel('E-mail address').inputValue(), 'nobody');
  await enter(page, { email, password: 'correct horse' }, 'Sign up');
  await sees(page, 'This address has an account already. Sign in with it instead.');
});
