// Two people in two browsers meet at one ticket. What one does the other sees, without reloading anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deaf } from './lib/live.mjs';
import { box, button, card, ENDED, headed, orderAt, pay, RECEIPT, reserve, sees, TO_PAY, unmoved } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

/** A ticket, its page for one person, and both its page and the home page open before another. */
async function meeting(t) {
  const [seller, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const [page, other] = [await visitor(t, { as: ada }), await visitor(t, { as: ben })];
  const home = await other.context().newPage();
  await Promise.all([other.goto(`/tickets/${ticket.id}`), home.goto('/')]);
  await card(home, ticket).waitFor();
  const stay = await Promise.all([unmoved(other), unmoved(home)]);
  return { ticket, page, other, home, ada, ben, stayed: () => Promise.all(stay.map((check) => check())) };
}

async function seesThatItIsTaken({ ticket, other, home }) {
  await box(other).getByText('Somebody is buying it right now.').waitFor();
  await button(other, 'Reserve and pay').waitFor({ state: 'detached' });
  await card(home, ticket).getByText('Being bought right now').waitFor();
}

test('when one reserves and pays, the other sees it being bought, and then sold', async (t) => {
  const both = await meeting(t);
  const { ticket, page, other, home } = both;
  assert.ok(await card(home, ticket).getByText('Being bought right now').isHidden());
  await reserve(page, ticket);
  await seesThatItIsTaken(both);
  await pay(page);
  await headed(page, RECEIPT);
  await box(other).getByText('This ticket is sold.').waitFor();
  await card(home, ticket).waitFor({ state: 'hidden' });
  await both.stayed();
});

test('when one cancels, the other can buy it', async (t) => {
  const both = await meeting(t);
  const { ticket, page, other, home, ada, ben } = both;
  const first = await reserve(page, ticket);
  await seesThatItIsTaken(both);
  await button(page, 'Cancel this order').click();
  await headed(page, ENDED);
  await sees(page, 'You cancelled it. You are not charged.');
  await button(other, 'Reserve and pay').waitFor();
  await card(home, ticket).getByText('Being bought right now').waitFor({ state: 'hidden' });
  await both.stayed();

  await button(other, 'Reserve and pay').click();
  await headed(other, TO_PAY);
  assert.notEqual(orderAt(other), first);
  await pay(other);
  await headed(other, RECEIPT);
  assert.equal((await market.order(ada, first)).status, 'cancelled');
  assert.equal((await market.order(ben, orderAt(other))).status, 'complete');
});

test('who comes second is told so, and charged nothing', async (t) => {
  const [seller, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: ben });
  await deaf(page);
  await page.goto(`/tickets/${ticket.id}`);
  await market.reserve(ada, ticket.id);
  await button(page, 'Reserve and pay').click();
  await box(page).getByText('Somebody else was faster, and is buying it right now.').waitFor();
  assert.deepEqual((await market.orders(ben)).filter((order) => order.ticket.id === ticket.id), []);
});

test('a price that changed meanwhile is shown before it is paid', async (t) => {
  const [seller, ada] = await Promise.all(['sam', 'ada'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: ada });
  await deaf(page);
  await page.goto(`/tickets/${ticket.id}`);
  await market.reprice(seller, ticket.id, '130.00');
  await button(page, 'Reserve and pay').click();
  await box(page).getByText('Its price has changed since you looked. Here is the new one.').waitFor();
  await box(page).getByText('£130.00').waitFor();
  await button(page, 'Reserve and pay').click();
  await headed(page, TO_PAY);
  await button(page, 'Pay £130.00').waitFor();
});

test('an order goes from reserved to its receipt by itself, in every tab that shows it', async (t) => {
  const { ticket, page, ada } = await meeting(t);
  const order = await reserve(page, ticket);
  const second = await page.context().newPage();
  await second.goto(`/orders/${order}`);
  await headed(second, TO_PAY);
  const stayed = await Promise.all([page, second].map(unmoved));
  await market.pay(ada, order);
  for (const tab of [page, second]) {
    await headed(tab, RECEIPT);
    await sees(tab, /Paid on /);
  }
  await Promise.all(stayed.map((check) => check()));
});
