// Tabs, the back button and reloads, at every step of a purchase: one order and one payment come of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, button, ENDED, headed, orderAt, pay, RECEIPT, reserve, sees, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

/** A person whom no other test knows, and a ticket for them. */
async function buyer(t) {
  const [seller, person] = await Promise.all([market.person('sam'), market.person(`buyer-${(buyers += 1)}`)]);
  return { person, ticket: await market.offer(seller), page: await visitor(t, { as: person }) };
}
let buyers = 0;

async function boughtOnce(person) {
  const orders = await market.orders(person);
  assert.equal(orders.length, 1);
  assert.deepEqual(await market.outcomes(person, orders[0].id), ['captured']);
}

test('an order that is cancelled in one tab is cancelled in the other', async (t) => {
  const { ticket, page, person } = await buyer(t);
  const order = await reserve(page, ticket);
  const second = await page.context().newPage();
  await second.goto(`/orders/${order}`);
  await button(second, 'Cancel this order').click();
  for (const tab of [second, page]) {
    await headed(tab, ENDED);
    await sees(tab, 'You cancelled it. You are not charged.');
  }
  assert.equal((await market.order(person, order)).cancelReason, 'cancelled_by_buyer');
  await page.getByRole('link', { name: 'Look at the ticket' }).click();
  await button(page, 'Reserve and pay').waitFor();
});

test('who pays in one tab cannot cancel in another that is older', async (t) => {
  const { ticket, page, person } = await buyer(t);
  const order = await reserve(page, ticket);
  const old = await page.context().newPage();
  await old.goto(`/orders/${order}`);
  await market.pay(person, order);
  await market.orderIs(person, order, 'complete');
  const answer = await old.request.post(`/orders/${order}`, { form: { do: 'cancel' } });
  assert.equal(answer.status(), 409);
  assert.match(await answer.text(), /This order is complete, and can no longer be cancelled\./);
  await boughtOnce(person);
});

test('a reload at every step changes nothing', async (t) => {
  const { ticket, page, person } = await buyer(t);
  await page.goto(`/tickets/${ticket.id}`);
  await page.reload();
  await button(page, 'Reserve and pay').click();
  await headed(page, TO_PAY);
  await page.reload();
  await headed(page, TO_PAY);
  assert.equal((await market.orders(person)).length, 1);
  await pay(page);
  await headed(page, RECEIPT);
  await page.reload();
  await headed(page, RECEIPT);
  await boughtOnce(person);
});

test('back from the order to the ticket shows where it stands, and on to the payment', async (t) => {
  const { ticket, page, person } = await buyer(t);
  const order = await reserve(page, ticket);
  await page.goBack();
  await box(page).getByText('You have reserved this ticket.').waitFor();
  await box(page).getByRole('link', { name: 'Continue to payment' }).click();
  await headed(page, TO_PAY);
  assert.equal(orderAt(page), order);
  await pay(page);
  await headed(page, RECEIPT);
  await boughtOnce(person);
});

test('back from the receipt pays nothing again, and the ticket is known as one’s own', async (t) => {
  const { ticket, page, person } = await buyer(t);
  await reserve(page, ticket);
  await pay(page);
  await headed(page, RECEIPT);
  // Where one has paid is the receipt now.
  await page.goBack();
  await headed(page, RECEIPT);
  assert.equal(await button(page, /^Pay /).count(), 0);
  await page.goBack();
  await box(page).getByText('This ticket is yours.').waitFor();
  await page.goForward();
  await headed(page, RECEIPT);
  await page.goBack();
  await box(page).getByRole('link', { name: 'See the receipt' }).click();
  await headed(page, RECEIPT);
  await boughtOnce(person);
});

test('a reload after a decline tries no card again', async (t) => {
  const { ticket, page, person } = await buyer(t);
  const order = await reserve(page, ticket);
  await pay(page, 'Declined card');
  await sees(page, 'You can try 2 more times.');
  await page.reload();
  await sees(page, 'You can try 2 more times.');
  assert.equal((await market.payments(person, order)).length, 1);
});

test('a form that was refused keeps its sense over a reload, and is listed once when it is mended', async (t) => {
  const { page, person } = await buyer(t);
  await page.goto('/tickets/new');
  await page.getByLabel('Title').fill('Macbeth');
  await page.getByLabel('Price').fill('free');
  await button(page, 'Put it up for sale').click();
  await sees(page, 'Please look at these once more');
  await page.reload();
  await sees(page, 'Please look at these once more');
  assert.equal(await page.getByLabel('Title').inputValue(), 'Macbeth');
  await page.getByLabel('Price').fill('12.50');
  await button(page, 'Put it up for sale').click();
  await sees(page, 'Your ticket is for sale.');
  await page.reload();
  assert.equal((await market.listings(person)).length, 1);
});

test('a form that is sent again after going back lists nothing twice', async (t) => {
  const { page, person } = await buyer(t);
  await page.goto('/tickets/new');
  const key = await page.locator('input[name=key]').inputValue();
  const form = { title: 'Othello', price: '20', currency: 'usd', key, do: 'list' };
  const addresses = [];
  for (let time = 0; time < 2; time += 1) {
    const answer = await page.request.post('/tickets/new', { form });
    addresses.push(answer.url());
  }
  assert.equal(addresses[0], addresses[1]);
  assert.equal((await market.listings(person)).length, 1);
});
