// Cards, in Stripe's own form: what is entered there never comes into this page, which gets a token for it. Loaded by app.js on
// the pages that name it. What became of a payment is for the server to say: in the end a form is sent, as without scripts.

let tell = () => {};

/** Makes ready what the page shows now: also after it was read anew. `tell` says something to people who listen. */
export function prepare(page) {
  tell = page.tell;
  for (const form of document.querySelectorAll("form[data-card]")) once(form, prepareCard);
  for (const form of document.querySelectorAll("form[data-bank]")) once(form, prepareBank);
}

const prepared = new WeakSet();

function once(form, work) {
  if (prepared.has(form)) return;
  prepared.add(form);
  work(form);
}

/** What the server has said for this page. */
const said = () => document.querySelector("[data-stripe]")?.dataset ?? {};

// ---- Stripe's script: from where the server says, once.

let loading = null;

function stripe() {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load() {
  const { stripe: src, stripeKey, language } = said();
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src, async: true, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  return globalThis.Stripe(stripeKey, { locale: language });
}

// ---- A form whose button has work to do first.

const done = new WeakSet();

/** The button of `form` does `work` first, and sends the form if that answers true; what it throws is a failure. */
function before(form, work) {
  form.addEventListener("submit", async (event) => {
    if (done.has(form)) return;
    event.preventDefault();
    // For app.js this is not yet the form being sent.
    event.stopPropagation();
    if (form.dataset.sent) return;
    const busy = new Busy(form);
    const goesOn = await work().catch(() => show(form, said().failed));
    busy.end();
    if (goesOn && form.isConnected) send(form);
  });
}

/** Sends it, its own button pressed. */
function send(form) {
  done.add(form);
  form.requestSubmit(form.querySelector("button"));
}

/** The buttons around, as long as something is under way. */
class Busy {
  constructor(form) {
    this.form = form;
    this.button = form.querySelector("button");
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    this.button.setAttribute("aria-disabled", "true");
    show(form, "");
    tell(said().wait);
  }

  end() {
    delete this.form.dataset.sent;
    this.form.removeAttribute("aria-busy");
    this.button.removeAttribute("aria-disabled");
  }
}

/** Says what is wrong, beside the button. */
function show(form, problem) {
  form.querySelector("[role=alert]").textContent = problem ?? "";
  return false;
}

// ---- The form for a card.

function prepareCard(form) {
  const card = new Card(form);
  // One that is folded away has no size to be drawn in.
  const fold = form.closest("details:not([open])");
  if (fold) fold.addEventListener("toggle", () => card.mount(), { once: true });
  else card.mount();
  before(form, () => card.token());
}

class Card {
  constructor(form) {
    this.form = form;
    this.place = form.querySelector("[data-element]");
  }

  mount() {
    this.place.textContent = said().loading;
    this.drawn = this.draw();
    this.drawn.catch(() => this.isAway());
  }

  async draw() {
    const { amount, currency } = this.form.dataset;
    this.stripe = await stripe();
    this.elements = this.stripe.elements({
      mode: "payment",
      amount: Number(amount),
      currency,
      captureMethod: "manual",
      allowedPaymentMethodTypes: ["card"],
      locale: said().language,
      appearance: appearance(),
    });
    // Wallets would load more than this page may.
    const wallets = { applePay: "never", googlePay: "never", link: "never" };
    const element = this.elements.create("payment", { wallets });
    element.on("loaderror", () => this.isAway());
    const inner = document.createElement("div");
    this.place.replaceChildren(inner);
    element.mount(inner);
    dark.onchange = () => this.elements.update({ appearance: appearance() });
  }

  isAway() {
    this.drawn = null;
    this.place.replaceChildren();
    show(this.form, said().unavailable);
  }

  /** Has Stripe look at what was entered, and puts what it gives for it into the form. */
  async token() {
    // What could not be drawn then perhaps can be now.
    if (!this.drawn) this.mount();
    try {
      await this.drawn;
    } catch {
      return show(this.form, said().unavailable);
    }
    const { stripe, elements, form } = this;
    const checked = await elements.submit();
    if (checked.error) return show(form, checked.error.message);
    const made = await stripe.createConfirmationToken({ elements, params: { return_url: form.dataset.back } });
    if (made.error) return show(form, made.error.message);
    form.elements.token.value = made.confirmationToken.id;
    return true;
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The colours of the page, for a form that does not see its style sheet. */
function appearance() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    theme: dark.matches ? "night" : "stripe",
    variables: {
      colorPrimary: value("--accent"),
      colorBackground: value("--sheet"),
      colorText: value("--ink"),
      colorTextSecondary: value("--soft"),
      colorDanger: value("--bad"),
      fontFamily: value("--text"),
      fontSizeBase: "16px",
      borderRadius: value("--small"),
    },
  };
}

// ---- The step at the bank.

function prepareBank(form) {
  before(form, () => askBank(form));
  const { isBack, isNext } = way;
  way = {};
  if (isBack) send(form);
  else if (isNext) form.requestSubmit(form.querySelector("button"));
}

/** How the page was come to: by paying, or back from a bank that has a page of its own. */
let way = { isNext: location.hash === "#bank", isBack: new URLSearchParams(location.search).has("payment_intent") };
// Asked once: not by a reload, nor by the browser's back button.
if (way.isNext || way.isBack) history.replaceState(null, "", location.pathname);

async function askBank(form) {
  let answer;
  try {
    answer = await stripe();
  } catch {
    return show(form, said().unavailable);
  }
  const asked = answer.handleNextAction({ clientSecret: form.dataset.bank });
  // Where it has nothing to ask any more, the server knows, or finds out.
  const { error } = await asked.catch(() => ({}));
  if (error?.type === "api_connection_error") return show(form, error.message);
  return true;
}
