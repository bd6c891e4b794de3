// The switch for notifications on this device: the browser asks, and the page's form tells us.
"use strict";

(() => {
  const WORKER = "/me/worker.js";
  const SCOPE = "/me/";

  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (one) => one.charCodeAt(0));
  }

  async function markOf(endpoint) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
    return [...new Uint8Array(digest)].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const form = document.getElementById("allow-device");
    if (!form || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
    const said = document.getElementById("device-said");
    const registration = await navigator.serviceWorker.getRegistration(SCOPE);
    const known = await registration?.pushManager.getSubscription();
    const mark = known ? await markOf(known.endpoint) : null;
    const mine = mark && document.querySelector(`[data-mark="${mark}"]`);
    if (mine) {
      mine.querySelector(".this-device").hidden = false;
      mine.addEventListener("submit", () => known.unsubscribe());
      return;
    }
    form.hidden = false;
    document.getElementById("no-devices")?.remove();

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        if ((await Notification.requestPermission()) !== "granted") {
          said.textContent = form.dataset.denied;
          return;
        }
        await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
        const ready = await navigator.serviceWorker.ready;
        const options = { userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) };
        const { endpoint, keys } = (await ready.pushManager.subscribe(options)).toJSON();
        form.elements.endpoint.value = endpoint;
        form.elements.p256dh.value = keys.p256dh;
        form.elements.auth.value = keys.auth;
        form.submit();
      } catch {
        // The browser has no push service, or cannot reach it.
        said.textContent = form.dataset.failed;
      }
    });
  });
})();
