// The page of the issuer: in a frame it tells the page around it that it is over; by itself it leads back to where it
// was come from, as a redirect does.

const framed = parent !== window;
const settings = new URLSearchParams(framed ? location.hash.slice(1) : location.search);
const [intent, secret] = [settings.get('intent'), settings.get('client_secret')];
const problem = document.getElementById('problem');

async function finish(outcome) {
  for (const button of document.querySelectorAll('button')) button.disabled = true;
  const body = new URLSearchParams({ client_secret: secret, outcome });
  const answer = await fetch(`/double/actions/${encodeURIComponent(intent)}`, { method: 'POST', body });
  over(await answer.json());
}

function over(value) {
  if (framed) return parent.postMessage({ event: 'over', value }, '*');
  if (value.error) return tell(value.error.message);
  const back = new URL(settings.get('return_url'));
  back.searchParams.set('payment_intent', intent);
  back.searchParams.set('payment_intent_client_secret', secret);
  const failed = value.status === 'requires_payment_method';
  back.searchParams.set('redirect_status', failed ? 'failed' : 'succeeded');
  location.assign(back);
}

function tell(message) {
  problem.textContent = message;
  for (const button of document.querySelectorAll('button')) button.disabled = false;
}

const attempt = (outcome) => finish(outcome).catch(() => tell('The bank cannot be reached.'));

for (const outcome of ['succeed', 'fail']) {
  document.getElementById(outcome).addEventListener('click', () => attempt(outcome));
}
// Whoever leaves the dialog around has not authenticated: its page says so, or the key was pressed in here.
addEventListener('message', ({ source, data }) => {
  if (source === parent && data.question === 'fail') attempt('fail');
});
addEventListener('keydown', ({ key }) => {
  if (framed && key === 'Escape') attempt('fail');
});
if (framed) parent.postMessage({ event: 'ready' }, '*');
