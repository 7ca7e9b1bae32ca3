// Takes the pictures of the tour in the README, and of the social preview: `cargo xtask tour`. What they show is the real
// program, filled by `tessera demo`.

import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium as engine } from 'playwright-core';
import { Market, signIn } from './lib/market.mjs';
import { chromium, program } from './lib/places.mjs';
import { startServer } from './lib/server.mjs';

const ROOT = new URL('../../', import.meta.url);
const ASSETS = new URL('crates/web/assets/', ROOT);
const TOUR = new URL('docs/tour/', ROOT);
const WIDE = { width: 1200, height: 750 };
const NARROW = { width: 390, height: 750 };

/** The listings of the tour: the same in every run. */
const DEMO = ['demo', '--listings', '24', '--seed', '4'];

const server = await startServer();
const browser = await engine.launch({ executablePath: chromium(), args: ['--no-sandbox', '--disable-gpu', '--disable-quic'] });
try {
  await mkdir(TOUR, { recursive: true });
  await promisify(execFile)(program, DEMO, { env: { ...process.env, PUBLIC_URL: server.url, LISTEN: new URL(server.url).host } });
  await buy();
  await sell();
  await preview();
} finally {
  await browser.close();
  await server.stop();
}

/** From the home page to the receipt. */
async function buy() {
  const market = new Market(server.url);
  const ada = await market.person('ada');
  const page = await open(ada, WIDE);
  await page.goto('/');
  await picture(page, 'home');
  await page.locator('[data-ticket][data-status=available] h3 a').nth(3).click();
  await page.getByRole('button', { name: 'Reserve and pay' }).waitFor();
  await picture(page, 'ticket');
  await page.getByRole('button', { name: 'Reserve and pay' }).click();
  await page.getByRole('button', { name: /^Pay / }).waitFor();
  await picture(page, 'order');
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.getByText('Paid on').waitFor();
  const narrow = await open(ada, NARROW, 'dark');
  await narrow.goto(page.url());
  await picture(narrow, 'receipt');
}

async function sell() {
  const market = new Market(server.url);
  const page = await open(await market.person('grace'), WIDE);
  await page.goto('/tickets/new');
  await page.getByLabel('Title').fill('Shakespeare: Hamlet');
  await page.getByLabel('Category').fill('Theatre');
  await page.getByLabel('Price').fill('120.50');
  await page.getByLabel('Venue').fill("Shakespeare's Globe");
  await page.getByLabel('City').fill('London');
  await page.locator('[data-part=preview] [data-ticket]').getByText('London').waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await picture(page, 'sell');
}

/** What other sites show of a link to this one. */
async function preview() {
  const page = await browser.newPage({ viewport: { width: 1200, height: 630 } });
  const drawing = await readFile(new URL('preview.svg', ASSETS), 'utf8');
  await page.setContent(`<body style="margin:0;line-height:0">${drawing}</body>`);
  await page.screenshot({ path: fileURLToPath(new URL('preview.png', ASSETS)) });
}

async function open(person, viewport, colorScheme = 'light') {
  const context = await browser.newContext({ baseURL: server.url, locale: 'en-US', viewport, colorScheme });
  await signIn(context, person);
  return context.newPage();
}

async function picture(page, name) {
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, TOUR)), animations: 'disabled' });
  console.log(`docs/tour/${name}.png`);
}
