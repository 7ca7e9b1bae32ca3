// What people see when something is wrong: which words, which status, and a way on. All of it for everybody.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessible } from './lib/axe.mjs';
import { takeAway } from './lib/database.mjs';
import { Market, signIn } from './lib/market.mjs';
import { button, card, enter, headed, sees } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { startServer } from './lib/server.mjs';

const NOBODYS = '01890000-0000-7000-8000-000000000000';

const { browser, server, visitor, market } = await scene();

const answered = (wanted) => ({ status }) => status === wanted;

/** The page says what is wrong, keeps nobody out, and leads on to what there is. */
async function leadsOn(page, title) {
  await headed(page, title);
  assert.match(await page.title(), new RegExp(title));
  await accessible(page);
  await page.getByRole('main').getByRole('link', { name: 'Browse tickets' }).click();
  await headed(page, 'Seats that found no one yet');
}

for (const path of ['/nowhere', '/tickets/nowhere', `/tickets/${NOBODYS}`, '/orders/nowhere', `/orders/${NOBODYS}`]) {
  test(`there is nothing at ${path}`, async (t) => {
    const page = await visitor(t, { as: await market.person('ada'), expected: answered(404) });
    const answer = await page.goto(path);
    assert.equal(answer.status(), 404);
    await leadsOn(page, 'There is nothing here');
  });
}

test('what is somebody else’s is not shown, and not changed', async (t) => {
  const [sam, ada, eve] = await Promise.all(['sam', 'ada', 'eve'].map((name) => market.person(name)));
  const ticket = await market.offer(sam);
  const order = await market.reserve(ada, ticket.id);
  const page = await visitor(t, { as: eve });
  for (const path of [`/orders/${order.id}`, `/tickets/${ticket.id}/edit`, `/tickets/${ticket.id}/withdraw`]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 403, path);
    assert.ok(!(await page.content()).includes('Hamlet'), path);
  }
  await leadsOn(page, 'That is not yours');
  for (const [path, form] of [
    [`/orders/${order.id}`, { do: 'cancel' }],
    [`/orders/${order.id}`, { do: 'pay', token: 'tok_visa', key: 'eve' }],
    [`/tickets/${ticket.id}/edit`, { title: 'Mine', price: '1', version: '1' }],
    [`/tickets/${ticket.id}/withdraw`, {}],
  ]) {
    const headers = { accept: 'text/html' };
    assert.equal((await page.request.post(path, { form, headers })).status(), 403, path);
  }
  assert.equal((await market.order(ada, order.id)).status, 'awaiting:payment');
});

test('a person is answered with a page, and a program with a problem', async (t) => {
  const page = await visitor(t);
  const forPeople = await page.request.get('/nowhere', { headers: { accept: 'text/html' } });
  assert.match(forPeople.headers()['content-type'], /^text\/html/);
  const forPrograms = await page.request.get('/nowhere', { headers: { accept: 'application/json' } });
  assert.match(forPrograms.headers()['content-type'], /^application\/problem\+json/);
});

test('who guesses passwords, or reserves, too often is asked to wait', async (t) => {
  const strict = await startServer({ RATE_LIMITS: 'on', MAX_LIVE_ORDERS: '0' });
  after(() => strict.stop());
  const others = new Market(strict.url);
  const [sam, ada] = await Promise.all([others.person('sam'), others.person('ada')]);
  const ticket = await others.list(sam);
  const page = await browser.visitor(t, { url: strict.url, as: ada });
  await guess(page, sam);
  await headed(page, 'Sign in');
  await sees(page, 'That was tried too often. Please wait a minute.');
  assert.equal(await page.getByLabel('E-mail address').inputValue(), sam.email);
  await accessible(page);

  await signIn(page.context(), ada);
  await whileReservingTooOften(page, ticket, async () => {
    const mayTry = 5;
    for (let time = 1; !(await isTooOften(page, await others.list(sam))); time += 1) {
      assert.ok(time < mayTry, `${mayTry} reservations in a row were let through`);
    }
    await leadsOn(page, 'That was too often');
  });
});

/** Whether that was too often. Now and then one is let through, since the limit fills up again as time goes by. */
async function isTooOften(page, ticket) {
  await page.goto(`/tickets/${ticket.id}`);
  await button(page, 'Reserve and pay').click();
  const refused = page.getByRole('heading', { name: 'That was too often', level: 1 });
  await refused.or(button(page, 'Cancel this order')).waitFor();
  return refused.isVisible();
}

/** Signs in with wrong passwords until that is refused, in the page. */
async function guess(page, { email }) {
  await page.context().clearCookies();
  const form = { email, password: 'a wrong password' };
  for (let time = 0; time < 10; time += 1) await page.request.post('/auth/signin', { form });
  await page.goto('/auth/signin');
  await enter(page, form);
}

/** Does `work` while the same person asks on and on, since what was too often is soon allowed again. */
async function whileReservingTooOften(page, ticket, work) {
  assert.ok((await reserveOften(page, ticket, 60)).includes(429));
  let goesOn = true;
  const asking = (async () => {
    while (goesOn) await reserveOften(page, ticket, 10);
  })();
  try {
    await work();
  } finally {
    goesOn = false;
    await asking;
  }
}

/** Asks for a price that is not the ticket's, which reserves nothing; answers the statuses. */
async function reserveOften(page, ticket, times) {
  const tries = Array.from({ length: times }, (_, time) => {
    const form = { price: '0.01', key: `try-${time}-${Math.random()}` };
    return page.request.post(`/tickets/${ticket.id}`, { form, maxRedirects: 0 });
  });
  return (await Promise.all(tries)).map((answer) => answer.status());
}

test('a fault of ours is told as one, beside what still works', async (t) => {
  const [sam, ada] = await Promise.all(['sam', 'ada'].map((name) => market.person(name)));
  const ticket = await market.offer(sam);
  const order = await market.reserve(ada, ticket.id);
  takeAway(server, 'orders', 'orders');
  const page = await visitor(t, { as: ada, expected: answered(500) });
  for (const path of ['/orders', `/orders/${order.id}`]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 500, path);
    assert.ok(!(await page.content()).includes('SQL'), 'it tells what is nobody’s business');
    await leadsOn(page, 'Something went wrong');
  }
  await card(page, ticket).waitFor();
});
