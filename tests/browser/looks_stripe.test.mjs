// What people see of cards and money where Stripe takes the cards: those who pay, and those who are paid.

import { at, gallery } from './lib/gallery.mjs';
import { button, ENDED, headed, RECEIPT, sees, TO_PAY } from './lib/pages.mjs';
import { BANK, bankFrame, cardFrame, operate, stripeScene, TO_BANK } from './lib/stripe.mjs';
import { eventually } from './lib/waiting.mjs';

const ASKED = 'pm_card_threeDSecure2Required';

const { double, server, visitor, market } = await stripeScene();

const people = ['seller', 'buyer', 'newcomer', 'debtor'].map((name) => market.person(name));
const [seller, buyer, newcomer, debtor] = await Promise.all(people);

/** An order that waits to be paid. */
async function order(title, of = seller, details = {}) {
  const ticket = await market.offer(of, { title, ...details });
  return market.reserve(buyer, ticket.id);
}

/** One that was charged. */
async function charged(...what) {
  const { id } = await order(...what);
  await market.pay(buyer, id, 'pm_card_visa');
  await eventually('it to be charged', async () => (await market.payments(buyer, id))[0].status === 'captured');
  return id;
}

async function refund(id, ...how) {
  await operate(server, 'refund', id, '--reason', 'The singer has lost her voice', ...how);
}

async function intentOf(id) {
  const intents = await double.ask('GET', 'intents');
  return intents.find(({ metadata }) => metadata.tessera_order === id).id;
}

/** One whose bank answered after its end, and that was charged all the same. */
async function late(tries = 5) {
  const { id } = await order('Too late');
  await market.pay(buyer, id, ASKED);
  await double.ask('POST', 'webhooks/mode', { kind: 'drop' });
  const intent = await intentOf(id);
  await double.ask('POST', `intents/${intent}/authenticate`, { outcome: 'succeed' });
  await double.ask('POST', `intents/${intent}/capture`);
  await double.ask('POST', 'webhooks/mode', { kind: 'deliver' });
  // The server may have looked just then, and have heard of it in time: then the next one comes too late.
  const refused = await market.refusal(buyer, 'DELETE', `/api/orders/${id}`);
  if (refused === 409 && tries > 1) return late(tries - 1);
  if (refused !== null) throw new Error(`no order could be cancelled: ${refused}`);
  await eventually('it to be given back', async () => (await market.payments(buyer, id))[0].status === 'refunded');
  return id;
}

const free = await market.offer(newcomer, { title: 'Macbeth' });
const toPay = await order('Hamlet');
const declined = await order('Declined');
await market.refusal(buyer, 'POST', '/api/payments', { orderId: declined.id, token: 'tok_chargeDeclinedIncorrectCvc' });
const asked = await order('Asked');
await market.pay(buyer, asked.id, ASKED);
const tooLate = await late();
const whole = await charged('Called off');
await refund(whole);
const part = await charged('Began late', seller, { currency: 'usd' });
await refund(part, '--amount', '20.00');
const disputed = await charged(`Donaudampfschifffahrtsgesellschaftskapitän${' and a title that goes on'.repeat(3)}`, seller, {
  currency: 'usd',
  price: '123456.78',
});
await double.ask('POST', `intents/${await intentOf(disputed)}/dispute`, { reason: 'fraudulent' });
await operate(server, 'payout', seller.id, '--amount', '40.00', '--reference', 'Transfer 7');
await charged('In yen', seller, { currency: 'jpy', price: '12000' });
const owed = await charged('Owed', debtor);
await operate(server, 'payout', debtor.id, '--currency', 'gbp', '--reference', 'Transfer 8');
await refund(owed);
await eventually('the bank to ask for it back', async () => {
  const lines = (await market.ask(seller, 'GET', '/api/payments/statement')).body;
  return lines.some(({ kind }) => kind === 'freeze');
});

async function preview(page) {
  await page.goto('/tickets/new');
  await page.getByLabel('Title').fill('Macbeth');
  await page.getByLabel('Price').fill('80');
  await page.getByRole('complementary').getByText('You get $72.00 of it.').waitFor();
  await page.getByRole('complementary').getByText('$82.00').waitFor();
}

async function form(page, id, heading = TO_PAY) {
  await page.goto(`/orders/${id}`);
  await headed(page, heading);
  await cardFrame(page).getByLabel('Card number').waitFor();
}

async function incomplete(page) {
  await form(page, toPay.id);
  await button(page, /^Pay /).click();
  await page.getByRole('alert').getByText('Your card number is incomplete.').waitFor();
}

async function away(page) {
  await page.route('**/double/**', (route) => route.abort());
  await page.goto(`/orders/${toPay.id}`);
  await sees(page, 'The form for your card cannot be loaded.');
  await page.unroute('**/double/**');
}

async function anotherCard(page) {
  await page.goto(`/orders/${asked.id}`);
  await page.getByText('Use another card instead').click();
  await cardFrame(page).getByLabel('Card number').waitFor();
}

async function atTheBank(page) {
  await page.goto(`/orders/${asked.id}`);
  await button(page, TO_BANK).click();
  await bankFrame(page).getByRole('button').first().waitFor();
}

// What is aborted on purpose is asked of the double alone.
const expected = ({ kind, url }) => kind === 'request' && url.startsWith(double.url);

gallery((t, options) => visitor(t, { ...options, expected }), {
  'fee-preview': [newcomer, preview],
  'fee-own': [newcomer, at(`/tickets/${free.id}`, 'Macbeth', 'it includes a fee of £3.00. You get £108.00 of it.')],
  'fee-ticket': [buyer, at(`/tickets/${free.id}`, 'Macbeth', 'it includes a fee of £3.00.')],
  'card-form': [buyer, (page) => form(page, toPay.id)],
  'card-form-incomplete': [buyer, incomplete],
  'card-form-declined': [buyer, (page) => form(page, declined.id)],
  'card-form-away': [buyer, away],
  bank: [buyer, at(`/orders/${asked.id}`, BANK)],
  'bank-another-card': [buyer, anotherCard],
  'bank-asks': [buyer, atTheBank],
  'refund-whole': [buyer, at(`/orders/${whole}`, 'You were paid back', 'All that you paid goes back to your card.')],
  'refund-part': [buyer, at(`/orders/${part}`, RECEIPT, /of what you paid goes back to your card/)],
  'refund-too-late': [buyer, at(`/orders/${tooLate}`, ENDED, 'Your payment came too late')],
  balance: [seller, at('/listings', 'My listings', 'Held back until a bank decides')],
  statement: [seller, at('/listings/statement', 'Statement', 'Transfer 7')],
  'balance-owed': [debtor, at('/listings', 'My listings', 'You owe')],
  'statement-none': [newcomer, at('/listings/statement', 'Statement', 'Nothing has been sold yet.')],
});
