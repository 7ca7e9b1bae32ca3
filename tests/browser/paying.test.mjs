// Cards that are declined: what is said, what is kept, and when it ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { button, ENDED, headed, pay, RECEIPT, reserve, sees, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

/** Somebody at the page of an order that waits to be paid. */
async function payer(t) {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: buyer });
  return { page, buyer, ticket, order: await reserve(page, ticket) };
}

/** How each try ended, the newest first. */
async function statuses({ buyer, order }) {
  return market.outcomes(buyer, order);
}

test('after a decline another card is accepted, and a reload forgets nothing', async (t) => {
  const { page, buyer, order } = await payer(t);
  await pay(page, 'Declined card');
  await sees(page, 'Your card was declined. You can try 2 more times.');
  await page.reload();
  await sees(page, 'Your card was declined. You can try 2 more times.');
  await headed(page, TO_PAY);
  await pay(page, 'Visa');
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.deepEqual(await statuses({ buyer, order }), ['captured', 'declined']);
});

test('an empty card and an expired one have words of their own, with what is left to try', async (t) => {
  const { page } = await payer(t);
  await pay(page, 'Empty card');
  await sees(page, 'Your card has too little money on it. You can try 2 more times.');
  await pay(page, 'Old card');
  await sees(page, 'Your card has expired. You can try once more.');
});

test('the third decline ends the order, and its ticket is for sale again', async (t) => {
  const { page, buyer, order, ticket } = await payer(t);
  await pay(page, 'Declined card');
  await sees(page, 'You can try 2 more times.');
  await pay(page, 'Declined card');
  await sees(page, 'You can try once more.');
  await pay(page, 'Declined card');
  await headed(page, ENDED);
  await sees(page, 'Your card was declined too often. You are not charged.');
  assert.deepEqual(await statuses({ buyer, order }), ['declined', 'declined', 'declined']);
  await market.ticketIs(ticket.id, 'available');
  await page.getByRole('link', { name: 'Look at the ticket' }).click();
  await button(page, 'Reserve and pay').waitFor();
});

test('a card that no form offers is refused on the page, and costs no try', async (t) => {
  const { page, buyer, order } = await payer(t);
  // In one go: the page may read itself anew at any moment.
  await page.getByRole('radio', { name: /^Visa/ }).evaluate((radio) => {
    radio.value = 'tok_somebody_elses';
    radio.form.requestSubmit(radio.form.querySelector('button[value=pay]'));
  });
  await sees(page, 'Choose one of the test cards.');
  assert.deepEqual(await statuses({ buyer, order }), []);
  await pay(page);
  await headed(page, RECEIPT);
});
