// People who trade, through the API, as programs of somebody else's would: to have something on the pages. All of them
// are made up.

import { eventually } from './waiting.mjs';

const PASSWORD = 'correct horse';

/** Names of the states that an order passes through. */
export const AWAITING_PAYMENT = 'awaiting:payment';
export const COMPLETE = 'complete';

const HAMLET = {
  title: 'Hamlet',
  price: '120.00',
  currency: 'gbp',
  category: 'theatre',
  venue: "Shakespeare's Globe",
  city: 'London',
  country: 'GB',
  startsAt: '2030-06-01T18:30:00Z',
  timeZone: 'Europe/London',
};

/** Puts a person's session into a browser's context. */
export async function signIn(context, person) {
  await context.addCookies([{ name: 'session', value: person.token, url: person.url, httpOnly: true, sameSite: 'Lax' }]);
}

/** What was answered and was not wanted. */
export class Refusal extends Error {
  constructor(asked, status, body) {
    super(`${asked} was answered with ${status}: ${JSON.stringify(body)}`);
    Object.assign(this, { status, body });
  }
}

export class Market {
  #people = new Map();

  constructor(url) {
    this.url = url;
  }

  /** Somebody with an account: the same each time for the same name. `person('ada')` is ada@example.com. */
  person(name) {
    if (!this.#people.has(name)) this.#people.set(name, this.#signUp(`${name}@example.com`));
    return this.#people.get(name);
  }

  async #signUp(email) {
    const { body, headers } = await this.ask(null, 'POST', '/api/users/signup', { email, password: PASSWORD });
    const token = headers.get('authorization').replace(/^Bearer /i, '');
    return { id: body.id, email, password: PASSWORD, token, url: this.url };
  }

  /** Lists a ticket: Hamlet, but for what `details` say. */
  async list(seller, details = {}) {
    return (await this.ask(seller, 'POST', '/api/tickets', { ...HAMLET, ...details })).body;
  }

  /** The same, and waits until it can be reserved, as it can when a person has had time to look at it. */
  async offer(seller, details) {
    const ticket = await this.list(seller, details);
    await eventually('the ticket to be known to orders', () => this.#isKnown(seller, ticket.id));
    return ticket;
  }

  // Nobody may buy their own ticket; that it is one's own, orders can only say of one that it knows.
  async #isKnown(seller, ticketId) {
    const status = await this.refusal(seller, 'POST', '/api/orders', { ticketId });
    return status === 403;
  }

  /** Asks another price, and waits until orders has heard of it. */
  async reprice(seller, ticketId, price) {
    await this.ask(seller, 'PUT', `/api/tickets/${ticketId}`, { price });
    // Orders tells no prices, but it hears of one thing after the other.
    await this.offer(seller);
  }

  /** Reserves a ticket, and waits until it may be paid: `list`, then this, then `pay`. */
  async reserve(buyer, ticketId) {
    const order = await eventually('the ticket to be known to orders', () => this.#tryReserve(buyer, ticketId));
    return this.orderIs(buyer, order.id, AWAITING_PAYMENT);
  }

  // Orders hears of a new listing a moment later than who listed it.
  async #tryReserve(buyer, ticketId) {
    try {
      return (await this.ask(buyer, 'POST', '/api/orders', { ticketId })).body;
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  /** Pays an order; a declined card is a `Refusal`. */
  async pay(buyer, orderId, token = 'tok_visa') {
    return (await this.ask(buyer, 'POST', '/api/payments', { orderId, token })).body;
  }

  /** Reserves and pays, and waits until the ticket is the buyer's. */
  async buy(buyer, ticketId) {
    const order = await this.reserve(buyer, ticketId);
    await this.pay(buyer, order.id);
    return this.orderIs(buyer, order.id, COMPLETE);
  }

  async cancel(buyer, orderId) {
    await this.ask(buyer, 'DELETE', `/api/orders/${orderId}`);
  }

  async order(buyer, orderId) {
    return (await this.ask(buyer, 'GET', `/api/orders/${orderId}`)).body;
  }

  async ticket(ticketId) {
    return (await this.ask(null, 'GET', `/api/tickets/${ticketId}`)).body;
  }

  /** All orders of somebody. */
  async orders(buyer) {
    return (await this.ask(buyer, 'GET', '/api/orders?limit=200')).body;
  }

  /** What was tried to pay an order, the newest first. */
  async payments(buyer, orderId) {
    return (await this.ask(buyer, 'GET', `/api/payments?orderId=${orderId}`)).body;
  }

  /** What became of each, the newest first. An order is complete before its money is taken: that is waited for. */
  async outcomes(buyer, orderId) {
    return eventually(`the payments of ${orderId} to be over`, async () => {
      const statuses = (await this.payments(buyer, orderId)).map(({ status }) => status);
      return !statuses.includes('authorized') && statuses;
    });
  }

  /** All that somebody sells, has sold or has withdrawn. */
  async listings(seller) {
    return (await this.ask(seller, 'GET', '/api/tickets?seller=me&limit=200')).body;
  }

  /** Waits until an order has this status, and answers it. */
  orderIs(buyer, orderId, status, seconds) {
    return is(status, `order ${orderId}`, () => this.order(buyer, orderId), seconds);
  }

  /** The same of a ticket: `available`, `reserved`, `sold`, `withdrawn`. */
  ticketIs(ticketId, status, seconds) {
    return is(status, `ticket ${ticketId}`, () => this.ticket(ticketId), seconds);
  }

  /** The status that a request is refused with; nothing if it is not. */
  async refusal(...request) {
    try {
      await this.ask(...request);
      return null;
    } catch (error) {
      if (error instanceof Refusal) return error.status;
      throw error;
    }
  }

  /** Any request, by a person or by nobody (`null`). A refusal is thrown. */
  async ask(person, method, path, body) {
    const headers = { accept: 'application/json' };
    if (person) headers.authorization = `Bearer ${person.token}`;
    if (body) headers['content-type'] = 'application/json';
    const signal = AbortSignal.timeout(10_000);
    const answer = await fetch(this.url + path, { method, headers, signal, body: body && JSON.stringify(body) });
    const text = await answer.text();
    const read = text ? JSON.parse(text) : null;
    if (!answer.ok) throw new Refusal(`${method} ${path}`, answer.status, read);
    return { status: answer.status, headers: answer.headers, body: read };
  }
}

function is(status, what, look, seconds) {
  const looked = async () => {
    const seen = await look();
    return seen.status === status && seen;
  };
  return eventually(`${what} to be ${status}`, looked, seconds);
}
