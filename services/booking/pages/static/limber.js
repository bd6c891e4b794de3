// What pages do beyond plain forms: the visitor's zone, the countdown, arrow keys in the week.
"use strict";

document.documentElement.classList.add("scripted");

function visitorsZone() {
  const field = document.getElementById("tz");
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const chosen = new URLSearchParams(location.search).get("tz");
  if (field && mine && !chosen) field.value = mine;
}

function chosenZone(event) {
  const field = document.getElementById("tz");
  if (field && event.target.id === "zone") field.value = event.target.value;
}

function chosenOutside(event) {
  // Trainer and zone stand beside the times, though they belong to the form of the search.
  const form = event.target.form;
  if (form && form.id === "wish" && !form.contains(event.target)) form.dispatchEvent(new Event("searched"));
}

function countdown() {
  const form = document.getElementById("keeping");
  if (!form || form.dataset.counting) return;
  form.dataset.counting = "yes";
  const left = document.getElementById("left");
  const soon = document.getElementById("soon");
  const ends = performance.now() + Number(form.dataset.seconds) * 1000;
  // Announced by screen readers once a minute, not every second.
  left.setAttribute("aria-live", "off");
  const tick = () => {
    const seconds = Math.max(0, Math.round((ends - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds < 120 && soon.hidden) soon.hidden = false;
    if (seconds === 0) soon.textContent = form.dataset.ended;
    else setTimeout(tick, 1000);
  };
  tick();
}

function arrows(event) {
  const here = event.target.closest(".day button");
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (!here || !(event.key in steps)) return;
  event.preventDefault();
  const days = [...document.querySelectorAll("#week .day")].map((day) => [...day.querySelectorAll("button")]);
  let column = days.findIndex((day) => day.includes(here));
  let row = days[column].indexOf(here);
  const [right, down] = steps[event.key];
  row += down;
  do column += right;
  while (right && days[column] && days[column].length === 0);
  const day = days[column];
  const next = day && day[Math.min(Math.max(row, 0), day.length - 1)];
  if (next) next.focus();
}

function sentOnce(event) {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
}

document.addEventListener("DOMContentLoaded", () => {
  visitorsZone();
  countdown();
  document.getElementById("errors")?.focus();
});
document.addEventListener("change", chosenZone, true);
document.addEventListener("change", chosenOutside);
document.addEventListener("keydown", arrows);
document.addEventListener("submit", sentOnce);
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
