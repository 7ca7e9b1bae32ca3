// Every button pressed twice in a hurry: one effect each, and no page of an error. With scripts the page itself takes
// the second press back; without them the server knows the form again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { button, ENDED, enter, fillDoor, headed, RECEIPT, reserve, sees, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market, url } = await scene();

let people = 0;

/** Somebody whom no other test knows, at a page of their own. */
async function somebody(t, options) {
  const person = await market.person(`somebody-${(people += 1)}`);
  return { person, page: await visitor(t, { as: person, ...options }) };
}

async function offered() {
  return market.offer(await market.person('sam'));
}

async function captured(person) {
  const orders = await market.orders(person);
  const payments = await Promise.all(orders.map(({ id }) => market.outcomes(person, id)));
  return { orders: orders.length, payments: payments.flat() };
}

async function fillIn(page, title) {
  await page.goto('/tickets/new');
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Price').fill('20');
}

for (const noScript of [false, true]) {
  const how = noScript ? 'without scripts' : 'with scripts';

  test(`a ticket is reserved, and paid, once: ${how}`, async (t) => {
    const { person, page } = await somebody(t, { noScript });
    const ticket = await offered();
    await page.goto(`/tickets/${ticket.id}`);
    await button(page, 'Reserve and pay').dblclick();
    await headed(page, TO_PAY);
    await button(page, /^Pay /).dblclick();
    await headed(page, RECEIPT);
    assert.deepEqual(await captured(person), { orders: 1, payments: ['captured'] });
  });

  test(`a decline costs one try: ${how}`, async (t) => {
    const { person, page } = await somebody(t, { noScript });
    const order = await reserve(page, await offered());
    await page.getByRole('radio', { name: /^Declined card/ }).check();
    await button(page, /^Pay /).dblclick();
    await sees(page, 'You can try 2 more times.');
    assert.equal((await market.payments(person, order)).length, 1);
  });

  test(`an order is cancelled: ${how}`, async (t) => {
    const { person, page } = await somebody(t, { noScript });
    const order = await reserve(page, await offered());
    await button(page, 'Cancel this order').dblclick();
    await headed(page, ENDED);
    await sees(page, 'You cancelled it. You are not charged.');
    assert.equal((await market.order(person, order)).cancelReason, 'cancelled_by_buyer');
  });

  test(`a ticket is listed once, and withdrawn: ${how}`, async (t) => {
    const { person, page } = await somebody(t, { noScript });
    await fillIn(page, 'Macbeth');
    await button(page, 'Put it up for sale').dblclick();
    await headed(page, 'Macbeth');
    const [listing, ...others] = await market.listings(person);
    assert.deepEqual(others, []);
    await page.goto(`/tickets/${listing.id}/withdraw`);
    await button(page, 'Withdraw it').dblclick();
    await sees(page, /Taken off the market|You have withdrawn this ticket/);
    assert.equal((await market.ticket(listing.id)).status, 'withdrawn');
  });
}

test('a change is saved once', async (t) => {
  const { person, page } = await somebody(t);
  const listing = await market.offer(person);
  await page.goto(`/tickets/${listing.id}/edit`);
  await page.getByLabel('Price').fill('25');
  await button(page, 'Save').dblclick();
  await sees(page, 'Your changes are saved.');
  await isChangedOnce(listing, '25.00');
});

async function isChangedOnce(listing, price) {
  const changed = await market.ticket(listing.id);
  assert.deepEqual([changed.price, changed.version], [price, listing.version + 1]);
}

test('a change that is sent twice is saved, and is no conflict with itself', async (t) => {
  const { person, page } = await somebody(t, { noScript: true });
  const listing = await market.offer(person);
  await page.goto(`/tickets/${listing.id}/edit`);
  const { title, currency } = listing;
  const form = { ...(await fields(page)), title, currency, price: '25' };
  for (let time = 0; time < 2; time += 1) {
    const answer = await page.request.post(`/tickets/${listing.id}/edit`, { form });
    assert.equal(answer.status(), 200);
    assert.match(await answer.text(), /Your changes are saved\./);
  }
  await isChangedOnce(listing, '25.00');
});

test('an account is made once, and its session begins', async (t) => {
  const page = await visitor(t);
  await page.goto('/auth/signup');
  await (await fillDoor(page, { email: 'newcomer@example.com', password: 'correct horse' }, 'Sign up')).dblclick();
  await page.getByRole('link', { name: 'Account' }).waitFor();
  await page.goto('/account');
  await sees(page, 'newcomer@example.com');
});

test('one signs in, and out', async (t) => {
  const person = await market.person('door');
  const page = await visitor(t);
  await page.goto('/auth/signin');
  await (await fillDoor(page, person)).dblclick();
  await page.getByRole('link', { name: 'Account' }).waitFor();
  await page.goto('/orders');
  await headed(page, 'My orders');
  await button(page, 'Sign out').dblclick();
  await sees(page, 'You are signed out.');
  const { currentUser } = await (await page.request.get('/api/users/currentuser')).json();
  assert.equal(currentUser, null);
});

test('a password is changed, sessions are ended, and an account is deleted', async (t) => {
  const { person, page } = await somebody(t);
  await page.goto('/account');
  await page.getByLabel('Current password').fill(person.password);
  await page.getByLabel('New password').fill('battery staple');
  await button(page, 'Change password').dblclick();
  await sees(page, 'Your password is changed, and all your other sessions have ended.');

  await button(page, 'Sign out everywhere').dblclick();
  await sees(page, 'You are signed out.');
  await enter(page, { ...person, password: 'battery staple' });
  await page.getByRole('link', { name: 'Account' }).click();

  await page.getByLabel('Password', { exact: true }).fill('battery staple');
  await button(page, 'Delete my account').dblclick();
  await sees(page, 'Your account is deleted.');
});

test('a language is chosen', async (t) => {
  const page = await visitor(t);
  await page.goto('/');
  await button(page, 'Deutsch').dblclick();
  await headed(page, 'Plätze, die noch niemanden haben');
});

test('twins of one request, at the same moment, make one order, one payment and one listing', async (t) => {
  const { person, page } = await somebody(t, { noScript: true });
  const ticket = await offered();
  await page.goto(`/tickets/${ticket.id}`);
  const reserved = await twins(page, `/tickets/${ticket.id}`, await fields(page));
  await headed(page, 'Hamlet');
  await page.goto(reserved);
  await headed(page, TO_PAY);
  await twins(page, reserved, { ...(await fields(page)), token: 'tok_visa', do: 'pay' });
  await page.goto(reserved);
  await headed(page, RECEIPT);
  assert.deepEqual(await captured(person), { orders: 1, payments: ['captured'] });

  await fillIn(page, 'Macbeth');
  await twins(page, '/tickets/new', { ...(await fields(page)), title: 'Macbeth', price: '20', currency: 'usd', do: 'list' });
  assert.equal((await market.listings(person)).length, 1);
});

/** The hidden fields of the form in the page. */
async function fields(page) {
  const pairs = await page.locator('main input[type=hidden]').evaluateAll((inputs) =>
    inputs.map(({ name, value }) => [name, value]),
  );
  return Object.fromEntries(pairs);
}

/** Sends the same form twice at once. Both must lead to the same place, which is answered. */
async function twins(page, path, form) {
  const send = () => page.request.post(url + path, { form });
  const answers = await Promise.all([send(), send()]);
  const places = answers.map((answer) => new URL(answer.url()).pathname);
  assert.deepEqual(answers.map((answer) => answer.status()), [200, 200]);
  assert.equal(places[0], places[1]);
  return places[0];
}
