// A stand-in for Stripe.js (https://docs.stripe.com/js): its surface, as far as a page with a Payment Element that
// collects payment details before it makes an intent needs it. The card is entered in a frame of the double, and what
// is entered never comes into this page.
//
// It sets styles through the CSSOM alone, so that a page with `style-src 'self'` can use it.

(() => {
  const origin = new URL(document.currentScript.src).origin;
  let asked = 0;

  const failure = (type, message, more = {}) => ({ error: { type, message, ...more } });

  /** A frame of the double, and a conversation with it: `ask` answers what it answers. */
  function frameOf(path, title, fragment) {
    const frame = document.createElement('iframe');
    frame.title = title;
    frame.src = `${origin}${path}#${new URLSearchParams(fragment)}`;
    const waiting = new Map();
    const listeners = new Map();
    const hear = ({ source, origin: from, data }) => {
      if (source !== frame.contentWindow || from !== origin) return;
      if (data.answer) waiting.get(data.answer)?.(data.value);
      if (data.event) listeners.get(data.event)?.(data.value);
    };
    window.addEventListener('message', hear);
    const ready = new Promise((resolve) => listeners.set('ready', resolve));
    return {
      frame,
      ready,
      on: (event, listener) => listeners.set(event, listener),
      async ask(question, value) {
        await ready;
        asked += 1;
        const id = asked;
        const answer = new Promise((resolve) => waiting.set(id, resolve));
        frame.contentWindow.postMessage({ question, id, value }, origin);
        return answer.finally(() => waiting.delete(id));
      },
      close() {
        window.removeEventListener('message', hear);
        frame.remove();
      },
    };
  }

  function paymentElement(key, locale) {
    const listeners = new Map();
    const tell = (event, value) => {
      for (const listener of listeners.get(event) ?? []) listener({ elementType: 'payment', ...value });
    };
    let framed;
    const element = {
      mount(place) {
        const parent = typeof place === 'string' ? document.querySelector(place) : place;
        if (!parent) throw new Error(`There is no ${place} to mount the element in.`);
        framed = frameOf('/double/element.html', 'Secure payment input frame', { key, locale });
        const { frame } = framed;
        frame.style.border = '0';
        frame.style.width = '100%';
        frame.style.height = '220px';
        framed.on('height', (height) => (frame.style.height = `${height}px`));
        framed.on('change', (value) => tell('change', { collapsed: false, value: { type: 'card' }, ...value }));
        parent.replaceChildren(frame);
        framed.ready.then(() => tell('ready'));
      },
      unmount() {
        framed?.close();
        framed = undefined;
      },
      destroy: () => element.unmount(),
      focus: () => framed?.ask('focus'),
      update() {},
      on(event, listener) {
        listeners.set(event, [...(listeners.get(event) ?? []), listener]);
        return element;
      },
      ask: (question, value) => framed?.ask(question, value),
    };
    return element;
  }

  /** As Stripe.js does since Endive. */
  function checkOptions(options) {
    if (!('paymentMethodTypes' in options)) return;
    throw new Error('IntegrationError: paymentMethodTypes is no longer supported: use allowedPaymentMethodTypes.');
  }

  function elementsOf(key, options) {
    checkOptions(options);
    let element;
    let submitted = false;
    return {
      create(type) {
        if (type !== 'payment') throw new Error(`The stand-in has no element ${type}.`);
        if (element) throw new Error('There is a payment element already.');
        element = paymentElement(key, options.locale ?? 'auto');
        element.on('change', () => (submitted = false));
        return element;
      },
      getElement: (type) => (type === 'payment' ? (element ?? null) : null),
      update(changed) {
        checkOptions(changed);
        Object.assign(options, changed);
      },
      fetchUpdates: async () => ({}),
      /** Looks at what is entered: `{}`, or `{ error }`. */
      async submit() {
        const answer = await element?.ask('submit');
        if (!answer) return failure('invalid_request_error', 'There is no mounted element.');
        submitted = !answer.error;
        return answer.error ? answer : { selectedPaymentMethod: 'card' };
      },
      async token(params) {
        if (!submitted) {
          throw new Error('Call elements.submit() before stripe.createConfirmationToken().');
        }
        return element.ask('confirmation token', { returnUrl: params.return_url ?? null });
      },
    };
  }

  async function call(key, path, secret) {
    const query = new URLSearchParams({ client_secret: secret });
    const answer = await fetch(`${origin}/v1/${path}?${query}`, { headers: { authorization: `Bearer ${key}` } });
    const body = await answer.json();
    return body.error ? { error: body.error } : { paymentIntent: body };
  }

  const intentOf = (secret) => String(secret).split('_secret_')[0];

  function retrieve(key, secret) {
    const unreachable = () => failure('api_connection_error', 'The payment service cannot be reached.');
    return call(key, `payment_intents/${encodeURIComponent(intentOf(secret))}`, secret).catch(unreachable);
  }

  /** Shows the page of the issuer until whoever pays is through with it. */
  async function authenticate(secret) {
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-label', 'Authentication by your bank');
    const fragment = { intent: intentOf(secret), client_secret: secret };
    const framed = frameOf('/double/action.html', 'Authentication by your bank', fragment);
    Object.assign(framed.frame.style, { border: '0', width: '100%', height: '260px' });
    Object.assign(dialog.style, { width: 'min(26rem, 90vw)', padding: '0' });
    dialog.append(framed.frame);
    document.body.append(dialog);
    const over = new Promise((resolve) => {
      framed.on('over', resolve);
      // Whoever closes it has not authenticated.
      dialog.addEventListener('cancel', (event) => {
        event.preventDefault();
        framed.ask('fail');
      });
    });
    dialog.showModal();
    const outcome = await over;
    framed.close();
    dialog.remove();
    return outcome;
  }

  async function handleNextAction(key, { clientSecret }) {
    const before = await retrieve(key, clientSecret);
    if (before.error) return before;
    if (before.paymentIntent.status !== 'requires_action') {
      const [code, message] = ['payment_intent_unexpected_state', 'The PaymentIntent waits for no next action.'];
      return failure('invalid_request_error', message, { code, payment_intent: before.paymentIntent });
    }
    const outcome = await authenticate(clientSecret);
    if (outcome.error) return outcome;
    const after = await retrieve(key, clientSecret);
    const failed = after.paymentIntent?.last_payment_error;
    return failed ? { error: { ...failed, payment_intent: after.paymentIntent } } : after;
  }

  window.Stripe = (key, options = {}) => {
    if (!key) throw new Error('Stripe() wants a publishable key.');
    return {
      elements: (wanted = {}) => elementsOf(key, { locale: options.locale, ...wanted }),
      createConfirmationToken: ({ elements, params = {} }) => elements.token(params),
      handleNextAction: (wanted) => handleNextAction(key, wanted),
      retrievePaymentIntent: (secret) => retrieve(key, secret),
    };
  };
  window.Stripe.version = 'double';
})();
