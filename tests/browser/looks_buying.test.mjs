// The pages of people who look, and who buy.

import { at, gallery } from './lib/gallery.mjs';
import { button, card, enter, RECEIPT, sees, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const NOBODY = null;
const EVENTS = [
  { title: 'Hamlet', row: '12', seat: '7' },
  { title: 'Die Zauberflöte', category: 'opera', price: '1250.50', currency: 'eur', city: 'Wien', country: 'AT' },
  { title: 'Giants – Rangers', category: 'sports', currency: 'usd', startsAt: null, timeZone: null },
  { title: `Donaudampfschifffahrtsgesellschaftskapitän${' and a title that goes on'.repeat(3)}`, venue: null },
];

const expected = ({ status }) => status === 404;
const { visitor, market } = await scene();

const [seller, buyer, newcomer, other] = await Promise.all(
  ['seller', 'buyer', 'newcomer', 'other'].map((name) => market.person(name)),
);
const [free] = await Promise.all(EVENTS.map((event) => market.offer(seller, event)));
const offer = (title) => market.offer(seller, { title });

const mine = await offer('Held by me');
const toPay = await market.reserve(buyer, mine.id);
const declined = await market.reserve(buyer, (await offer('Declined')).id);
await market.refusal(buyer, 'POST', '/api/payments', { orderId: declined.id, token: 'tok_chargeDeclined' });
const bought = await offer('Bought');
const receipt = await market.buy(buyer, bought.id);
const ended = await market.reserve(buyer, (await offer('Ended')).id);
await market.cancel(buyer, ended.id);
const held = await offer('Held by another');
await market.reserve(other, held.id);
const withdrawn = await offer('Withdrawn');
await market.ask(seller, 'DELETE', `/api/tickets/${withdrawn.id}`);
await market.ticketIs(bought.id, 'sold');

async function beingBought(page) {
  await page.goto('/');
  // As the page's own script does when it hears of it; whoever loads the page then finds the ticket gone from it.
  await card(page, free).evaluate((card) => (card.dataset.status = 'reserved'));
  await card(page, free).getByText('Being bought right now').waitFor();
}

async function filters(page) {
  await page.goto('/?category=opera&minPrice=cheap&from=tomorrow');
  await page.getByRole('alert').waitFor();
}

async function wrongSignIn(page) {
  await page.goto('/auth/signin');
  await enter(page, { email: 'nobody@example.com', password: 'not a password' });
  await sees(page, 'No account has this address and this password.');
}

async function wrongSignUp(page) {
  await page.goto('/auth/signup');
  await enter(page, { email: 'nobody', password: 'short' }, 'Sign up');
  await sees(page, 'A password has 8 to 128 characters.');
}

async function wrongPassword(page) {
  await page.goto('/account');
  await button(page, 'Change password').click();
  await page.locator('[aria-invalid=true]').first().waitFor();
}

gallery((t, options) => visitor(t, { ...options, expected }), {
  home: [NOBODY, beingBought],
  'home-filters-wrong': [NOBODY, filters],
  'home-nothing-found': [NOBODY, at('/?q=nothing', null, 'No ticket fits.')],
  'ticket-nobody': [NOBODY, at(`/tickets/${free.id}`, 'Hamlet', 'Sign in to buy')],
  'sign-in': [NOBODY, at('/auth/signin?why=ended', 'Sign in', 'Your session has ended.')],
  'sign-in-wrong': [NOBODY, wrongSignIn],
  'sign-up-wrong': [NOBODY, wrongSignUp],
  'not-found': [NOBODY, at('/nowhere', 'There is nothing here')],
  ticket: [buyer, at(`/tickets/${free.id}`, 'Hamlet', 'Reserve and pay')],
  'ticket-mine': [buyer, at(`/tickets/${mine.id}`, null, 'You have reserved this ticket.')],
  'ticket-held': [buyer, at(`/tickets/${held.id}`, null, 'Somebody is buying it right now.')],
  'ticket-bought': [buyer, at(`/tickets/${bought.id}`, null, 'This ticket is yours.')],
  'ticket-withdrawn': [buyer, at(`/tickets/${withdrawn.id}`, null, 'This ticket is no longer for sale.')],
  'order-to-pay': [buyer, at(`/orders/${toPay.id}`, TO_PAY)],
  'order-declined': [buyer, at(`/orders/${declined.id}`, TO_PAY, 'Your card was declined.')],
  'order-receipt': [buyer, at(`/orders/${receipt.id}`, RECEIPT, /Paid on /)],
  'order-ended': [buyer, at(`/orders/${ended.id}`, null, 'You cancelled it.')],
  orders: [buyer, at('/orders', 'My orders', 'To be paid')],
  'not-yours': [newcomer, at(`/orders/${toPay.id}`, 'That is not yours')],
  'orders-none': [newcomer, at('/orders', 'My orders', 'You have not ordered a ticket yet.')],
  account: [newcomer, at('/account', 'Account')],
  'account-wrong': [newcomer, wrongPassword],
});
