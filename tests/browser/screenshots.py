"""`make screenshots`: every page as a picture in docs/pages, from a stack of its own."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from services.booking.api.access import SESSION_COOKIE
from tests.browser.conftest import CHROMIUM, SWITCHES
from tests.browser.story import DOCTOR, EMAIL, POSTAL, TRAINER, Story
from tests.e2e.reach import Reach
from tests.e2e.stack import CHECKOUT, embedded

PLACE = CHECKOUT / "docs" / "pages"

DESKTOP, PHONE = 1000, 390
"""Widths in pixels of a small window and of a usual phone."""

TALLEST = {DESKTOP: 820, PHONE: 1000}
"""What lies further down is left out: a picture stays readable and below `LARGEST`."""

LARGEST = 150_000
"""Bytes of one picture: the gallery has to open quickly."""

DAYS = 24
STAFF = "staff@limber.example"


@dataclass(frozen=True)
class Picture:
    """A page at an address, as somebody sees it."""

    name: str
    path: str
    who: str | None = None
    width: int = DESKTOP
    locale: str = "en-CA"
    theme: str = "light"


async def take(place: Path) -> None:
    """Start a stack, let a client live some weeks on it, and take all pictures.

    Raises:
        RuntimeError: there is no Chromium.
    """
    if CHROMIUM is None:
        raise RuntimeError("no Chromium on this machine; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="limber-pictures-") as home:
        async with embedded(Path(home) / "home") as reach, async_playwright() as playwright:
            _say("a client books, is assessed and trains for some weeks …")
            story = Story(reach)
            await story.begin()
            await story.live(DAYS)
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
            tokens = {who: await reach.token(who) for who in (EMAIL, TRAINER, DOCTOR, STAFF)}
            for picture in _pictures(story):
                async with _page(browser, reach, picture, tokens) as page:
                    await page.goto(picture.path)
                    await _keep(page, place, picture.name, picture.width)
            await _of_the_journey(browser, reach, place)
            await _of_a_check_in(browser, reach, place, tokens)
            await browser.close()


def _pictures(story: Story) -> list[Picture]:
    client = f"/desk/clients/{story.client_id}"
    manage = f"/manage/{story.manage_token}"
    return [
        Picture("sign-in", "/sign-in", width=PHONE),
        Picture("manage", manage),
        Picture("me", "/me", EMAIL),
        Picture("me-phone-dark-french", "/me", EMAIL, PHONE, "fr-CA", "dark"),
        *(
            Picture(f"me-{name}", f"/me/{name}", EMAIL)
            for name in ("plan", "diary", "sharing", "settings", "screening", "goals")
        ),
        Picture("me-questionnaire", "/me/questionnaires/peg", EMAIL, PHONE),
        Picture("desk", "/desk", TRAINER),
        Picture("desk-client", client, TRAINER),
        Picture("desk-assessment", f"{client}/assessment", TRAINER),
        Picture("desk-plan", f"{client}/plan", TRAINER),
        Picture("desk-hours", "/desk/hours", TRAINER),
        Picture("desk-time-off", "/desk/time-off", TRAINER),
        Picture("clinic", "/clinic", DOCTOR),
        Picture("clinic-client", f"/clinic/clients/{story.client_id}", DOCTOR),
        Picture("staff", "/staff", STAFF),
        Picture("staff-person", f"/staff/people/{story.client_id}", STAFF),
        Picture("staff-areas", "/staff/areas", STAFF),
        Picture("staff-messages", "/staff/messages", STAFF),
        Picture("refused", "/manage/unknown", width=PHONE),
    ]


async def _of_the_journey(browser: Browser, reach: Reach, place: Path) -> None:
    """A visitor books: on a desk, and on a phone."""
    for width, named in ((DESKTOP, ""), (PHONE, "-phone")):
        async with _page(browser, reach, Picture("", "", width=width), {}) as page:
            await page.goto("/")
            await _keep(page, place, f"book-1-where{named}", width)
            await page.get_by_test_id("postal").fill(POSTAL)
            await page.get_by_test_id("condition").first.check()
            await page.get_by_test_id("slot").first.wait_for()
            if width == PHONE:
                await page.locator("#times").scroll_into_view_if_needed()
            await _keep(page, place, f"book-2-times{named}", width, part="#times")
            await page.get_by_test_id("slot").first.click()
            await page.get_by_test_id("name").fill("Ada Tremblay")
            await page.get_by_test_id("email").fill(f"ada.{width}@example.org")
            await page.get_by_test_id("street").fill("1 King St W")
            await _keep(page, place, f"book-3-details{named}", width)
            await page.get_by_test_id("confirm").click()
            await page.get_by_test_id("done").wait_for()
            await _keep(page, place, f"book-4-done{named}", width)
            if width == DESKTOP:
                await page.get_by_test_id("move").click()
                await _keep(page, place, "manage-move", width)


async def _of_a_check_in(
    browser: Browser, reach: Reach, place: Path, tokens: dict[str, str]
) -> None:
    """A check-in on a phone, one question a screen, to its answer."""
    async with _page(browser, reach, Picture("", "", EMAIL, PHONE), tokens) as page:
        await page.goto("/me/check-in?kind=daily")
        await _keep(page, place, "check-in-1-signs", PHONE)
        await page.get_by_test_id("next").click()
        await page.locator("label", has=page.locator("[name=pain][value='6']")).click()
        await _keep(page, place, "check-in-2-pain", PHONE)
        await page.get_by_test_id("send").click()
        await page.get_by_test_id("level").wait_for()
        await _keep(page, place, "check-in-3-answer", PHONE)


@asynccontextmanager
async def _page(
    browser: Browser, reach: Reach, picture: Picture, tokens: dict[str, str]
) -> AsyncIterator[Page]:
    context = await browser.new_context(
        base_url=reach.base_url,
        viewport={"width": picture.width, "height": TALLEST[picture.width]},
        locale=picture.locale,
        timezone_id="America/Toronto",
        color_scheme="dark" if picture.theme == "dark" else "light",
        reduced_motion="reduce",
    )
    if picture.who is not None:
        token = tokens[picture.who]
        cookie = {"name": SESSION_COOKIE, "value": token, "url": reach.base_url}
        await context.add_cookies([cookie])  # type: ignore[list-item]
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _keep(page: Page, place: Path, name: str, width: int, *, part: str | None = None) -> None:
    """The page, or the part of it from there on, as a picture."""
    top = 0.0
    if part is not None:
        box = await page.locator(part).bounding_box()
        assert box is not None
        top = box["y"] + await page.evaluate("window.scrollY") if width == PHONE else 0.0
    whole = await page.evaluate("document.documentElement.scrollHeight")
    height = min(whole - top, TALLEST[width])
    kept = place / f"{name}.png"
    await page.screenshot(
        path=kept,
        full_page=True,
        clip={"x": 0, "y": top, "width": width, "height": height},
        animations="disabled",
    )
    size = kept.stat().st_size
    _say(f"{kept.name} {size / 1000:.0f} kB{', too large' if size > LARGEST else ''}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    PLACE.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(PLACE))
    sizes = {one.name: one.stat().st_size for one in PLACE.glob("*.png")}
    _say(f"{sum(sizes.values()) / 1e6:.1f} MB in {PLACE}")
    if large := [name for name, size in sizes.items() if size > LARGEST]:
        raise SystemExit(f"larger than {LARGEST} bytes: {', '.join(large)}")
