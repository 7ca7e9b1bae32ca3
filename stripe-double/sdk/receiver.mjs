// Somebody who gets webhooks.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** Listens, and keeps what comes: `{ signature, body }`, in `got`. */
export async function startReceiver() {
  const got = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      got.push({ signature: request.headers['stripe-signature'], body: Buffer.concat(parts).toString() });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, got, stop };
}
