// Text that would like to be more than text, and addresses that would like to lead elsewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { card, enter, headed } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { eventually } from './lib/waiting.mjs';

const HACK = `"><script>window.hacked=1</script><img src=x onerror=window.hacked=1>`;
const DETAILS = {
  title: `Title ${HACK}`,
  category: `Category ${HACK}`,
  venue: `Venue ${HACK}`,
  city: `City ${HACK}`,
  section: `Section ${HACK}`,
  row: `'"--><svg onload=window.hacked=1>`,
  seat: `Seat </textarea></title><script>window.hacked=1</script>`,
};

const { visitor, market, url } = await scene();

// A policy that stops something, an error in the console, or a request for the picture would fail the test by itself.
async function isHarmless(page, texts) {
  const read = await page.evaluate(() => ({
    hacked: window.hacked,
    strange: document.querySelectorAll('main script, main img, main svg[onload]').length,
    text: document.querySelector('main').textContent,
    values: [...document.querySelectorAll('main input')].map((input) => input.value),
    title: document.title,
  }));
  assert.equal(read.hacked, undefined);
  assert.equal(read.strange, 0);
  for (const text of texts) {
    assert.ok(read.text.includes(text) || read.values.includes(text), `${page.url()} shows no ${text}, but ${read.text}`);
  }
  return read;
}

test('what a seller writes is text wherever it appears', async (t) => {
  const [eve, ada] = await Promise.all([market.person('eve'), market.person('ada')]);
  const ticket = await market.offer(eve, DETAILS);
  const { title, category, venue, city, seat } = DETAILS;
  const place = [title, venue, city, seat];
  const [seller, buyer] = [await visitor(t, { as: eve }), await visitor(t, { as: ada })];

  for (const [page, path, texts] of [
    [buyer, '/', [...place, category]],
    [buyer, `/?q=${encodeURIComponent('Title')}`, place],
    [buyer, `/tickets/${ticket.id}`, [...place, category]],
    [seller, `/tickets/${ticket.id}/edit`, Object.values(DETAILS)],
    [seller, `/tickets/${ticket.id}/withdraw`, place],
    [seller, '/listings', place],
  ]) {
    await page.goto(path);
    await isHarmless(page, texts);
  }
  await buyer.goto(`/tickets/${ticket.id}`);
  assert.equal(await buyer.title(), `${title} · Tessera`);

  const { id } = await market.reserve(ada, ticket.id);
  for (const path of [`/orders/${id}`, '/orders']) {
    await buyer.goto(path);
    await isHarmless(buyer, place);
  }
  await market.pay(ada, id);
  await market.orderIs(ada, id, 'complete');
  await buyer.goto(`/orders/${id}`);
  const { title: receipt } = await isHarmless(buyer, place);
  assert.ok(receipt.includes(title));
  await eventually('the sale to be in the books', async () => {
    await seller.goto('/listings/statement');
    return (await seller.getByRole('cell').count()) > 0;
  });
  await isHarmless(seller, [title]);
});

test('the preview shows it as text, too', async (t) => {
  const page = await visitor(t, { as: await market.person('eve') });
  await page.goto('/tickets/new');
  for (const [name, value] of Object.entries(DETAILS)) await page.locator(`[name=${name}]`).fill(value);
  await page.locator('[name=price]').fill('1');
  const preview = page.getByRole('complementary', { name: 'How buyers see it' });
  await preview.getByText(DETAILS.title).waitFor();
  await isHarmless(page, [DETAILS.title, DETAILS.venue]);
  await preview.getByText('$1.00').waitFor();
});

test('what is searched for is a value, and no more', async (t) => {
  const page = await visitor(t);
  for (const q of [HACK, '</title><script>window.hacked=1</script>', "' OR 1=1 --", '%_%', '\u202e\ufeff"']) {
    const answer = await page.goto(`/?q=${encodeURIComponent(q)}`);
    assert.ok([200, 400].includes(answer.status()), `${q}: ${answer.status()}`);
    await isHarmless(page, []);
    assert.equal(await page.getByRole('searchbox').inputValue(), q);
  }
});

test('a live update and a search while typing bring it as text', async (t) => {
  const [eve, ada] = await Promise.all([market.person('eve'), market.person('ada')]);
  const ticket = await market.offer(eve, { ...DETAILS, title: `Live ${HACK}` });
  const page = await visitor(t);
  await page.goto('/');
  await page.getByRole('searchbox').fill('Live');
  await eventually('the one to be found', async () => (await page.locator('[data-ticket]').count()) === 1);
  await market.reserve(ada, ticket.id);
  await card(page, ticket).getByText('Being bought right now').waitFor();
  await isHarmless(page, [`Live ${HACK}`]);
});

for (const next of [
  '//evil.example',
  '/\\evil.example',
  'https://evil.example/',
  '/\t/evil.example',
  'javascript:alert(1)',
  '/%0d%0aLocation: https://evil.example',
  '/auth/signout',
]) {
  test(`nobody is led astray by next=${next}`, async (t) => {
    const person = await market.person('ada');
    const page = await visitor(t, { expected: ({ status }) => status === 404 });
    await page.goto(`/auth/signin?next=${encodeURIComponent(next)}`);
    await enter(page, person);
    await page.getByRole('link', { name: 'Account' }).waitFor();
    assert.equal(new URL(page.url()).origin, url);
    // Who is signed in already is sent on at once; and so is who chooses a language.
    await page.goto(`/auth/signin?next=${encodeURIComponent(next)}`);
    assert.equal(new URL(page.url()).origin, url);
    const form = { language: 'en', next };
    const answer = await page.request.post('/language', { form, maxRedirects: 0 });
    const location = answer.headers().location;
    assert.equal(new URL(location, url).origin, url, location);
  });
}

test('another site’s form does nothing here', async (t) => {
  const person = await market.person('ada');
  const ticket = await market.offer(await market.person('eve'));
  const page = await visitor(t, { as: person });
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', accept: 'text/html' };
  const answer = await page.request.post(`/tickets/${ticket.id}`, { form: { price: '120.00', key: 'evil' }, headers });
  assert.equal(answer.status(), 403);
  await page.goto('/orders');
  await headed(page, 'My orders');
  assert.equal((await market.ticket(ticket.id)).status, 'available');
});
