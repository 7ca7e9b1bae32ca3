// An order that ends while its buyer enters a card, or is with their bank: nobody is charged, and everybody is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeAway } from './lib/database.mjs';
import { ENDED, headed, reserve, sees } from './lib/pages.mjs';
import { answerBank, bankFrame, CARDS, cardFrame, enterCard, hasKeptNoCard, payByCard, stripeScene } from './lib/stripe.mjs';

const LOCK_SECONDS = 8;
/** What the end of the lock may take on its way to a page, on a busy machine. */
const LATE = { timeout: 25_000 };

const { double, server, visitor, market } = await stripeScene({ LOCK_SECONDS: `${LOCK_SECONDS}` });

async function payer(t, name) {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person(name)]);
  const page = await visitor(t, { as: buyer });
  const ticket = await market.offer(seller);
  return { page, ticket, buyer, order: await reserve(page, ticket) };
}

test('the time runs out over a form that is filled in: nothing is charged, and the page says so', async (t) => {
  const { page, ticket } = await payer(t, 'ada');
  await enterCard(page, CARDS.accepted);
  await page.getByRole('heading', { level: 1, name: ENDED }).waitFor(LATE);
  await sees(page, 'It was not paid in time. You are not charged.');
  assert.equal(await page.locator('iframe').count(), 0);
  assert.deepEqual(await double.movements(), []);
  await market.ticketIs(ticket.id, 'available');
});

test('the time runs out while the bank waits: what it answers then charges nothing', async (t) => {
  const { page, ticket, buyer, order } = await payer(t, 'ben');
  await payByCard(page, CARDS.asked);
  await bankFrame(page).getByRole('heading').waitFor();
  await page.getByRole('heading', { level: 1, name: ENDED, includeHidden: true }).waitFor(LATE);
  await market.ticketIs(ticket.id, 'available');
  await answerBank(page);
  await headed(page, ENDED);
  await sees(page, 'It was not paid in time. You are not charged.');
  await sees(page, 'Released: your card is not charged');
  assert.deepEqual((await market.payments(buyer, order)).map(({ status }) => status), ['voided']);
  const held = (await double.movements()).filter((movement) => !movement.startsWith('release'));
  assert.ok(!held.some((movement) => movement.startsWith('capture')), held.join());
});

test('listings are shown also while payments cannot tell what they brought in', async (t) => {
  const seller = await market.person('sam');
  const page = await visitor(t, { as: seller });
  takeAway(server, 'payments', 'entries');
  await page.goto('/listings');
  await headed(page, 'My listings');
  await page.getByRole('heading', { level: 2, name: 'Hamlet' }).first().waitFor();
  assert.equal(await page.getByText('Your money').count(), 0);
  assert.equal(await cardFrame(page).owner().count(), 0);
});

test('after all of that, no number of a card is in any database, event or line of a log', () => hasKeptNoCard(server));
