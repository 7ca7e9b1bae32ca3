// What moves by itself: pages that follow what they show, the countdown, search while typing, the preview.
// Every page works without this. What a page shows is always what the server wrote: nothing is put together here.

const main = document.querySelector("main");

// ---- Reading the page anew, and putting what is different in its place.

let reading = null;

/// Fetches this page and replaces those of its parts that read differently now. Answers whether it did: not if
/// another reading took its place, or there was nothing to read.
async function reread(url = location.href) {
  const fresh = await read(url);
  if (fresh === null) return false;
  if (fresh === undefined) {
    again();
    return false;
  }
  main.dataset.since = fresh.querySelector("main")?.dataset.since ?? "";
  document.title = fresh.title;
  replaceParts(fresh);
  listenAnew();
  return true;
}

/// A page as it is now; `undefined` where the server is away or busy, `null` where another reading took its place or led away.
async function read(url) {
  reading?.abort();
  const mine = (reading = new AbortController());
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" }, signal: mine.signal });
    if (answer.status >= 500 || answer.status === 429) return undefined;
    // Led away, as to the door after the session's end, or refused: then this is no longer the person's page.
    if (answer.redirected) location.assign(answer.url);
    else if (!answer.ok && answer.status !== 400) location.reload();
    else return new DOMParser().parseFromString(await answer.text(), "text/html");
    return null;
  } catch (error) {
    return error.name === "AbortError" ? null : undefined;
  }
}

let retry = 0;

/// Looks once more in a while.
function again() {
  clearTimeout(retry);
  retry = setTimeout(() => reread(), 3000 + Math.random() * 4000);
}

function replaceParts(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const next = fresh.querySelector(`[data-part="${name}"]`);
    const left = next?.querySelector("[data-countdown]");
    if (!next || same(part, next)) {
      // The time alone has moved.
      const place = part.querySelector("[data-countdown]");
      if (left && place) {
        place.dataset.countdown = left.dataset.countdown;
        setClock(place, performance.now());
      }
      continue;
    }
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const news = next.dataset.news !== part.dataset.news ? next.dataset.news : null;
    part.replaceWith(document.adoptNode(next));
    if (focused) refocus(next, focused);
    if (left || clock?.place.isConnected === false) setClock(left, performance.now());
    if (news) tell(news);
  }
  prepare();
}

/// Whether both read the same. What is new in every rendering, such as a form's key, is no difference.
function same(one, other) {
  const text = (part) => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("input[name=key]").forEach((input) => input.remove());
    copy.querySelectorAll("[data-countdown]").forEach((clock) => clock.remove());
    copy.querySelectorAll("[data-print]").forEach((button) => (button.hidden = true));
    // What scripts have added, and what people have unfolded.
    copy.querySelectorAll("[data-filled]").forEach((place) => place.replaceChildren());
    const added = ["aria-busy", "aria-disabled", "data-sent", "open", "tabindex"];
    copy.querySelectorAll(added.map((name) => `[${name}]`).join()).forEach((element) => {
      added.forEach((name) => element.removeAttribute(name));
    });
    return copy.outerHTML;
  };
  return text(one) === text(other);
}

/// Keyboard and reader stay where they were, or at the beginning of what took its place.
function refocus(part, focused) {
  const link = focused.getAttribute("href");
  const same =
    (focused.id && part.querySelector(`#${CSS.escape(focused.id)}`)) ||
    (link && part.querySelector(`a[href="${CSS.escape(link)}"]`));
  const target = same || part.querySelector("h1, h2") || part;
  if (!target.matches("a, button, input, select, summary")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

/// Says it to people who listen, once.
function tell(text) {
  document.getElementById("news").textContent = text;
}

// ---- What passes on the server.

let events = null;
let heardOf = "";
let pause = 1000;
let soon = 0;

function listen() {
  if (!main.dataset.live || events || document.hidden) return;
  const query = liveQuery();
  if (!query) return;
  const source = new EventSource(`/live?${query}&since=${main.dataset.since}`);
  events = source;
  heardOf = query;
  let dropped = false;
  source.addEventListener("hello", (event) => {
    pause = 1000;
    // Nobody knows what passed meanwhile.
    if (dropped || event.data === "gap") reread();
    dropped = false;
  });
  source.addEventListener("ticket", (event) => changeTicket(JSON.parse(event.data)));
  for (const name of ["order", "payment", "session"]) source.addEventListener(name, rereadSoon);
  source.addEventListener("error", () => {
    dropped = true;
    // The browser comes back by itself, unless it was turned away.
    if (source.readyState !== EventSource.CLOSED || events !== source) return;
    events = null;
    setTimeout(() => reread().then(listen), pause);
    pause = Math.min(pause * 2, 30000);
  });
}

function liveQuery() {
  if (main.dataset.live !== "tickets") return main.dataset.live;
  const ids = [...document.querySelectorAll(".results [data-ticket]")].map((card) => card.dataset.ticket);
  return ids.length ? `tickets=${ids.join(",")}` : "";
}

/// What is shown now may be something else than what was listened to.
function listenAnew() {
  if (!events || heardOf === liveQuery()) return;
  stopListening();
  listen();
}

function stopListening() {
  events?.close();
  events = null;
}

/// Several changes come together: the page is read once.
function rereadSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => reread(), 60 + Math.random() * 60);
}

/// A card says itself where its ticket stands; other pages are read anew.
function changeTicket({ id, version, status }) {
  if (main.dataset.live !== "tickets") return rereadSoon();
  const card = document.querySelector(`[data-ticket="${CSS.escape(id)}"]`);
  // Events may come again, and late.
  if (!card || version < Number(card.dataset.version)) return;
  card.dataset.version = version;
  card.dataset.status = status;
  // Its place stays empty: nothing may jump under a finger.
  const gone = status === "sold" || status === "withdrawn";
  card.parentElement.classList.toggle("gone", gone && !card.contains(document.activeElement));
}

// ---- The countdown: what was left by the server's clock when the page was written, less what has passed since.

let clock = null;

/// Begins with what `place` says was left at `written`, by this page's own clock.
function setClock(place, written) {
  if (!place) return (clock = null);
  const left = Number(place.dataset.countdown);
  clock = { place, end: written + left, drift: Date.now() - performance.now() };
  tick();
}

function tick() {
  if (!clock) return;
  // While the machine sleeps, one of the two clocks stands still: only the server knows what is left.
  if (Math.abs(Date.now() - performance.now() - clock.drift) > 1500) {
    clock.drift = Date.now() - performance.now();
    return reread();
  }
  const left = Math.max(0, Math.ceil((clock.end - performance.now()) / 1000));
  const { place } = clock;
  place.querySelector("[data-clock]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  place.classList.toggle("short", left <= 60);
  if (left === 60 || left === 300) tell(place.innerText);
  if (left > 0) return;
  // What becomes of the order is for the server to say; should it see some time left, it goes on from that.
  clock = null;
  setTimeout(() => reread(), 300);
}

setInterval(tick, 1000);

// ---- Forms: sent once, searched while typing, previewed while filling.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
});

function debounced(work, delay) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, delay);
  };
}

function prepareSearch() {
  const form = document.querySelector("form[data-search]");
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "yes";
  const search = async () => {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    if (asked.get("sort") === "newest") asked.delete("sort");
    const url = asked.size ? `/?${asked}` : "/";
    history.replaceState(null, "", url);
    if (!(await reread(url))) return;
    tell(document.getElementById("results").textContent + ": " + document.querySelectorAll(".cards > li").length);
    listenAnew();
    listen();
  };
  form.addEventListener("input", debounced(search, 200));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
}

function preparePreview() {
  const form = document.querySelector("form[data-preview]");
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "yes";
  const zone = form.querySelector("[data-zone]");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !zone.value && [...zone.options].some((option) => option.value === own)) zone.value = own;
  const show = async () => {
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "preview");
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } }).catch(() => null);
    // What was written is worth more than its preview: whatever else comes, the form stays.
    if (!answer?.ok || answer.redirected) return;
    replaceParts(new DOMParser().parseFromString(await answer.text(), "text/html"));
  };
  form.addEventListener("input", debounced(show, 250));
}

function preparePrint() {
  for (const button of document.querySelectorAll("[data-print]")) {
    if (!button.hidden) continue;
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}

let waiting = 0;

/// What goes on by itself is looked at again, should nobody tell of it.
function prepareWaiting() {
  clearTimeout(waiting);
  if (document.querySelector(".waiting")) waiting = setTimeout(() => reread(), 3000);
}

/// Some pages have a script of their own.
const own = main.dataset.script ? import(main.dataset.script) : null;

function prepare() {
  own?.then((script) => script.prepare({ tell }));
  prepareWaiting();
  prepareSearch();
  preparePreview();
  preparePrint();
}

// ---- Away and back.

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return stopListening();
  if (main.dataset.live) reread().then(listen);
});
// From the browser's memory, by its back button: what it shows may be old, and its forms were sent.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
addEventListener("pagehide", stopListening);

// The answer began when the server wrote it.
const loaded = performance.getEntriesByType("navigation")[0];
setClock(document.querySelector("[data-countdown]"), loaded?.responseStart ?? performance.now());
prepare();
listen();
document.querySelector(".notice.bad[tabindex]")?.focus();
