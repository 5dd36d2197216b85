// The mobile terminal without a network: its page, scripts, fonts and icons come from the cache; nothing of the API ever does.
const CACHE = "triune-shell-1";
const SHELL = ["/mobile", "/manifest.webmanifest", "/icon.svg"];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

// A page says what it loaded before this worker was there.
self.addEventListener("message", (event) => {
  const wanted = (event.data?.keep ?? []).filter((url) => {
    const { origin, pathname } = new URL(url, location.href);
    return origin === location.origin && (pathname.startsWith("/assets/") || pathname.startsWith("/api/v1/county/"));
  });
  event.waitUntil(Promise.allSettled(wanted.slice(0, 300).map((url) => keep(url))));
});

async function keep(url) {
  const cache = await caches.open(CACHE);
  if ((await cache.match(url)) === undefined) await cache.add(url);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/api/v1/county/") || url.pathname === "/mobile") event.respondWith(freshFirst(request));
  else if (url.pathname.startsWith("/assets/") || SHELL.includes(url.pathname)) event.respondWith(cacheFirst(request));
});

// The page and the base map change with a release: the newest if there is a network, else the last one seen.
async function freshFirst(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok && !response.redirected) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept !== undefined) return kept;
    throw error;
  }
}

// Files under /assets/ carry a hash of their content in the name, so what is cached is right for ever.
async function cacheFirst(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}
