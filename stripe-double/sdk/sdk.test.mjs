// Stripe's official library for Node.js drives the double, as it would drive Stripe.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Stripe from 'stripe';
import { startDouble } from './double.mjs';
import { startReceiver } from './receiver.mjs';

const double = await startDouble();
after(() => double.stop());

const { hostname: host, port, protocol } = double.url;
const settings = { host, port, protocol: protocol.slice(0, -1), maxNetworkRetries: 0, telemetry: false };
const stripe = new Stripe(double.secretKey, settings);

/** What holds 100.00 on a card. */
const paying = (method = 'pm_card_visa', more = {}) => ({
  amount: 10_000,
  currency: 'usd',
  confirm: true,
  capture_method: 'manual',
  allowed_payment_method_types: ['card'],
  payment_method: method,
  metadata: { order: '7' },
  ...more,
});

async function taken() {
  const held = await stripe.paymentIntents.create(paying());
  return stripe.paymentIntents.capture(held.id);
}

/** How a call fails. */
async function failure(call) {
  const outcome = await call.then(() => null, (error) => error);
  assert.ok(outcome, 'it should have failed');
  return outcome;
}

test('the library speaks the version of the double', async () => {
  await stripe.paymentIntents.create(paying());
  const [first] = await double.control('requests');
  assert.equal(first.version, '2026-10-28.endive');
  assert.equal(first.call, 'create');
  assert.deepEqual(first.params.find(([name]) => name === 'metadata[order]'), ['metadata[order]', '7']);
});

test('an amount is held, and captured', async () => {
  const held = await stripe.paymentIntents.create(paying());
  assert.equal(held.status, 'requires_capture');
  assert.equal(held.amount_capturable, 10_000);
  const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 6_000 });
  assert.equal(captured.status, 'succeeded');
  assert.equal(captured.amount_received, 6_000);
  assert.match(captured.lastResponse.requestId, /^req_/);
  const error = await failure(stripe.paymentIntents.capture(held.id));
  assert.equal(error.type, 'StripeInvalidRequestError');
  assert.equal(error.code, 'payment_intent_unexpected_state');
  assert.equal(error.payment_intent.status, 'succeeded');
});

test('a held amount is released', async () => {
  const held = await stripe.paymentIntents.create(paying());
  const canceled = await stripe.paymentIntents.cancel(held.id, { cancellation_reason: 'abandoned' });
  assert.equal(canceled.status, 'canceled');
  assert.equal(canceled.cancellation_reason, 'abandoned');
});

test('it is made first, and confirmed with a confirmation token later', async () => {
  const made = await stripe.paymentIntents.create({ amount: 500, currency: 'eur', allowed_payment_method_types: ['card'] });
  assert.equal(made.status, 'requires_payment_method');
  const token = await stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa' });
  assert.equal((await stripe.confirmationTokens.retrieve(token.id)).payment_method_preview.card.last4, '4242');
  const paid = await stripe.paymentIntents.confirm(made.id, { confirmation_token: token.id });
  assert.equal(paid.status, 'succeeded');
});

test('authentication is asked for, and done', async () => {
  const waiting = await stripe.paymentIntents.create(paying('pm_card_threeDSecure2Required', { use_stripe_sdk: true }));
  assert.equal(waiting.status, 'requires_action');
  assert.equal(waiting.next_action.type, 'use_stripe_sdk');
  await double.control(`intents/${waiting.id}/authenticate`, { outcome: 'succeed' });
  assert.equal((await stripe.paymentIntents.retrieve(waiting.id)).status, 'requires_capture');
});

test('a decline is a card error, with its code and its intent', async () => {
  const error = await failure(stripe.paymentIntents.create(paying('pm_card_chargeDeclinedInsufficientFunds')));
  assert.ok(error instanceof Stripe.errors.StripeCardError);
  assert.equal(error.statusCode, 402);
  assert.equal(error.code, 'card_declined');
  assert.equal(error.decline_code, 'insufficient_funds');
  assert.equal(error.payment_intent.status, 'requires_payment_method');
  assert.match(error.charge, /^ch_/);
});

test('other errors are of their classes', async () => {
  const missing = await failure(stripe.paymentIntents.retrieve('pi_1'));
  assert.equal(missing.type, 'StripeInvalidRequestError');
  assert.equal(missing.code, 'resource_missing');
  const stranger = new Stripe('sk_test_other', settings);
  assert.equal((await failure(stranger.paymentIntents.list())).type, 'StripeAuthenticationError');
  await double.control('faults', { call: 'list', fault: { kind: 'too_many', retry_after: 1 } });
  assert.equal((await failure(stripe.paymentIntents.list())).type, 'StripeRateLimitError');
  // Twice: the library asks again by itself where a connection that it kept breaks, since it may just have been closed.
  await double.control('faults', { call: 'list', fault: { kind: 'drop_before' }, times: 2 });
  assert.equal((await failure(stripe.paymentIntents.list())).type, 'StripeConnectionError');
});

test('a key repeats its answer, and is not for another wish', async () => {
  const idempotencyKey = 'once';
  const first = await stripe.paymentIntents.create(paying(), { idempotencyKey });
  const again = await stripe.paymentIntents.create(paying(), { idempotencyKey });
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  const error = await failure(stripe.paymentIntents.create(paying('pm_card_mastercard'), { idempotencyKey }));
  assert.equal(error.type, 'StripeIdempotencyError');
  assert.equal(error.statusCode, 400);
});

test('the library tries again by itself, with the key that it made', async () => {
  const patient = new Stripe(double.secretKey, { ...settings, maxNetworkRetries: 2 });
  const before = (await stripe.paymentIntents.list({ limit: 100 })).data.length;
  await double.control('faults', { call: 'create', fault: { kind: 'drop_after' } });
  await double.control('faults', { call: 'create', fault: { kind: 'key_in_use' } });
  const made = await patient.paymentIntents.create(paying());
  const list = await stripe.paymentIntents.list({ limit: 100 });
  assert.equal(list.data.length, before + 1);
  assert.equal(list.data[0].id, made.id);
});

test('lists are read to their end', async () => {
  const start = Math.floor(Date.now() / 1000) - 3600;
  const made = [];
  for (let count = 0; count < 5; count += 1) made.unshift((await stripe.paymentIntents.create(paying())).id);
  const found = [];
  for await (const intent of stripe.paymentIntents.list({ limit: 2, created: { gte: start } })) found.push(intent.id);
  assert.deepEqual(found.slice(0, 5), made);
  const all = await stripe.paymentIntents.list({ limit: 2 }).autoPagingToArray({ limit: 5 });
  assert.deepEqual(all.map(({ id }) => id), made);
});

test('what was taken goes back', async () => {
  const { id } = await taken();
  const refund = await stripe.refunds.create({ payment_intent: id, amount: 4_000, reason: 'requested_by_customer' });
  assert.equal(refund.status, 'succeeded');
  await stripe.refunds.create({ payment_intent: id });
  const error = await failure(stripe.refunds.create({ payment_intent: id }));
  assert.equal(error.code, 'charge_already_refunded');
  const list = await stripe.refunds.list({ payment_intent: id });
  assert.deepEqual(list.data.map(({ amount }) => amount), [6_000, 4_000]);
  assert.equal((await stripe.refunds.retrieve(refund.id)).amount, 4_000);
});

test('a charge shows its fee', async () => {
  const { id } = await taken();
  const expand = ['latest_charge.balance_transaction'];
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(id, { expand });
  assert.equal(charge.captured, true);
  assert.equal(charge.balance_transaction.fee, 320);
  assert.equal(charge.balance_transaction.net, 9_680);
  assert.equal((await stripe.charges.retrieve(charge.id)).payment_intent, id);
  assert.equal((await stripe.balanceTransactions.retrieve(charge.balance_transaction.id)).type, 'charge');
});

test('events are listed by their types', async () => {
  const { id } = await taken();
  const { data } = await stripe.events.list({ types: ['payment_intent.succeeded'], limit: 1 });
  assert.equal(data[0].data.object.id, id);
  assert.equal((await stripe.events.retrieve(data[0].id)).type, 'payment_intent.succeeded');
});

test('a dispute is opened, and lost', async () => {
  const { id } = await taken();
  const opened = await double.control(`intents/${id}/dispute`, { reason: 'fraudulent' });
  assert.equal((await stripe.disputes.retrieve(opened.id)).status, 'needs_response');
  await double.control(`disputes/${opened.id}/close`, { outcome: 'lost' });
  const { data } = await stripe.disputes.list({ payment_intent: id });
  assert.deepEqual(data.map(({ status }) => status), ['lost']);
});

test('the library believes what the double signs, and nothing else', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  const endpoint = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['payment_intent.created'] });
  t.after(() => stripe.webhookEndpoints.del(endpoint.id));
  const held = await stripe.paymentIntents.create(paying());
  await double.control('webhooks/settle', {});
  const [{ body, signature }] = receiver.got;
  const event = stripe.webhooks.constructEvent(body, signature, endpoint.secret);
  assert.equal(event.type, 'payment_intent.created');
  assert.equal(event.data.object.id, held.id);
  const refused = { name: /./, type: 'StripeSignatureVerificationError' };
  assert.throws(() => stripe.webhooks.constructEvent(body.replace('10000', '1'), signature, endpoint.secret), refused);
  assert.throws(() => stripe.webhooks.constructEvent(body, signature, 'whsec_other'), refused);

  await double.control('webhooks/skew', { seconds: -301 });
  t.after(() => double.control('webhooks/skew', { seconds: 0 }));
  await stripe.paymentIntents.create(paying());
  await double.control('webhooks/settle', {});
  const late = receiver.got[1];
  assert.throws(() => stripe.webhooks.constructEvent(late.body, late.signature, endpoint.secret), refused);
});

test('both secrets are good while they are rotated', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  const endpoint = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] });
  t.after(() => stripe.webhookEndpoints.del(endpoint.id));
  const { secret } = await double.control(`webhooks/endpoints/${endpoint.id}/rotate`, {});
  await taken();
  await double.control('webhooks/settle', {});
  const { body, signature } = receiver.got[0];
  for (const good of [secret, endpoint.secret]) {
    assert.equal(stripe.webhooks.constructEvent(body, signature, good).object, 'event');
  }
});
