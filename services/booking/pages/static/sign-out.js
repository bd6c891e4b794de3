// Signing out takes drafts of assessments off this device; what was not sent yet is warned of first.
"use strict";

(() => {
  const DRAFT = "limber:assessment:";
  const CACHE = "limber-desk";

  function drafts() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(DRAFT));
    } catch {
      // A browser that keeps nothing has no drafts.
      return [];
    }
  }

  async function forget() {
    for (const key of drafts()) localStorage.removeItem(key);
    if ("caches" in window) await caches.delete(CACHE);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("sign-out");
    const warning = document.getElementById("unsent");
    form?.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (drafts().length && event.submitter?.id !== "sign-out-anyway") {
        warning.hidden = false;
        warning.focus();
        return;
      }
      await forget();
      form.submit();
    });
    document.getElementById("stay")?.addEventListener("click", () => {
      warning.hidden = true;
    });
  });
})();
