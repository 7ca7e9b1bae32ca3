// The pages of people who sell.

import { at, gallery } from './lib/gallery.mjs';
import { button, sees } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';

const { visitor, market } = await scene();

const [seller, buyer, newcomer] = await Promise.all(['seller', 'buyer', 'newcomer'].map((name) => market.person(name)));
const offer = (title, details) => market.offer(seller, { title, ...details });

const free = await offer('Hamlet', { row: '12', seat: '7' });
const held = await offer('Held');
await market.reserve(buyer, held.id);
const sold = await offer('Sold');
await market.buy(buyer, sold.id);
await market.ticketIs(sold.id, 'sold');
const withdrawn = await offer('Withdrawn');
await market.ask(seller, 'DELETE', `/api/tickets/${withdrawn.id}`);

async function preview(page) {
  await page.goto('/tickets/new');
  await page.getByLabel('Title').fill('Macbeth');
  await page.getByLabel('Price').fill('80');
  await page.getByRole('complementary').getByText('Macbeth').waitFor();
}

async function wrongListing(page) {
  await page.goto('/tickets/new');
  await page.getByLabel('Venue').fill('v'.repeat(101));
  await page.getByLabel('Price').fill('free');
  await button(page, 'Put it up for sale').click();
  await sees(page, 'Please look at these once more');
}

async function conflict(page) {
  await page.goto(`/tickets/${free.id}/edit`);
  await page.locator('input[name=version]').evaluate((input) => (input.value = '0'));
  // What says the same as the listing is no conflict.
  await page.getByLabel('Price').fill('777');
  await button(page, 'Save').click();
  await sees(page, 'This listing was changed elsewhere since you opened it.');
}

gallery(visitor, {
  'sell-preview': [seller, preview],
  'sell-wrong': [seller, wrongListing],
  edit: [seller, at(`/tickets/${free.id}/edit`, 'Change your listing')],
  'edit-conflict': [seller, conflict],
  withdraw: [seller, at(`/tickets/${free.id}/withdraw`, 'Withdraw this listing?')],
  'ticket-own': [seller, at(`/tickets/${free.id}?listed`, 'Hamlet', 'Your ticket is for sale.')],
  'ticket-own-held': [seller, at(`/tickets/${held.id}`, 'Held', 'Somebody is paying for your ticket.')],
  'ticket-own-sold': [seller, at(`/tickets/${sold.id}`, 'Sold', 'You have sold this ticket.')],
  'ticket-own-withdrawn': [seller, at(`/tickets/${withdrawn.id}`, 'Withdrawn', 'You have withdrawn this ticket.')],
  listings: [seller, at('/listings', 'My listings', 'Taken off the market')],
  'sign-out': [seller, at('/auth/signout', 'Sign out?')],
  'listings-none': [newcomer, at('/listings', 'My listings', 'You have not listed a ticket yet.')],
  sell: [newcomer, at('/tickets/new', 'Sell a ticket')],
});
