// The client's pages: follow the stream, refresh what changed, draw the chart, print.
"use strict";

(() => {
  const POLL_MS = 20000;
  const FIRST_LOOK_MS = 250;
  const LONGEST_PAUSE_MS = 5000;
  const CHART_HEIGHT = 260;
  const KINDS = ["pre", "post", "next-morning", "daily"];
  let chart = null;

  function parts() {
    return document.querySelector("#live > *");
  }

  async function refresh() {
    const live = document.getElementById("live");
    const open = [...live.querySelectorAll("details[open]")].map((one) => one.id);
    const before = parts()?.dataset.said;
    await htmx.ajax("GET", live.dataset.follow, { target: "#live", select: "#live > *", swap: "innerHTML" });
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    const said = parts()?.dataset.said;
    const news = document.getElementById("news");
    if (news && said && said !== before) news.textContent = `${live.dataset.news} ${said}`;
    draw();
  }

  // One at a time; what happens meanwhile is looked at once more afterwards.
  let running = false;
  let again = false;
  async function look() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        await refresh();
      } while (again);
    } catch {
      // The network is away for a moment: the page stays as it is, and the next look tries again.
    } finally {
      running = false;
    }
  }

  function waiting() {
    return parts()?.dataset.waiting !== undefined;
  }

  function follow() {
    const live = document.getElementById("live");
    if (!live) return;
    const source = new EventSource(`/v1/clients/${live.dataset.client}/stream`);
    source.addEventListener("progress", (event) => {
      const known = parts()?.dataset.version;
      if (waiting() || known === undefined || JSON.parse(event.data).version > Number(known)) look();
    });
    source.addEventListener("booking", look);
    let polls = null;
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED && polls === null) polls = setInterval(look, POLL_MS);
    });
    // An answer may come without a new version of the view, so it is asked for as well.
    let pause = FIRST_LOOK_MS;
    const ask = async () => {
      if (!waiting()) return;
      await look();
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
      setTimeout(ask, pause);
    };
    if (waiting()) setTimeout(ask, pause);
    window.addEventListener("pagehide", () => source.close());
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function draw() {
    const place = document.getElementById("pain-chart");
    if (!place || typeof uPlot === "undefined") return;
    if (chart) chart.destroy();
    const rows = [...document.querySelectorAll("#pain-table tbody tr")].reverse();
    const times = rows.map((row) => Number(row.dataset.at));
    const values = KINDS.map((kind) => rows.map((row) => (row.dataset.kind === kind ? Number(row.dataset.pain) : null)));
    const looks = {
      pre: { stroke: colour("--green"), width: 3 },
      post: { stroke: colour("--focus"), width: 3, dash: [10, 6] },
      "next-morning": { stroke: colour("--ink"), width: 3, dash: [2, 4] },
      daily: { stroke: colour("--soft"), width: 1 },
    };
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 } };
    const locale = document.documentElement.lang === "fr" ? "fr-CA" : "en-CA";
    const day = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
    chart = new uPlot(
      {
        width: place.clientWidth,
        height: CHART_HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: [0, 10] } },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map((at) => day.format(at * 1000)), space: 70, incrs: [1, 2, 4, 7, 14, 28, 56].map((days) => days * 86400) },
          { ...axis, size: 32, incrs: [2] },
        ],
        series: [{}, ...KINDS.map((kind) => ({ ...looks[kind], spanGaps: true, points: { show: true, size: 7 } }))],
      },
      [times, ...values],
      place,
    );
  }

  document.addEventListener("DOMContentLoaded", () => {
    follow();
    draw();
    document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    let timer = null;
    window.addEventListener("resize", () => {
      clearTimeout(timer);
      timer = setTimeout(draw, 150);
    });
  });

  // The session has ended, or the page is another one now: show that instead.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const live = document.getElementById("live");
    if (!live || event.detail.target !== live) return;
    if (new URL(event.detail.xhr.responseURL).pathname !== live.dataset.follow) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
})();
