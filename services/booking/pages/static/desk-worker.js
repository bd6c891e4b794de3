// Opens the assessment's form without a connection: from what the page itself has kept, and only then.
"use strict";

const KEPT = /^\/(static\/|desk\/clients\/[^/]+\/assessment$)/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !KEPT.test(url.pathname)) return;
  const kept = async () => (await caches.match(event.request, { ignoreVary: true, ignoreSearch: true })) ?? Response.error();
  event.respondWith(fetch(event.request).catch(kept));
});
