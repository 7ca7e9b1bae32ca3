// The frame of the Payment Element: takes a card, and gives it to the double alone. The page around it hears whether
// the fields are complete, and gets a token.

const settings = new URLSearchParams(location.hash.slice(1));
const form = document.getElementById('card');
const problem = document.getElementById('problem');
const fields = { number: form.elements.number, expiry: form.elements.expiry, cvc: form.elements.cvc };

// Any page may frame this one: it is told nothing that it could not tell itself.
const say = (message, origin = '*') => parent.postMessage(message, origin);

const digits = (field) => field.value.replace(/\D/g, '');

function expiry() {
  const [, month, year] = fields.expiry.value.match(/^\s*(\d{1,2})\s*\/?\s*((?:20)?\d{2})\s*$/) ?? [];
  return month ? { month: Number(month), year: Number(year) % 100 } : null;
}

/** What is missing, field by field. */
function incomplete() {
  const missing = [];
  if (digits(fields.number).length < 14) missing.push(['number', 'incomplete_number', 'Your card number is incomplete.']);
  if (!expiry()) missing.push(['expiry', 'incomplete_expiry', 'Your card’s expiration date is incomplete.']);
  if (digits(fields.cvc).length < 3) missing.push(['cvc', 'incomplete_cvc', 'Your card’s security code is incomplete.']);
  return missing;
}

function show(name, message) {
  for (const [known, field] of Object.entries(fields)) field.setAttribute('aria-invalid', String(known === name));
  problem.textContent = message;
  resize();
}

function submit() {
  const [first] = incomplete();
  if (!first) {
    show(null, '');
    return {};
  }
  const [name, code, message] = first;
  show(name, message);
  fields[name].focus();
  return { error: { type: 'validation_error', code, message } };
}

async function confirmationToken({ returnUrl }) {
  const { month, year } = expiry() ?? {};
  const card = { number: digits(fields.number), exp_month: month, exp_year: year, cvc: digits(fields.cvc) };
  const body = new URLSearchParams({ 'payment_method_data[type]': 'card' });
  for (const [name, value] of Object.entries(card)) body.set(`payment_method_data[card][${name}]`, value);
  if (returnUrl) body.set('return_url', returnUrl);
  const headers = { authorization: `Bearer ${settings.get('key')}` };
  const answer = await fetch('/v1/confirmation_tokens', { method: 'POST', headers, body });
  const made = await answer.json();
  if (!made.error) return { confirmationToken: made };
  const { param, message } = made.error;
  show({ number: 'number', exp_month: 'expiry', exp_year: 'expiry', cvc: 'cvc' }[param] ?? null, message);
  return { error: made.error };
}

const unreachable = () => ({ error: { type: 'api_connection_error', message: 'The payment service cannot be reached.' } });

const answers = {
  submit,
  focus: () => fields.number.focus(),
  'confirmation token': (value) => confirmationToken(value).catch(unreachable),
};

addEventListener('message', async ({ source, origin, data }) => {
  if (source !== parent || !(data.question in answers)) return;
  const value = await answers[data.question](data.value ?? {});
  say({ answer: data.id, value }, origin);
});

function resize() {
  say({ event: 'height', value: document.documentElement.offsetHeight });
}

form.addEventListener('input', () => {
  const complete = incomplete().length === 0;
  const empty = Object.values(fields).every((field) => field.value === '');
  say({ event: 'change', value: { complete, empty } });
});
// Whoever presses Enter means the button of the page around, which this frame does not know.
form.addEventListener('submit', (event) => event.preventDefault());
new ResizeObserver(resize).observe(document.documentElement);
say({ event: 'ready' });
