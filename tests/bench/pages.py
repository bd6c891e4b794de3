"""The pages: bytes, the server's time, what a slow browser shows when, and the answer's delay."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from services.booking.api.access import SESSION_COOKIE
from tests.bench.report import Row, percentile
from tests.bench.setting import Setting
from tests.browser.conftest import CHROMIUM, DESKTOP, PHONE, SWITCHES
from tests.browser.story import DOCTOR, EMAIL, TRAINER, Story
from tests.browser.watched import SHIFTS

SLOWER = 4
"""How many times slower than this machine the browser's processor is made: a cheap phone."""

FIRST_PAGE_BYTES = 60_000
SERVER_P95_MS = 50
PAINT_MS = 1_000
SHIFT = 0.05
ANSWER_P95_MS = 1_000

REQUESTS, WARM_UP = 30, 3
LOADS = 3
CHECK_INS = 20
DAYS = 6
"""Of the client whose page is shown: enough for a chart and cards."""

STAFF = "staff@limber.example"
SEARCH = "/?postal=M5V2T6&condition=back-pain"

PAINT = """window.painted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({ type: 'largest-contentful-paint', buffered: true });
"""


@dataclass(frozen=True)
class Shown:
    """What one load of a page cost a browser that had nothing of it."""

    transferred: int
    painted_ms: float
    shifted: float


async def pages(setting: Setting) -> list[Row]:
    """A client with a few days behind her; then her pages, her trainer's, and a visitor's."""
    if CHROMIUM is None:
        raise RuntimeError("no Chromium on this machine; on Debian: apt-get install chromium")
    story = Story(setting.reach)
    await story.begin()
    await story.live(DAYS)
    client = f"/desk/clients/{story.client_id}"
    looks: list[tuple[str | None, str]] = [
        *((None, path) for path in ("/", SEARCH, "/sign-in", f"/manage/{story.manage_token}")),
        *((EMAIL, path) for path in ("/me", "/me/plan", "/me/diary", "/me/check-in")),
        *((TRAINER, path) for path in ("/desk", client, f"{client}/plan", f"{client}/assessment")),
        (DOCTOR, f"/clinic/clients/{story.client_id}"),
        (STAFF, "/staff"),
    ]
    tokens = {
        who: await setting.reach.token(who) for who in {who for who, _ in looks} if who is not None
    }
    rows = [await _server(setting.reach.base_url, looks, tokens)]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        rows += await _browsers(browser, setting.reach.base_url, tokens)
        rows.append(await _answers(browser, setting.reach.base_url, tokens[EMAIL]))
        await browser.close()
    return rows


async def _server(
    base_url: str, looks: Sequence[tuple[str | None, str]], tokens: dict[str, str]
) -> Row:
    """One request after the other; each page's own 95th percentile, and the slowest page's."""
    seconds: dict[str, list[float]] = {}
    for who, path in looks:
        cookies = {} if who is None else {SESSION_COOKIE: tokens[who]}
        async with httpx.AsyncClient(base_url=base_url, cookies=cookies, timeout=30) as http:
            found = []
            for _ in range(WARM_UP + REQUESTS):
                began = time.perf_counter()
                (await http.get(path)).raise_for_status()
                found.append(time.perf_counter() - began)
            seconds[_named(path)] = found[WARM_UP:]
    everything = [one for found in seconds.values() for one in found]
    p50, p95 = (percentile(everything, percent) * 1000 for percent in (50, 95))
    by_page = {path: percentile(found, 95) * 1000 for path, found in seconds.items()}
    slowest = max(by_page, key=by_page.__getitem__)
    return Row(
        f"{len(looks)} pages, asked for -> answered",
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms; slowest {slowest} {by_page[slowest]:.0f} ms",
        target=f"p95 <= {SERVER_P95_MS} ms",
        ok=p95 <= SERVER_P95_MS,
        raw={"unit": "ms", "p50": p50, "p95": p95, "p95_by_page": by_page},
    )


async def _browsers(browser: Browser, base_url: str, tokens: dict[str, str]) -> list[Row]:
    """Pages in a slow browser with nothing kept: bytes, the largest paint, and what jumps."""
    shown: dict[str, list[Shown]] = {}
    for who, path in ((None, "/"), (None, SEARCH), (EMAIL, "/me"), (TRAINER, "/desk")):
        token = None if who is None else tokens[who]
        shown[_named(path)] = [await _load(browser, base_url, path, token) for _ in range(LOADS)]
    first = max(one.transferred for one in shown["/"])
    paints = {
        path: percentile([one.painted_ms for one in all_], 50) for path, all_ in shown.items()
    }
    shifts = {path: max(one.shifted for one in all_) for path, all_ in shown.items()}
    slow, jumpy = (max(found, key=found.__getitem__) for found in (paints, shifts))
    sizes = {path: max(one.transferred for one in all_) for path, all_ in shown.items()}
    return [
        Row(
            "first page, transferred with all it needs",
            f"{first / 1000:.1f} kB",
            target=f"<= {FIRST_PAGE_BYTES // 1000} kB",
            ok=first <= FIRST_PAGE_BYTES,
            raw={"unit": "bytes", "by_page": sizes},
        ),
        Row(
            f"largest paint, processor {SLOWER}x slower, median of {LOADS}",
            f"{paints[slow]:.0f} ms on {slow}",
            target=f"<= {PAINT_MS} ms",
            ok=paints[slow] <= PAINT_MS,
            raw={"unit": "ms", "by_page": paints},
        ),
        Row(
            "layout shift",
            f"{shifts[jumpy]:.3f} on {jumpy}",
            target=f"<= {SHIFT}",
            ok=shifts[jumpy] <= SHIFT,
            raw={"by_page": shifts},
        ),
    ]


async def _load(browser: Browser, base_url: str, path: str, token: str | None) -> Shown:
    async with _page(browser, base_url, token, **DESKTOP) as (page, wire):
        sizes: list[int] = []
        await wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda end: sizes.append(end["encodedDataLength"]))
        await page.add_init_script(PAINT)
        await page.add_init_script(SHIFTS)
        # An open stream keeps the network busy for ever: what is there by `load` is the page.
        await page.goto(path, wait_until="load")
        await page.wait_for_function("() => window.painted > 0")
        painted = await page.evaluate("window.painted")
        return Shown(sum(sizes), float(painted), float(await page.evaluate("window.shifted")))


async def _answers(browser: Browser, base_url: str, token: str) -> Row:
    """Check-ins on a slow phone: from the press of Send until the level is on the screen."""
    seconds = []
    async with _page(browser, base_url, token, **PHONE) as (page, _):
        for _ in range(CHECK_INS):
            await page.goto("/me/check-in?kind=daily")
            await page.get_by_test_id("next").click()
            await page.locator("label", has=page.locator("[name=pain][value='3']")).click()
            began = time.perf_counter()
            await page.get_by_test_id("send").click()
            await page.get_by_test_id("level").wait_for()
            seconds.append(time.perf_counter() - began)
    p50, p95 = (percentile(seconds, percent) * 1000 for percent in (50, 95))
    return Row(
        "check-in sent -> level on the screen",
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms",
        target=f"p95 <= {ANSWER_P95_MS} ms",
        ok=p95 <= ANSWER_P95_MS,
        raw={"unit": "ms", "all": [round(one * 1000, 1) for one in seconds]},
    )


@asynccontextmanager
async def _page(
    browser: Browser, base_url: str, token: str | None, width: int, height: int
) -> AsyncIterator[tuple[Page, CDPSession]]:
    """A page of a new browser on a slow processor, and its wire to the browser's tools."""
    context = await browser.new_context(
        base_url=base_url, viewport={"width": width, "height": height}, locale="en-CA"
    )
    if token is not None:
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base_url}])
    page = await context.new_page()
    wire = await context.new_cdp_session(page)
    await wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    try:
        yield page, wire
    finally:
        await context.close()


def _named(path: str) -> str:
    """A page's address without ids and tokens."""
    parts = [part if len(part) < 30 else "…" for part in path.partition("?")[0].split("/")]
    return "/".join(parts) + ("?…" if "?" in path else "")
