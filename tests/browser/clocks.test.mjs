// The countdown is right whatever the clocks of the visitor's machine say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jump, secondsLeft, secondsShown, standStill, wrongClock } from './lib/clocks.mjs';
import { reserve } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { eventually } from './lib/waiting.mjs';

const HOUR = 3_600_000;
/** It is written in whole seconds, and once in a second; the rest is for a busy machine. */
const TOLERANCE = 2.5;

const { visitor, market } = await scene();

/** Somebody who has a while to pay, on a machine whose clock is wrong by so much. */
async function payer(t, wrongBy = 0) {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: buyer });
  if (wrongBy) await wrongClock(page, wrongBy);
  const id = await reserve(page, ticket);
  return { page, order: await market.order(buyer, id) };
}

async function isRight({ page, order }) {
  const shown = await secondsShown(page);
  const left = secondsLeft(order);
  assert.ok(Math.abs(shown - left) < TOLERANCE, `${shown} seconds are shown, ${left} are left`);
}

function becomesRight({ page, order }) {
  const looks = async () => Math.abs((await secondsShown(page)) - secondsLeft(order)) < TOLERANCE;
  return eventually('the countdown to be right again', looks);
}

test('it is right at once, and after a reload', async (t) => {
  const payment = await payer(t);
  await isRight(payment);
  await payment.page.reload();
  await isRight(payment);
});

for (const hours of [-5, 7]) {
  test(`it is right where the clock is wrong by ${hours} hours`, async (t) => {
    const payment = await payer(t, hours * HOUR);
    assert.ok(Math.abs((await payment.page.evaluate(() => Date.now())) - Date.now() - hours * HOUR) < 60_000);
    await isRight(payment);
    await payment.page.reload();
    await isRight(payment);
    const before = await secondsShown(payment.page);
    await eventually('it to run', async () => (await secondsShown(payment.page)) < before);
    await isRight(payment);
  });
}

test('after a sleep the page asks the server, and the countdown is right', async (t) => {
  const payment = await payer(t);
  const { page } = payment;
  const asked = page.waitForRequest((request) => request.url() === page.url() && request.resourceType() === 'fetch');
  await jump(page, 300_000);
  await (await asked).response();
  await isRight(payment);
});

test('time for which the page stood still is gone from the countdown, too', async (t) => {
  const payment = await payer(t);
  await standStill(payment.page, 120_000);
  await becomesRight(payment);
  // It stays so: the next ticks count from there.
  const before = await secondsShown(payment.page);
  await eventually('it to run', async () => (await secondsShown(payment.page)) < before - 1);
  await isRight(payment);
});
