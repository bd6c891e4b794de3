// The check-in, one question a screen. Without this file the same form stands on one page.
"use strict";

document.documentElement.classList.add("stepping");

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("check-in");
  if (!form) return;
  const [back, next, send, where] = ["back", "next", "send", "where"].map((id) => document.getElementById(id));
  const all = [...form.querySelectorAll(".question")];
  let here = all.find((one) => one.classList.contains("now"));

  const pain = () => form.querySelector("[name=pain]:checked")?.value;
  const answered = (one) => [...one.querySelectorAll("input, textarea")].some((field) => (field.type === "hidden" ? false : "checked" in field && field.type !== "textarea" ? field.checked : field.value));

  // Some questions are only asked when the pain makes them worth asking.
  function asked(one) {
    const told = pain();
    if (answered(one)) return true;
    if (one.dataset.question === "why") return form.dataset.worseFrom === undefined || Number(told) >= Number(form.dataset.worseFrom);
    if (one.dataset.question === "flare") return Number(told) >= Number(form.dataset.flareFrom);
    return true;
  }

  const shown = () => all.filter((one) => one === here || asked(one));

  function label() {
    const last = shown().at(-1) === here;
    const kind = here.dataset.question;
    next.hidden = last;
    next.textContent = answered(here) || kind === "pain" ? next.dataset.next : kind === "red_flags" ? next.dataset.none : next.dataset.skip;
    back.hidden = shown()[0] === here;
    send.hidden = pain() === undefined || kind === "red_flags";
    next.classList.toggle("second", !send.hidden);
  }

  function go(to) {
    here.classList.remove("now");
    here = to;
    here.classList.add("now");
    label();
    const questions = shown();
    where.textContent = where.dataset.of.replace("{n}", questions.indexOf(here) + 1).replace("{all}", questions.length);
    here.focus({ preventScroll: true });
    form.scrollIntoView({ block: "start" });
  }

  function step(by) {
    if (by > 0 && here.dataset.question === "pain" && pain() === undefined) {
      form.querySelector("[name=pain]").reportValidity();
      return;
    }
    const questions = shown();
    const to = questions[questions.indexOf(here) + by];
    if (to) go(to);
  }

  next.addEventListener("click", () => step(1));
  back.addEventListener("click", () => step(-1));
  form.addEventListener("change", label);
  form.addEventListener("input", label);
  form.addEventListener("keydown", (event) => {
    // Enter goes on; only the button, or the last question, sends.
    if (event.key !== "Enter" || event.target.tagName === "TEXTAREA" || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    if (next.hidden) form.requestSubmit(send);
    else step(1);
  });
  label();
});
