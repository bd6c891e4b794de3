// The assessment survives a lost connection: kept on this device until the server has taken it.
"use strict";

(() => {
  const RETRY_MS = 15000;
  const CACHE = "limber-desk";

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("assessment");
    if (!form) return;
    const key = `limber:assessment:${form.dataset.client}`;
    const kept = document.getElementById("kept");
    const discard = document.getElementById("discard");
    let sending = false;
    let waiting = null;

    function say(what) {
      kept.dataset.state = what;
      kept.textContent = form.dataset[what];
    }

    function read() {
      try {
        return JSON.parse(localStorage.getItem(key));
      } catch {
        // What is kept cannot be read: the form begins empty, as without it.
        return null;
      }
    }

    function keep(send) {
      try {
        localStorage.setItem(key, JSON.stringify({ fields: [...new FormData(form)], send }));
      } catch {
        say("full");
        return false;
      }
      discard.hidden = false;
      return true;
    }

    function fill(fields) {
      for (const field of form.elements) {
        if (!field.name) continue;
        const values = fields.filter(([name]) => name === field.name).map(([, value]) => value);
        if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
        else if (values.length) field.value = values[0];
        if (values.some(Boolean)) field.closest("details")?.setAttribute("open", "");
      }
    }

    // The page itself, so that it opens again without a connection; only while there is a draft.
    async function keepPage() {
      if (!("caches" in window) || !("serviceWorker" in navigator)) return;
      try {
        await navigator.serviceWorker.register("/desk/worker.js", { scope: "/desk/" });
        const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")];
        const cache = await caches.open(CACHE);
        await cache.addAll([form.getAttribute("action"), ...files.map((one) => one.href || one.src)]);
      } catch {
        // No connection now, or a browser that keeps no pages: what was typed is kept all the same.
      }
    }

    async function forget() {
      localStorage.removeItem(key);
      discard.hidden = true;
      if (!("caches" in window)) return;
      const cache = await caches.open(CACHE);
      await cache.delete(form.getAttribute("action"));
    }

    function later(what) {
      say(what);
      clearTimeout(waiting);
      waiting = setTimeout(send, RETRY_MS);
    }

    async function send() {
      if (sending) return;
      sending = true;
      clearTimeout(waiting);
      waiting = null;
      keep(true);
      say("sending");
      try {
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.action, { method: "POST", body });
        if (answer.ok && answer.url.includes("/reports/")) {
          await forget();
          say("sent");
          location.assign(answer.url);
        } else if (answer.status === 401) {
          keep(false);
          say("signedOut");
        } else if (answer.status >= 500 || answer.status === 429) {
          later("waiting");
        } else {
          // The server has looked at it and says on its page what is wrong.
          keep(false);
          say("wrong");
          form.submit();
        }
      } catch {
        later("waiting");
      } finally {
        sending = false;
      }
    }

    let pageKept = false;
    form.addEventListener("input", () => {
      if (keep(false)) say("kept");
      clearTimeout(waiting);
      waiting = null;
      if (!pageKept) keepPage();
      pageKept = true;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
    discard.addEventListener("click", async () => {
      await forget();
      location.assign(form.getAttribute("action"));
    });
    window.addEventListener("online", () => {
      if (read()?.send) send();
    });

    const known = read();
    if (known) {
      fill(known.fields);
      discard.hidden = false;
      if (known.send) send();
      else say(document.getElementById("errors") ? "wrong" : "kept");
    }
  });
})();
