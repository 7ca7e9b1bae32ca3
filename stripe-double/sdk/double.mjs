// The double in a process of its own, on a free port, which ends with this one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const built = new URL('../../target/debug/stripe-double', import.meta.url);
const program = process.env.STRIPE_DOUBLE ?? fileURLToPath(built);

/** Starts it, and answers its address and keys, and `control(path, body)` for what its tests may ask. */
export async function startDouble() {
  const keys = { secretKey: 'sk_test_sdk', publishableKey: 'pk_test_sdk' };
  const settings = ['--secret-key', keys.secretKey, '--publishable-key', keys.publishableKey, '--until-stdin-closes'];
  const child = spawn(program, settings, { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  const url = new URL(line.replace('listening on ', ''));
  return {
    ...keys,
    url,
    control: (path, body) => control(new URL(`/double/${path}`, url), body),
    async stop() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** Looks at something, or does it where there is a body. */
async function control(url, body) {
  const headers = { 'content-type': 'application/json' };
  const posted = body && { method: 'POST', body: JSON.stringify(body), headers };
  const answer = await fetch(url, posted);
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${url.pathname}: ${JSON.stringify(value)}`);
  return value;
}
