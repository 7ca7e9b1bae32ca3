// Stripe, as far as the tests need it: a double of it in a process of its own, a marketplace that takes cards through it,
// and what people do in its frames. No card here is anybody's.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { program, stripeDouble } from './places.mjs';
import { scene } from './scene.mjs';

const SECRET_KEY = 'sk_test_double';
const PUBLISHABLE_KEY = 'pk_test_double';

/** Stripe's own test cards (https://docs.stripe.com/testing), by what becomes of them. */
export const CARDS = {
  accepted: '4242424242424242',
  declined: '4000000000000002',
  empty: '4000000000009995',
  expired: '4000000000000069',
  wrongCode: '4000000000000127',
  lost: '4000000000009987',
  unprocessed: '4000000000000119',
  asked: '4000000000003220',
  askedAndEmpty: '4000008260003178',
};

/** The text of the button that leads to the bank. */
export const TO_BANK = 'Continue with your bank';
export const BANK = 'Your bank wants to hear from you';

class Double {
  #child;

  constructor(child, url) {
    this.#child = child;
    this.url = url;
  }

  /** What its control answers: `double.ask('GET', 'movements')`. */
  async ask(method, path, body) {
    const answer = await fetch(`${this.url}/double/${path}`, { method, body: body && JSON.stringify(body) });
    const read = await answer.json();
    if (!answer.ok) throw new Error(`the double answered ${path} with ${answer.status}: ${JSON.stringify(read)}`);
    return read;
  }

  /** What really moved, in Stripe's minor units, as in `['authorized 12300', 'captured 12300']`. */
  async movements() {
    return (await this.ask('GET', 'movements')).map(({ kind, amount }) => `${kind} ${amount}`);
  }

  stop() {
    this.#child.stdin.end();
  }
}

/** Starts one. It ends with this process, or when it is stopped. */
async function startDouble() {
  const child = spawn(stripeDouble, ['--until-stdin-closes', '--secret-key', SECRET_KEY, '--publishable-key', PUBLISHABLE_KEY]);
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`${stripeDouble} could not be started: ${error.message}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  return new Double(child, line.replace('listening on ', ''));
}

/** As `scene`, with a double of Stripe that takes the cards, and a marketplace that takes fees. */
export async function stripeScene(more = {}) {
  const double = await startDouble();
  after(() => double.stop());
  const settings = async (url) => {
    const endpoint = { url: `${url}/api/payments/webhooks/stripe`, events: ['*'] };
    const { secret } = await double.ask('POST', 'webhooks/endpoints', endpoint);
    return {
      STRIPE_KEY: SECRET_KEY,
      STRIPE_API_BASE: double.url,
      STRIPE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
      STRIPE_JS: `${double.url}/double/stripe.js`,
      STRIPE_WEBHOOK_SECRET: secret,
      BUYER_FEE_BPS: '250',
      SELLER_FEE_BPS: '1000',
      ...more,
    };
  };
  return { double, ...(await scene(settings)) };
}

/** Whatever was entered in its pages: no number of a card is in any database, event or line that the server wrote. */
export async function hasKeptNoCard(server) {
  const names = await readdir(server.data, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  assert.ok(files.some((file) => file.endsWith('payments.db')), files.join(' '));
  const kept = await Promise.all(files.map(async (file) => [file, await readFile(file)]));
  for (const [where, bytes] of [...kept, ['the log', Buffer.from(server.log())]]) {
    for (const number of Object.values(CARDS)) {
      const written = [number, number.replace(/(....)(?=.)/g, '$1 '), number.replace(/(....)(?=.)/g, '$1-')];
      assert.ok(!written.some((text) => bytes.includes(text)), `${where} has a card's number`);
    }
  }
}

/** Runs a command of the program on the data of a server: `operate(server, 'refund', '--order', id)`. */
export async function operate(server, ...command) {
  const env = { PATH: process.env.PATH, DATA_DIR: server.data, RUST_LOG: 'warn' };
  return (await promisify(execFile)(program, command, { env })).stdout;
}

/** The frame in which a card is entered, once it is there. */
export function cardFrame(page) {
  return page.frameLocator('[data-element] iframe');
}

/** Enters a card, and does not send it. */
export async function enterCard(page, number, { expiry = '12 / 34', code = '123' } = {}) {
  const frame = cardFrame(page);
  await frame.getByLabel('Card number').fill(number);
  await frame.getByLabel('Expiration date').fill(expiry);
  await frame.getByLabel('Security code').fill(code);
}

/** Enters a card, and pays with it. */
export async function payByCard(page, number, details) {
  await enterCard(page, number, details);
  await page.getByRole('button', { name: /^Pay / }).click();
}

/** The bank's page, in the dialog that is laid over ours. */
export function bankFrame(page) {
  return page.frameLocator('dialog iframe');
}

/** Does what the bank asks for, or fails to. */
export async function answerBank(page, outcome = 'Complete') {
  await bankFrame(page).getByRole('button', { name: `${outcome} authentication` }).click();
}
