// What can go wrong in a page without anybody seeing it: exceptions, errors on the console, blocked or failed requests,
// answers that are none.

import assert from 'node:assert/strict';

/** Errors that Chromium writes for an answer or a failed request, which are heard of as such. */
const ECHO = 'Failed to load resource:';

class Complaint {
  /** `kind` is `console`, `csp`, `exception`, `request` or `answer`, the last with a `status`. */
  constructor(kind, text, url, status) {
    Object.assign(this, { kind, text, url, status });
  }

  toString() {
    return `${this.kind}: ${this.text}${this.url ? ` (${this.url})` : ''}`;
  }
}

/** Collects the complaints of all pages in a context. `expected(complaint)` says which belong to the test. */
export function listen(context, expected = () => false) {
  const heard = [];
  const hear = (...parts) => {
    const complaint = new Complaint(...parts);
    if (!expected(complaint)) heard.push(complaint);
  };
  context.on('console', (message) => onConsole(message, hear));
  context.on('weberror', (error) => hear('exception', error.error().stack ?? `${error.error()}`, error.page()?.url()));
  context.on('requestfailed', (request) => onFailure(request, hear));
  context.on('response', (answer) => onAnswer(answer, hear));
  const none = () => {
    if (heard.length > 0) assert.fail(`the page complains:\n  ${heard.join('\n  ')}`);
  };
  return { heard, none };
}

function onConsole(message, hear) {
  if (message.type() !== 'error' || message.text().startsWith(ECHO)) return;
  const kind = message.text().includes('Content Security Policy') ? 'csp' : 'console';
  hear(kind, message.text(), message.location().url);
}

function onFailure(request, hear) {
  const reason = request.failure()?.errorText ?? 'failed';
  // Who leaves a page ends what it was loading, and a stream ends with its page.
  if (reason === 'net::ERR_ABORTED') return;
  hear('request', `${request.method()} ${reason}`, request.url());
}

function onAnswer(answer, hear) {
  const status = answer.status();
  if (status < 500 && status !== 404) return;
  hear('answer', `${answer.request().method()} was answered with ${status}`, answer.url(), status);
}
