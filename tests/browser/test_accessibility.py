"""Every page in both languages and themes: no violation, large targets, nothing beyond a phone."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route

from tests.browser.conftest import PHONE, sign_in, visiting
from tests.browser.stops import Stop, all_stops
from tests.integration.booking.front_door import NOW, FrontDoor, Home
from tests.proofs.scale import cases

AXE = Axe().axe_script

Theme = Literal["light", "dark"]

LANGUAGES: dict[str, Theme] = {"en": "light", "fr": "dark"}
"""Each language with the theme in which everything is looked at."""

ALL = cases(100) == 100
"""Under `make prove` every page in both languages, and its colours in both themes. In the suite by
turns: each page in one language, a seeded tenth of them in the other theme as well."""

IN_OTHER_THEME = 1 if ALL else 10

OTHER_THEME: dict[Theme, Theme] = {"light": "dark", "dark": "light"}

EVERYTHING = {"resultTypes": ["violations"]}
CONTRAST = {**EVERYTHING, "runOnly": ["color-contrast"]}

ZOOMED = {"viewport": PHONE, "device_scale_factor": 2}


@dataclass
class Found:
    """What is wrong, by page."""

    violations: dict[str, list[str]] = field(default_factory=dict)
    small: dict[str, list[str]] = field(default_factory=dict)
    wide: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, tuple[int, int]] = field(default_factory=dict)


@pytest.fixture(scope="module")
async def found(home: Home, front: FrontDoor, address: str, browser: Browser) -> Found:
    """One walk over all pages in each language, both at once."""
    await home.clear()
    front.clock.now = NOW
    stops = await all_stops(front)
    seen = Found()
    async with asyncio.TaskGroup() as walks:
        for turn, language in enumerate(LANGUAGES):
            mine = [
                stop
                for at, stop in enumerate(stops)
                if at % 2 == turn or (ALL and not stop.is_beside)
            ]
            walks.create_task(_walk(browser, front, address, mine, language, seen))
    return seen


async def test_no_page_has_an_accessibility_violation(found: Found) -> None:
    assert {} == found.violations


async def test_everything_to_press_is_44_pixels_large(found: Found) -> None:
    assert {} == found.small


async def test_no_page_is_wider_than_a_phone(found: Found) -> None:
    assert {} == found.wide


async def test_each_page_answers_as_it_should(found: Found) -> None:
    assert {} == found.statuses


async def _walk(
    browser: Browser,
    front: FrontDoor,
    address: str,
    stops: list[Stop],
    language: str,
    seen: Found,
) -> None:
    theme = LANGUAGES[language]
    async with visiting(
        browser, address, color_scheme=theme, locale=f"{language}-CA", **ZOOMED
    ) as page:
        # Pages that wait for an answer would look again and again while they are looked at.
        await page.route("**/me/reports/*", _only_once)
        who = None
        other_theme = set(random.Random(language).sample(stops, len(stops) // IN_OTHER_THEME))
        for stop in stops:
            if stop.who != who:
                who = stop.who
                await page.context.clear_cookies()
                if who is not None:
                    await sign_in(page, front, address, who)
            name = f"{language} {stop.name}"
            status = await _open(page, stop)
            if status != stop.status:
                seen.statuses[name] = (stop.status, status)
            await page.evaluate(AXE)
            looks: dict[Theme, dict[str, list[str]]] = {theme: EVERYTHING}
            if stop in other_theme:
                looks[OTHER_THEME[theme]] = CONTRAST
            for look, options in looks.items():
                await page.emulate_media(color_scheme=look)
                if violations := await page.evaluate(VIOLATIONS, options):
                    seen.violations[f"{name} {look}"] = violations
            await page.emulate_media(color_scheme=theme)
            if small := await page.evaluate(SMALL_TARGETS):
                seen.small[name] = small
            width = await page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                seen.wide[name] = width


async def _only_once(route: Route) -> None:
    if "hx-request" in route.request.headers:
        await route.abort()
    else:
        await route.continue_()


async def _open(page: Page, stop: Stop) -> int:
    """Go there, send what is to be sent, and show all of it; the status of the answer."""
    answer = await page.goto(stop.path)
    if stop.sent is not None:
        async with page.expect_navigation() as sending:
            await page.evaluate(SEND, [stop.sent, dict(stop.typed)])
        answer = await sending.value
    await page.evaluate(UNFOLD if stop.unfolded else OPEN_DETAILS)
    assert answer is not None
    return answer.status


SEND = """([selector, typed]) => {
  const form = document.querySelector(selector);
  for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
  form.submit();
}"""
"""As a browser without the checks of its own would."""

OPEN_DETAILS = "for (const one of document.querySelectorAll('details')) one.open = true"
UNFOLD = f"document.documentElement.classList.remove('stepping'); {OPEN_DETAILS}"

VIOLATIONS = """async (options) => (await axe.run(document, options)).violations
  .map((one) => `${one.id} ${one.nodes.slice(0, 3).map((node) => node.target.join(" "))}`)"""

SMALL_TARGETS = """() => [...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((one) => one.checkVisibility())
  .map((one) => [one, (one.matches('input[type=radio], input[type=checkbox]')
    ? one.closest('label') : one).getBoundingClientRect()])
  .filter(([one, box]) => box.right > 0 && (box.height < 43.5 || box.width < 43.5))
  .map(([one, box]) => `${one.tagName} ${one.textContent.trim() || one.name} `
    + `${Math.round(box.width)}x${Math.round(box.height)}`)
"""
