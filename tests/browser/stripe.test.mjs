// Cards in Stripe's own form, against a double of Stripe: from the listing to the receipt, and what may come in between.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { focus, tabTo } from './lib/keyboard.mjs';
import { box, button, card, ENDED, headed, orderAt, RECEIPT, reserve, sees, TO_PAY } from './lib/pages.mjs';
import { answerBank, BANK, bankFrame, cardFrame, CARDS, enterCard, hasKeptNoCard, payByCard, stripeScene, TO_BANK } from './lib/stripe.mjs';
import { eventually } from './lib/waiting.mjs';

const { double, server, visitor, market, url } = await stripeScene({ RUST_LOG: 'debug' });

/** What a ticket of 120 pounds costs with the buyer's fee of 2.5 %, and what its seller gets of that after 10 %. */
const ALL_IN = '£123.00';
const EARNED = '£108.00';

let people = 0;

/** Somebody whom no other test knows, and a ticket that they may buy. */
async function somebody(t, options) {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person(`buyer-${(people += 1)}`)]);
  const ticket = await market.offer(seller);
  return { buyer, ticket, page: await visitor(t, { as: buyer, ...options }) };
}

/** The same, at the page of an order that waits to be paid. */
async function payer(t, options) {
  const { buyer, ticket, page } = await somebody(t, options);
  return { buyer, ticket, page, order: await reserve(page, ticket) };
}

/** How each try ended, the newest first. */
async function statuses({ buyer, order }) {
  return market.outcomes(buyer, order);
}

/** What really moved for an order, as in `['authorize 12300', 'capture 12300']`. */
async function moved({ order }) {
  const movements = await double.ask('GET', 'movements');
  const own = movements.filter(({ metadata }) => metadata.tessera_order === order);
  return own.map(({ kind, amount }) => `${kind} ${amount}`);
}

const PAID = ['authorize 12300', 'capture 12300'];

test('a card is charged what was shown from the first look on, and its number is nowhere but with Stripe', async (t) => {
  const { buyer, ticket, page } = await somebody(t);
  const sent = [];
  page.on('request', (request) => request.url().startsWith(url) && sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.goto('/');
  await card(page, ticket).getByText(ALL_IN).waitFor();
  await card(page, ticket).getByRole('link', { name: 'Hamlet' }).click();
  await box(page).getByText(ALL_IN).waitFor();
  await box(page).getByText('That is all you pay; it includes a fee of £3.00.').waitFor();
  await button(page, 'Reserve and pay').click();
  await headed(page, TO_PAY);
  await sees(page, ALL_IN);
  await button(page, `Pay ${ALL_IN}`).waitFor();
  const order = orderAt(page);
  await enterCard(page, CARDS.accepted);
  const entered = await page.content();
  await button(page, /^Pay /).click();
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  await sees(page, ALL_IN);
  assert.deepEqual(await moved({ order }), PAID);
  assert.deepEqual(await statuses({ buyer, order }), ['captured']);
  const everywhere = [entered, await page.content(), sent.join('\n'), server.log()].join('\n');
  assert.ok(sent.some((request) => request.includes('token=ctoken_')), sent.join('\n'));
  assert.ok(!everywhere.includes(CARDS.accepted));
  assert.ok(!/4242[ -]?4242/.test(everywhere));
});

test('what is missing is said before anything is sent, and what is declined says why', async (t) => {
  const { page, buyer, order } = await payer(t);
  await cardFrame(page).getByLabel('Card number').fill('4242');
  await button(page, /^Pay /).click();
  await page.getByRole('alert').getByText('Your card number is incomplete.').waitFor();
  assert.equal(await button(page, /^Pay /).getAttribute('aria-disabled'), null);
  assert.deepEqual(await statuses({ buyer, order }), []);

  await payByCard(page, CARDS.empty);
  await sees(page, 'Your card has too little money on it. You can try 2 more times.');
  await payByCard(page, CARDS.lost);
  await sees(page, 'Your card was declined. You can try once more.');
  assert.deepEqual(await moved({ order }), []);
  await payByCard(page, CARDS.accepted);
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.deepEqual(await moved({ order }), PAID);
});

for (const [name, words] of Object.entries({
  declined: 'Your card was declined.',
  expired: 'Your card has expired.',
  wrongCode: 'The security code was not that of your card.',
  unprocessed: 'Your card could not be processed at this moment.',
})) {
  test(`a card that is ${name} is told of so`, async (t) => {
    const { page } = await payer(t);
    await payByCard(page, CARDS[name]);
    await sees(page, `${words} You can try 2 more times.`);
  });
}

test('a bank that asks is answered, and the ticket bought', async (t) => {
  const { page, buyer, order } = await payer(t);
  await payByCard(page, CARDS.asked);
  // At once, and without an address that a reload would ask by once more.
  await bankFrame(page).getByRole('heading').waitFor();
  await headed(page, BANK);
  assert.equal(new URL(page.url()).hash, '');
  assert.equal(await button(page, TO_BANK).getAttribute('aria-disabled'), 'true');
  await answerBank(page);
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.deepEqual(await moved({ order }), PAID);
  assert.deepEqual(await statuses({ buyer, order }), ['captured']);
  assert.ok(!server.log().includes('_secret_'));
});

test('who is not recognised by their bank is told so, and pays with another card', async (t) => {
  const { page, buyer, order } = await payer(t);
  await payByCard(page, CARDS.asked);
  await answerBank(page, 'Fail');
  await sees(page, /or it did not recognise you\. You can try 2 more times\./);
  await headed(page, TO_PAY);
  await payByCard(page, CARDS.accepted);
  await headed(page, RECEIPT);
  assert.deepEqual(await statuses({ buyer, order }), ['captured', 'declined']);
});

test('a bank may recognise somebody and decline all the same', async (t) => {
  const { page, order } = await payer(t);
  await payByCard(page, CARDS.askedAndEmpty);
  await answerBank(page);
  await sees(page, 'Your card has too little money on it. You can try 2 more times.');
  assert.deepEqual(await moved({ order }), []);
});

test('who closes the bank’s page gives up, and may cancel the order', async (t) => {
  const { page, order, ticket } = await payer(t);
  await payByCard(page, CARDS.asked);
  await bankFrame(page).getByRole('heading').waitFor();
  await page.keyboard.press('Escape');
  await sees(page, /You did not confirm this payment with your bank/);
  await headed(page, TO_PAY);
  await button(page, 'Cancel this order').click();
  await headed(page, ENDED);
  await sees(page, 'You cancelled it. You are not charged.');
  assert.deepEqual(await moved({ order }), []);
  await market.ticketIs(ticket.id, 'available');
});

test('a reload at any step forgets nothing, and asks nobody by itself', async (t) => {
  const { page, order } = await payer(t);
  await page.reload();
  await headed(page, TO_PAY);
  await payByCard(page, CARDS.declined);
  await sees(page, 'Your card was declined. You can try 2 more times.');
  await page.reload();
  await sees(page, 'Your card was declined. You can try 2 more times.');
  await payByCard(page, CARDS.asked);
  await bankFrame(page).getByRole('heading').waitFor();
  await page.reload();
  await headed(page, BANK);
  assert.equal(await page.locator('dialog').count(), 0);
  await button(page, TO_BANK).click();
  await answerBank(page);
  await headed(page, RECEIPT);
  await page.reload();
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.deepEqual(await moved({ order }), PAID);
});

test('while a bank waits another card may be taken instead, and the first can no longer be charged', async (t) => {
  const { page, buyer, order } = await payer(t);
  await payByCard(page, CARDS.asked);
  await bankFrame(page).getByRole('heading').waitFor();
  await page.reload();
  await headed(page, BANK);
  await page.getByText('Use another card instead').click();
  await payByCard(page, CARDS.accepted);
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.deepEqual(await statuses({ buyer, order }), ['captured', 'declined']);
  assert.deepEqual(await moved({ order }), PAID);
});

test('what the bank’s other channels answer reaches the open page', async (t) => {
  const { page, order } = await payer(t);
  await payByCard(page, CARDS.asked);
  await bankFrame(page).getByRole('heading').waitFor();
  await page.reload();
  await headed(page, BANK);
  const intents = await double.ask('GET', 'intents');
  const { id } = intents.find(({ metadata }) => metadata.tessera_order === order);
  await double.ask('POST', `intents/${id}/authenticate`, { outcome: 'succeed' });
  await headed(page, RECEIPT);
});

test('a button that is pressed twice in a hurry charges once', async (t) => {
  const { page, buyer, order } = await payer(t);
  const posts = [];
  page.on('request', (request) => request.method() === 'POST' && request.url().startsWith(url) && posts.push(request.url()));
  await enterCard(page, CARDS.accepted);
  await button(page, /^Pay /).dblclick();
  await headed(page, RECEIPT);
  await sees(page, /Paid on /);
  assert.equal(posts.length, 1);
  assert.deepEqual(await moved({ order }), PAID);
  assert.deepEqual(await statuses({ buyer, order }), ['captured']);
});

test('what was entered is kept while the page reads itself anew', async (t) => {
  const { page, buyer, order } = await payer(t);
  await enterCard(page, CARDS.accepted);
  const read = page.waitForResponse((answer) => answer.url() === page.url() && answer.request().resourceType() === 'fetch');
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await (await read).finished();
  await page.waitForTimeout(200);
  assert.equal(await cardFrame(page).getByLabel('Card number').inputValue(), CARDS.accepted);
  // Another tab ends the order: this one says so, and has no form any more.
  await market.cancel(buyer, order);
  await headed(page, ENDED);
  assert.equal(await page.locator('iframe').count(), 0);
});

/** Presses Tab until the focus is in a frame. */
async function tabIntoFrame(page) {
  await eventually('the focus to be in a frame', async () => {
    await page.keyboard.press('Tab');
    return page.evaluate(() => document.activeElement.tagName === 'IFRAME');
  });
}

test('one pays with a keyboard alone, also at the bank', async (t) => {
  const { page, order } = await payer(t);
  const { keyboard } = page;
  await cardFrame(page).getByLabel('Card number').waitFor();
  await tabIntoFrame(page);
  for (const text of [CARDS.asked, '1234', '123']) {
    await keyboard.type(text);
    await keyboard.press('Tab');
  }
  const { name, isSeen } = await focus(page);
  assert.ok(/^Pay /.test(name) && isSeen, name);
  await keyboard.press('Space');
  await bankFrame(page).getByRole('heading').waitFor();
  const complete = bankFrame(page).getByRole('button', { name: 'Complete authentication' });
  await eventually('the bank’s button to have the focus', async () => {
    if (await complete.evaluate((element) => element === document.activeElement && document.hasFocus())) return true;
    await keyboard.press('Tab');
    return false;
  });
  await keyboard.press('Enter');
  await headed(page, RECEIPT);
  assert.deepEqual(await moved({ order }), PAID);
});

test('by keyboard another card is found while the bank waits', async (t) => {
  const { page } = await payer(t);
  await payByCard(page, CARDS.asked);
  await bankFrame(page).getByRole('heading').waitFor();
  await page.reload();
  await headed(page, BANK);
  await tabTo(page, TO_BANK);
  await tabTo(page, 'Use another card instead');
  await page.keyboard.press('Enter');
  await cardFrame(page).getByLabel('Card number').waitFor();
  assert.ok((await page.locator('[data-element]').boundingBox()).height > 100);
});

test('where Stripe cannot be reached the page says so, and pays once it can be', async (t) => {
  const { page, order } = await payer(t, { expected: ({ url }) => url?.startsWith(double.url) });
  await page.route(`${double.url}/**`, (route) => route.abort());
  await page.reload();
  const unavailable = page.getByRole('alert').getByText('The form for your card cannot be loaded.');
  await unavailable.waitFor();
  await page.unroute(`${double.url}/**`);
  // The button tries once more.
  await button(page, /^Pay /).click();
  await cardFrame(page).getByLabel('Card number').waitFor();
  await payByCard(page, CARDS.accepted);
  await headed(page, RECEIPT);
  assert.deepEqual(await moved({ order }), PAID);
});

test('where Stripe is lost while a card is being sent, nothing is sent on', async (t) => {
  const { page, buyer, order } = await payer(t, { expected: ({ url }) => url?.startsWith(double.url) });
  await enterCard(page, CARDS.accepted);
  await page.route('**/v1/confirmation_tokens', (route) => route.abort());
  await button(page, /^Pay /).click();
  await page.getByRole('alert').getByText('cannot be reached').waitFor();
  assert.deepEqual(await statuses({ buyer, order }), []);
  await page.unroute('**/v1/confirmation_tokens');
  await button(page, /^Pay /).click();
  await headed(page, RECEIPT);
});

test('without scripts the page says what is missing, and the order can be cancelled', async (t) => {
  const { page } = await payer(t, { noScript: true });
  // Playwright takes no noscript for text.
  const missing = page.locator('main noscript');
  assert.ok(await missing.isVisible());
  assert.match(await missing.innerText(), /^Paying by card needs JavaScript/);
  assert.equal(await button(page, /^Pay /).count(), 0);
  await button(page, 'Cancel this order').click();
  await headed(page, ENDED);
});

test('in German everything around the card is German, and Stripe is asked for it', async (t) => {
  const { ticket, page } = await somebody(t, { locale: 'de-AT' });
  await page.goto(`/tickets/${ticket.id}`);
  await button(page, 'Reservieren und bezahlen').click();
  await headed(page, 'Es gehört dir, während du bezahlst');
  const frame = page.locator('[data-element] iframe');
  assert.match(await frame.getAttribute('src'), /locale=de\b/);
  await enterCard(page, CARDS.asked);
  await button(page, /bezahlen$/).click();
  await answerBank(page, 'Fail');
  await sees(page, 'Du hast diese Zahlung bei deiner Bank nicht bestätigt, oder sie hat dich nicht erkannt.');
});

test('a seller sees what a sale brought in', async (t) => {
  const seller = await market.person('pat');
  const page = await visitor(t, { as: seller });
  await page.goto('/listings');
  await headed(page, 'My listings');
  assert.equal(await page.getByText('Your money').count(), 0);
  const buyer = await visitor(t, { as: await market.person('uma') });
  await reserve(buyer, await market.offer(seller));
  await payByCard(buyer, CARDS.accepted);
  await headed(buyer, RECEIPT);
  await sees(buyer, /Paid on /);
  await page.reload();
  await page.getByRole('region', { name: 'Your money' }).getByText(EARNED).waitFor();
  await page.getByRole('link', { name: 'See the statement' }).click();
  await headed(page, 'Statement');
  await page.getByRole('cell', { name: /^Sold Hamlet/ }).waitFor();
  await page.getByRole('cell', { name: `+${EARNED}` }).waitFor();
});

test('after all of that, no number of a card is in any database, event or line of a log', () => hasKeptNoCard(server));
