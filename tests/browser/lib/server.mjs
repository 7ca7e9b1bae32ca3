// The real program in a process of its own, on a free port, with a data folder that lives as long as it does.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileName, program, resultFile } from './places.mjs';
import { eventually } from './waiting.mjs';

const READY_SECONDS = 30;
// The program promises to drain within 10.
const END_SECONDS = 15;

const running = new Set();

// Whatever ends this process, no server outlives it, but where it is killed outright. A signal alone would end it
// without the event.
process.on('exit', () => running.forEach((server) => server.abandon()));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Starts `tessera serve` and waits until it is ready. `settings` are environment variables, or a function of the address
 * that answers them; `services` are those to serve alone, as in `startServer({ JWKS_URL }, ['web'])`. Who starts it stops it.
 */
export async function startServer(settings = {}, services = []) {
  const server = new Server(await freeAddress(), await mkdtemp(join(tmpdir(), 'tessera-browser-')));
  await server.start(typeof settings === 'function' ? await settings(server.url) : settings, services);
  return server;
}

class Server {
  #child;
  #logFile;

  constructor(address, data) {
    this.address = address;
    this.url = `http://${address}`;
    this.data = data;
    const test = fileName(basename(process.argv[1] ?? 'server', '.mjs'));
    this.#logFile = resultFile('logs', `${test}-${address.split(':')[1]}.log`);
  }

  async start(settings, services) {
    this.#launch(settings, services);
    try {
      await eventually('the server to be ready', () => this.isReady(), READY_SECONDS);
    } catch (error) {
      await this.stop();
      throw new Error(`${error.message}; its log:\n${this.log()}`);
    }
  }

  #launch(settings = {}, services = []) {
    const log = openSync(this.#logFile, 'a');
    // Nothing else of the surroundings: a DATABASE_URL in somebody's shell is not for tests.
    const { PATH, HOME } = process.env;
    const own = { DATA_DIR: this.data, LISTEN: this.address, RATE_LIMITS: 'off', RUST_LOG: 'warn' };
    const env = { PATH, HOME, ...own, ...settings };
    this.#child = spawn(program, ['serve', ...services], { env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child.on('error', (error) => (this.failure = error));
    running.add(this);
  }

  get pid() {
    return this.#child.pid;
  }

  async isReady() {
    if (this.failure) throw new Error(`${program} could not be started: ${this.failure.message}`);
    if (this.#hasEnded()) throw new Error('the server ended at once');
    const signal = AbortSignal.timeout(1000);
    return fetch(`${this.url}/readyz`, { signal }).then((answer) => answer.ok, () => false);
  }

  /** What it has said so far. It stays under target/browser/logs, too. */
  log() {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Ends it, its data with it. */
  async stop() {
    await this.halt();
    this.#forget();
  }

  /** Ends it, and keeps its data: `start` goes on with them, at the same address. */
  async halt() {
    if (!this.pid || this.#hasEnded()) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await Promise.race([ended, pause(END_SECONDS * 1000, null, { ref: false })]);
    if (!this.#hasEnded()) {
      this.#child.kill('SIGKILL');
      await ended;
    }
  }

  /** Ends it without waiting, for a process that ends itself. */
  abandon() {
    if (this.pid && !this.#hasEnded()) this.#child.kill('SIGKILL');
    this.#forget();
  }

  #hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #forget() {
    running.delete(this);
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** An address that nobody listens at. */
export async function freeAddress() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return `127.0.0.1:${port}`;
}
