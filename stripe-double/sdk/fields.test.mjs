// The double's objects have the fields that the official library's types promise, and no others.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Stripe from 'stripe';
import { startDouble } from './double.mjs';
import { fieldsOf } from './fields.mjs';

const double = await startDouble();
after(() => double.stop());

const { hostname: host, port, protocol } = double.url;
const stripe = new Stripe(double.secretKey, { host, port, protocol: protocol.slice(0, -1), telemetry: false });

const intent = await stripe.paymentIntents.create({
  amount: 10_000,
  currency: 'usd',
  confirm: true,
  allowed_payment_method_types: ['card'],
  payment_method: 'pm_card_visa',
});
const charge = await stripe.charges.retrieve(intent.latest_charge);
const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 100 });
const { id: disputed } = await double.control(`intents/${intent.id}/dispute`, { reason: 'fraudulent' });
const { data: [event] } = await stripe.events.list({ limit: 1 });

const objects = {
  PaymentIntent: intent,
  Charge: charge,
  Refund: refund,
  Dispute: await stripe.disputes.retrieve(disputed),
  BalanceTransaction: await stripe.balanceTransactions.retrieve(charge.balance_transaction),
  PaymentMethod: await stripe.paymentMethods.retrieve(intent.payment_method),
  ConfirmationToken: await stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa' }),
  Event: event,
  WebhookEndpoint: await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/', enabled_events: ['*'] }),
};

for (const [name, object] of Object.entries(objects)) {
  test(`a ${name} has its fields`, () => {
    const promised = fieldsOf(`${name}s`, name);
    const missing = [...promised].filter(([field, mayBeAbsent]) => !mayBeAbsent && !(field in object));
    assert.deepEqual(missing.map(([field]) => field), [], 'missing');
    const unknown = Object.keys(object).filter((field) => field !== 'lastResponse' && !promised.has(field));
    assert.deepEqual(unknown, [], 'unknown');
  });
}
