// With a keyboard alone, and with somebody reading aloud what changes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jump, secondsShown } from './lib/clocks.mjs';
import { focus, tabTo } from './lib/keyboard.mjs';
import { box, button, ENDED, headed, orderAt, RECEIPT, reserve, sees, TO_PAY } from './lib/pages.mjs';
import { scene } from './lib/scene.mjs';
import { eventually } from './lib/waiting.mjs';

const { visitor, market } = await scene();

test('one signs in, finds a ticket, reserves it, is declined, and pays', async (t) => {
  const [seller, buyer] = await Promise.all([market.person('sam'), market.person('ada')]);
  await market.offer(seller, { title: 'Tosca' });
  const page = await visitor(t);
  const { keyboard } = page;
  await page.goto('/');
  await tabTo(page, 'Sign in');
  await keyboard.press('Enter');
  await headed(page, 'Sign in');
  await tabTo(page, 'E-mail address');
  await keyboard.type(buyer.email);
  await tabTo(page, 'Password');
  await keyboard.type(buyer.password);
  await keyboard.press('Enter');
  await headed(page, 'Seats that found no one yet');

  await tabTo(page, 'Search');
  await keyboard.type('tosca');
  await page.getByRole('heading', { name: 'What was found' }).waitFor();
  await tabTo(page, 'Tosca');
  await keyboard.press('Enter');
  await headed(page, 'Tosca');
  await tabTo(page, 'Reserve and pay');
  await keyboard.press('Space');
  await headed(page, TO_PAY);

  await tabTo(page, /^Visa/);
  await keyboard.press('ArrowDown');
  assert.match((await focus(page)).name, /^Declined card/);
  await tabTo(page, /^Pay /);
  await keyboard.press('Enter');
  await sees(page, 'Your card was declined.');
  await tabTo(page, /^Pay /);
  await keyboard.press('Space');
  await headed(page, RECEIPT);
});

test('the first stop skips to the content', async (t) => {
  const page = await visitor(t, { as: await market.person('ada') });
  for (const path of ['/', '/orders', '/tickets/new', '/account']) {
    await page.goto(path);
    await page.keyboard.press('Tab');
    const { name, isSeen } = await focus(page);
    assert.equal(name, 'Skip to the content');
    assert.ok(isSeen);
    await page.keyboard.press('Enter');
    await eventually('the content to be where the keyboard is', async () => (await focus(page)).id === 'main');
    await page.keyboard.press('Tab');
    assert.ok((await focus(page)).isInMain, path);
  }
});

test('the keyboard is not lost when a part of the page is replaced', async (t) => {
  const [seller, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: ben });
  await page.goto(`/tickets/${ticket.id}`);
  await button(page, 'Reserve and pay').focus();
  const order = await market.reserve(ada, ticket.id);
  await box(page).getByText('Somebody is buying it right now.').waitFor();
  await isKept(page);
  await market.cancel(ada, order.id);
  await button(page, 'Reserve and pay').waitFor();
  await isKept(page);

  const mine = await reserve(page, ticket);
  await page.getByRole('radio', { name: /^Empty card/ }).focus();
  await market.cancel(ben, mine);
  await headed(page, ENDED);
  await isKept(page);
});

async function isKept(page) {
  const { isBody, isInMain } = await focus(page);
  assert.ok(isInMain && !isBody, 'the focus is lost');
}

test('what was chosen, and where the keyboard is, stays when the page is read anew', async (t) => {
  const [seller, ada] = await Promise.all(['sam', 'ada'].map((name) => market.person(name)));
  const page = await visitor(t, { as: ada });
  await reserve(page, await market.offer(seller));
  const radio = page.getByRole('radio', { name: /^Old card/ });
  await radio.check();
  const read = page.waitForResponse((answer) => answer.url() === page.url() && answer.request().resourceType() === 'fetch');
  await jump(page, 60_000);
  await (await read).finished();
  const before = await secondsShown(page);
  await eventually('the countdown to go on', async () => (await secondsShown(page)) < before);
  assert.ok(await radio.isChecked());
  assert.match((await focus(page)).name, /^Old card/);
});

test('what changes is said once, and the countdown is silent', async (t) => {
  const [seller, ada, ben] = await Promise.all(['sam', 'ada', 'ben'].map((name) => market.person(name)));
  const ticket = await market.offer(seller);
  const page = await visitor(t, { as: ada });
  const other = await visitor(t, { as: ben });
  await other.goto(`/tickets/${ticket.id}`);
  await hearkens(other);
  await reserve(page, ticket);
  await hearkens(page);
  const before = await secondsShown(page);
  await eventually('three seconds to pass', async () => (await secondsShown(page)) <= before - 3);
  assert.deepEqual(await heard(page), []);
  await button(page, 'Cancel this order').waitFor();
  await market.cancel(ada, orderAt(page));
  await headed(page, ENDED);
  assert.deepEqual(await heard(page), [ENDED]);
  await button(other, 'Reserve and pay').waitFor();
  assert.deepEqual(await heard(other), ['Somebody is buying it right now.', 'For sale']);
});

/** Notes from now on what the page has read aloud. */
async function hearkens(page) {
  assert.equal(await page.locator('#news').getAttribute('aria-live'), 'polite');
  await page.evaluate(() => {
    globalThis.heard = [];
    const news = document.getElementById('news');
    const hear = () => news.textContent && globalThis.heard.push(news.textContent);
    new MutationObserver(hear).observe(news, { childList: true, characterData: true, subtree: true });
  });
}

function heard(page) {
  return page.evaluate(() => globalThis.heard);
}
