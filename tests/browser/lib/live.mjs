// The stream that tells open pages what passes, and browsers that hear nothing of it.

/** From its next page on, this visitor is told nothing: as behind a proxy that holds streams back. */
export async function deaf(page) {
  await page.context().addInitScript(() => {
    globalThis.EventSource = class extends EventTarget {
      close() {}
    };
  });
}
