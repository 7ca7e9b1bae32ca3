// The harness fails when it should: pages that are wrong in one way each.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { accessible } from './lib/axe.mjs';
import { openBrowser } from './lib/browser.mjs';
import { judge } from './lib/lighthouse.mjs';
import { fits } from './lib/pictures.mjs';
import { startServer } from './lib/server.mjs';
import { smallSite, whole } from './lib/small_site.mjs';
import { weigh } from './lib/weight.mjs';

const STRICT = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:" };
const UNNAMED = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">';
const TINY = '<button style="all: unset; width: 9px; height: 9px">a</button>';

const site = await smallSite({
  '/fine': () => ({ body: whole('<p>Fine.</p>'), headers: STRICT }),
  '/unnamed': () => ({ body: whole(UNNAMED), headers: STRICT }),
  '/tiny': TINY + TINY,
  '/pale': '<p style="color: #ccc; background: #fff">Hardly to be read.</p>',
  '/console': '<script>console.error("something is wrong")</script>',
  '/exception': '<script>setTimeout(() => { throw new Error("nobody catches this") })</script>',
  '/rejection': '<script>Promise.reject(new Error("nobody waits for this"))</script>',
  '/blocked': () => ({ body: whole('<script>document.title = "run"</script>'), headers: STRICT }),
  '/elsewhere': '<img alt="" src="http://elsewhere.example.com/picture.png">',
  '/incomplete': '<img alt="" src="/nowhere.png">',
  '/broken': { status: 503, body: whole('') },
  '/refused': { status: 422, body: whole('') },
  '/wide': '<p style="width: 500px">Wide.</p>',
  '/long': `<p>${'long '.repeat(20_000)}</p>`,
  '/private': ({ headers }) => ({ body: whole(headers.cookie === 'session=ada' ? UNNAMED : '') }),
});
after(() => site.close());
const browser = await openBrowser();
after(() => browser.close());

/** Visits a page in a test of its own, and rejects if that test fails. */
async function visit(path, options = {}, look = async () => {}) {
  const ends = [];
  const t = { name: path, passed: true, after: (end) => ends.push(end), diagnostic() {} };
  const page = await browser.visitor(t, { url: site.url, ...options });
  await page.goto(path);
  // What a page does a moment later counts, too.
  await page.waitForTimeout(100);
  await look(page).finally(() => Promise.all(ends.map((end) => end())));
}

test('a page that is fine passes, also under a strict policy, without a script, and narrow', async () => {
  for (const options of [{}, { noScript: true }, { narrow: true, dark: true }]) {
    await visit('/fine', options, async (page) => {
      await accessible(page);
      await fits(page);
    });
  }
});

for (const [path, complaint] of [
  ['/console', /console: something is wrong/],
  ['/exception', /exception: .*nobody catches this/],
  ['/rejection', /exception: .*nobody waits for this/],
  ['/blocked', /csp: .*Content Security Policy/],
  ['/elsewhere', /request: GET net::ERR_NAME_NOT_RESOLVED .*elsewhere/],
  ['/incomplete', /answer: GET was answered with 404 .*nowhere/],
  ['/broken', /answer: GET was answered with 503/],
]) {
  test(`a visitor of ${path} fails the test`, () => assert.rejects(visit(path), complaint));
}

test('what a test expects does not fail it, and all else still does', async () => {
  await visit('/incomplete', { expected: ({ status }) => status === 404 });
  await assert.rejects(visit('/broken', { expected: ({ status }) => status === 404 }), /503/);
  await visit('/refused');
});

for (const [path, rule] of [
  ['/unnamed', /image-alt .*Images must have/],
  ['/tiny', /target-size/],
  ['/pale', /color-contrast/],
]) {
  test(`${path} keeps people out`, () => assert.rejects(visit(path, {}, accessible), rule));
}

test('a page that scrolls sideways at 320 pixels is found, with what sticks out', async () => {
  await visit('/wide', {}, fits);
  await assert.rejects(visit('/wide', { narrow: true }, fits), /room for 320.*\n.*width: 500px/);
});

test('a page weighs what travels', async () => {
  const { total, parts } = await weigh(browser, `${site.url}/long`);
  assert.equal(parts.length, 1);
  assert.ok(total > 200 && total < 2000, `${total} bytes of 100 000`);
});

test('Lighthouse finds what is wrong, and sees what a person who is signed in sees', async () => {
  const categories = ['accessibility'];
  const [nobody, ada] = [
    await judge(`${site.url}/private`, 'harness-nobody', { categories }),
    await judge(`${site.url}/private`, 'harness-ada', { categories, as: { token: 'ada' } }),
  ];
  assert.equal(nobody.scores.accessibility, 100);
  assert.ok(ada.scores.accessibility < 100);
  assert.match(ada.shortcomings.join(), /image-alt/);
});

test('a server that cannot start says why, and one that is stopped leaves nothing', async () => {
  await assert.rejects(startServer({ LOCK_SECONDS: 'soon' }), /ended at once; its log:\n.*LOCK_SECONDS/s);
  const server = await startServer({ LOCK_SECONDS: '60' });
  await server.stop();
  assert.throws(() => process.kill(server.pid, 0), { code: 'ESRCH' });
  assert.ok(!existsSync(server.data));
});
