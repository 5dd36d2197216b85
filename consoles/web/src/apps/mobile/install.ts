/** Makes the terminal start without a network: its service worker, and what this page has loaded already. */

export async function install(): Promise<void> {
  // On plain HTTP there is no service worker: the terminal cannot be installed there, all else works.
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/sw.js", { scope: "/mobile" });
  const { active } = await navigator.serviceWorker.ready;
  // What came before the worker was there did not pass through it.
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  active?.postMessage({ keep: loaded });
}
