// Clocks of a visitor's machine that go wrong, and the countdown that must not follow them.

/** Sets the wall clock of all pages in a context wrong by so many milliseconds, from their first script on. */
export async function wrongClock(page, by) {
  await page.context().addInitScript(shiftDate, by);
}

/** Lets the wall clock of an open page jump, as when the machine has slept. */
export async function jump(page, by) {
  await page.evaluate(shiftDate, by);
}

/** Lets the other clock of an open page stand still for so long while the wall clock goes on. */
export async function standStill(page, lost) {
  await page.evaluate((lost) => {
    const now = performance.now.bind(performance);
    performance.now = () => now() - lost;
  }, lost);
}

// Runs in the page.
function shiftDate(by) {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts) {
      super(...(parts.length > 0 ? parts : [Real.now() + by]));
    }

    static now() {
      return Real.now() + by;
    }
  };
}

/** How many seconds the countdown of an order's page shows. */
export async function secondsShown(page) {
  const text = await page.locator('[data-countdown] time').innerText();
  const [minutes, seconds] = text.split(':').map(Number);
  return minutes * 60 + seconds;
}

/** How many seconds are left to pay an order, to the millisecond. */
export function secondsLeft({ expiresAt }) {
  return (Date.parse(expiresAt) - Date.now()) / 1000;
}
