// A site of a few pages in this process, to show the harness what it must find.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/**
 * Serves `pages`: by path, a body of HTML, or `(request) => ({ status, headers, body })`. All else is not found. Answers
 * `url` and `close`.
 */
export async function smallSite(pages) {
  const server = createServer((request, response) => {
    const page = pages[request.url] ?? { status: 404 };
    const { status = 200, headers = {}, body = '' } = typeof page === 'string' ? { body: whole(page) } : answer(page, request);
    const zipped = gzipSync(body);
    response.writeHead(status, { 'content-type': 'text/html', 'content-encoding': 'gzip', ...headers }).end(zipped);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

/** A page that has nothing wrong with it, but for its body. */
export function whole(body) {
  const head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title>';
  return `<!doctype html><html lang="en"><head>${head}</head><body><main><h1>A page</h1>${body}</main></body></html>`;
}

function answer(page, request) {
  return typeof page === 'function' ? page(request) : page;
}
