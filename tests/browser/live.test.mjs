// The stream behind the pages: who is told what, and what a page does when it was cut off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, button, card, headed, RECEIPT, reserve, TO_PAY, unmoved } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { within } from './lib/waiting.mjs';

const { visitor, market, server, url } = await scene();

/** Being cut off is what these tests are about. */
const expected = ({ kind, url }) => kind === 'request' || (kind === 'console' && /\/live/.test(url));

/** What the stream answers to somebody: its status, and a reader of its events. */
async function open(query, person) {
  const end = new AbortController();
  const headers = { accept: 'text/event-stream', ...(person && { cookie: `session=${person.token}` }) };
  const answer = await fetch(`${url}/live?${query}`, { headers, signal: end.signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  return { status: answer.status, headers: answer.headers, events: events(reader), close: () => end.abort() };
}

async function* events(reader) {
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split('\n\n');
    text = parts.pop();
    for (const part of parts) yield Object.fromEntries(part.split('\n').map((line) => line.split(/: ?(.*)/s)));
  }
}

async function status(query, person) {
  const stream = await open(query, person);
  stream.close();
  return stream.status;
}

async function next(stream) {
  const { value } = await within('an event', stream.events.next(), 10);
  return value;
}

test('an order’s events are its buyer’s alone', async () => {
  const [sam, ada, eve] = await Promise.all(['sam', 'ada', 'eve'].map((name) => market.person(name)));
  const order = await market.reserve(ada, (await market.offer(sam)).id);
  const query = `order=${order.id}`;
  assert.equal(await status(query, ada), 200);
  assert.equal(await status(query, eve), 403);
  assert.equal(await status(query, sam), 403);
  assert.equal(await status(query, null), 401);
  assert.equal(await status('mine', null), 401);
  assert.equal(await status('order=01890000-0000-7000-8000-000000000000', ada), 404);
});

test('what cannot be listened to is refused', async () => {
  for (const query of ['tickets=nonsense', 'tickets=', 'order=nonsense', '', 'since=0']) {
    assert.equal(await status(query, null), 400, query);
  }
});

test('everybody hears where a ticket stands, and nothing of who buys it', async () => {
  const [sam, ada] = await Promise.all(['sam', 'ada'].map((name) => market.person(name)));
  const ticket = await market.offer(sam);
  const stream = await open(`tickets=${ticket.id}`);
  assert.match(stream.headers.get('cache-control'), /no-store/);
  assert.equal((await next(stream)).event, 'hello');
  const order = await market.reserve(ada, ticket.id);
  const { event, data } = await next(stream);
  assert.equal(event, 'ticket');
  assert.deepEqual(JSON.parse(data), { id: ticket.id, version: ticket.version + 1, status: 'reserved' });
  await market.cancel(ada, order.id);
  assert.equal(JSON.parse((await next(stream)).data).status, 'available');
  stream.close();
});

test('what passed between a page and its stream is told', async () => {
  const [sam, ada] = await Promise.all(['sam', 'ada'].map((name) => market.person(name)));
  const ticket = await market.offer(sam);
  const page = await (await fetch(`${url}/tickets/${ticket.id}`, { headers: { accept: 'text/html' } })).text();
  const [, since] = page.match(/data-since="(\d+)"/);
  await market.reserve(ada, ticket.id);
  await market.ticketIs(ticket.id, 'reserved');
  const stream = await open(`tickets=${ticket.id}&since=${since}`);
  assert.equal((await next(stream)).event, 'hello');
  assert.equal(JSON.parse((await next(stream)).data).status, 'reserved');
  stream.close();
});

test('a page that was offline shows what passed meanwhile', async (t) => {
  const [sam, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(sam);
  const page = await visitor(t, { as: ben, expected });
  const listens = page.waitForResponse(/\/live\?/);
  await page.goto(`/tickets/${ticket.id}`);
  await listens;
  const stayed = await unmoved(page);
  await page.context().setOffline(true);
  await market.reserve(ada, ticket.id);
  await market.ticketIs(ticket.id, 'reserved');
  await page.context().setOffline(false);
  await box(page).getByText('Somebody is buying it right now.').waitFor();
  await stayed();
});

test('when the server was away, open pages show how it stands, and follow it again', async (t) => {
  const [sam, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(sam);
  const [page, other] = [await visitor(t, { as: ada, expected }), await visitor(t, { as: ben, expected })];
  const home = await other.context().newPage();
  await Promise.all([other.goto(`/tickets/${ticket.id}`), home.goto('/')]);
  const order = await reserve(page, ticket);
  await box(other).getByText('Somebody is buying it right now.').waitFor();
  const stayed = await Promise.all([page, other, home].map(unmoved));

  await server.halt();
  await server.start();
  await market.cancel(ada, order);
  await button(other, 'Reserve and pay').waitFor({ timeout: 20_000 });
  await card(home, ticket).getByText('Being bought right now').waitFor({ state: 'hidden', timeout: 20_000 });
  await headed(page, 'This order has ended');
  await Promise.all(stayed.map((check) => check()));

  await button(other, 'Reserve and pay').click();
  await headed(other, TO_PAY);
  await market.pay(ben, new URL(other.url()).pathname.split('/')[2]);
  await headed(other, RECEIPT);
  await card(home, ticket).waitFor({ state: 'hidden', timeout: 20_000 });
});
