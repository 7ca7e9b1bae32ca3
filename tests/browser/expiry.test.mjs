// An order that is not paid in time, while people watch.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsShown } from './lib/clocks.mjs';
import { box, button, card, ENDED, headed, pay, RECEIPT, reserve, sees, TO_PAY, unmoved } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { eventually } from './lib/waiting.mjs';

const LOCK_SECONDS = 6;
/** What the end of the lock may take on its way to a page, on a busy machine. */
const LATE = 20_000;

const { visitor, market } = await scene({ LOCK_SECONDS: `${LOCK_SECONDS}` });

test('the countdown runs, the page says by itself that it was not paid, and another can buy the ticket', async (t) => {
  const [seller, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const [page, other] = [await visitor(t, { as: ada }), await visitor(t, { as: ben })];
  const home = await other.context().newPage();
  await Promise.all([other.goto(`/tickets/${ticket.id}`), home.goto('/')]);
  await reserve(page, ticket);
  const stayed = await Promise.all([page, other, home].map(unmoved));
  await box(other).getByText('Somebody is buying it right now.').waitFor();
  await card(home, ticket).getByText('Being bought right now').waitFor();

  await runsDown(page);
  await page.getByRole('heading', { name: ENDED }).waitFor({ timeout: LATE });
  await sees(page, 'It was not paid in time. You are not charged.');
  await button(other, 'Reserve and pay').waitFor();
  await card(home, ticket).getByText('Being bought right now').waitFor({ state: 'hidden' });
  await Promise.all(stayed.map((check) => check()));

  await button(other, 'Reserve and pay').click();
  await headed(other, TO_PAY);
  await pay(other);
  await headed(other, RECEIPT);
});

async function runsDown(page) {
  const first = await secondsShown(page);
  assert.ok(first <= LOCK_SECONDS, `${first} seconds of ${LOCK_SECONDS}`);
  await eventually('the countdown to run', async () => (await secondsShown(page)) < first);
}

test('who pays too late is told that the time is over, and is not charged', async (t) => {
  const [seller, ada] = await Promise.all(['sam', 'ada'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: ada, noScript: true });
  const order = await reserve(page, ticket);
  await market.orderIs(ada, order, 'cancelled', 20);
  // Without scripts the page looks again by itself; a form that was sent just before that is answered like this.
  const form = { do: 'pay', token: 'tok_visa', key: 'late' };
  const answer = await page.request.post(`/orders/${order}`, { form });
  assert.equal(answer.status(), 200);
  assert.match(await answer.text(), /It was not paid in time\. You are not charged\./);
  assert.deepEqual(await market.payments(ada, order), []);
});
