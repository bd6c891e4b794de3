"""A first workout booked in a real browser: by mouse, by keyboard, without scripts, in French."""

import asyncio

from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PHONE, visiting
from tests.browser.watched import SHIFTS
from tests.integration.booking.front_door import FrontDoor

KEYS = 40
"""Presses that are not typing: what a person in pain can be asked for."""

ZOOMED = {"viewport": PHONE, "device_scale_factor": 2}


async def choose(page: Page) -> None:
    """Say where and what hurts, until times are there."""
    await page.get_by_test_id("postal").fill("M5V 2T6")
    await page.get_by_test_id("condition").first.check()
    await expect(page.get_by_test_id("slot").first).to_be_visible()


async def tell(page: Page, email: str = "ann@example.org") -> None:
    """Say who it is for, and book."""
    await page.get_by_test_id("name").fill("Ann Example")
    await page.get_by_test_id("email").fill(email)
    await page.get_by_test_id("street").fill("1 King St W")
    await page.get_by_test_id("confirm").click()


async def test_a_visitor_books_by_mouse(browser: Browser, address: str, door: FrontDoor) -> None:
    async with visiting(browser, address) as page:
        await page.goto("/")
        await choose(page)
        await page.get_by_test_id("trainer").first.check()
        await expect(page.get_by_test_id("trainer").first).to_be_checked()
        await page.get_by_test_id("slot").first.click()
        await tell(page)
        await expect(page.get_by_test_id("done")).to_be_visible()
    assert 1 == await door.value("select count(*) from bookings")


async def test_a_visitor_books_by_keyboard_alone(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with visiting(browser, address) as page:
        presses = 0

        async def press(key: str) -> None:
            nonlocal presses
            presses += 1
            await page.keyboard.press(key)

        async def reach(testid: str) -> None:
            while await focused(page) != testid:
                assert presses < KEYS, f"{testid} is not reached"
                await press("Tab")

        await page.goto("/")
        await reach("postal")
        await page.keyboard.type("M5V 2T6")
        await reach("condition")
        await press("Space")
        await expect(page.get_by_test_id("slot").first).to_be_visible()
        await reach("slot")
        await press("ArrowRight")
        await press("ArrowDown")
        assert "slot" == await focused(page)
        await press("Enter")
        await expect(page.get_by_test_id("confirm")).to_be_visible()
        for field, text in (
            ("name", "Ann Example"),
            ("email", "ann@example.org"),
            ("street", "1 King St W"),
        ):
            await reach(field)
            await page.keyboard.type(text)
        await press("Enter")
        await expect(page.get_by_test_id("done")).to_be_visible()
        assert presses <= KEYS
    assert 1 == await door.value("select count(*) from bookings")


async def test_a_visitor_books_without_scripts(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with visiting(browser, address, java_script_enabled=False) as page:
        await page.goto("/")
        await page.get_by_test_id("postal").fill("M5V 2T6")
        await page.get_by_role("button", name="Show times").click()
        await page.get_by_test_id("slot").first.click()
        await tell(page)
        await expect(page.get_by_test_id("done")).to_be_visible()
    assert 1 == await door.value("select count(*) from bookings")


async def test_a_visitor_books_in_french_on_a_phone(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with visiting(browser, address, locale="fr-CA", **ZOOMED) as page:
        await page.goto("/")
        await expect(page.locator("h1")).to_have_text("Votre première séance est gratuite")
        await choose(page)
        await page.get_by_test_id("slot").first.click()
        await tell(page)
        await expect(page.get_by_test_id("done")).to_contain_text("C'est réservé")
        assert 360 >= await page.evaluate("document.documentElement.scrollWidth")


async def test_of_two_browsers_that_race_one_gets_the_time_and_one_the_nearest(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with (
        visiting(browser, address) as one,
        visiting(browser, address) as other,
    ):
        for page in (one, other):
            await page.goto("/?postal=M5V2T6")
            await page.get_by_test_id("trainer").first.check()
            await expect(page.get_by_test_id("trainer").first).to_be_checked()
            await page.wait_for_url("**trainer=**")
        await asyncio.gather(*(page.get_by_test_id("slot").first.click() for page in (one, other)))
        ends = [
            await page.get_by_test_id("confirm")
            .or_(page.get_by_test_id("alternative").first)
            .get_attribute("data-testid")
            for page in (one, other)
        ]
        assert ["alternative", "confirm"] == sorted(str(end) for end in ends)
        beaten = one if ends[0] == "alternative" else other
        await beaten.get_by_test_id("alternative").first.click()
        await tell(beaten, "ben@example.org")
        await expect(beaten.get_by_test_id("done")).to_be_visible()


async def test_the_countdown_warns_and_more_time_is_a_press_away(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with visiting(browser, address) as page:
        await page.clock.install()
        await page.goto("/?postal=M5V2T6")
        await page.get_by_test_id("slot").first.click()
        await expect(page.locator("#left")).to_have_text("10:00")
        await page.clock.run_for(8 * 60_000 + 5_000)
        await expect(page.locator("#soon")).to_be_visible()
        door.clock.advance(minutes=8)
        await page.get_by_test_id("extend").click()
        await expect(page.locator("#left")).to_have_text("10:00")


async def test_nothing_jumps_and_little_is_transferred(browser: Browser, address: str) -> None:
    async with visiting(browser, address) as page:
        sizes: list[int] = []
        client = await page.context.new_cdp_session(page)
        await client.send("Network.enable")
        client.on("Network.loadingFinished", lambda end: sizes.append(end["encodedDataLength"]))
        await page.add_init_script(SHIFTS)
        await page.goto("/?postal=M5V2T6&condition=back-pain", wait_until="networkidle")
        await page.get_by_test_id("trainer").first.check()
        await page.wait_for_url("**trainer=**")
        assert await page.evaluate("window.shifted") <= 0.05
        assert sum(sizes) <= 60_000


async def focused(page: Page) -> str | None:
    """The `data-testid` of what has the focus."""
    found: str | None = await page.evaluate("document.activeElement?.dataset.testid ?? null")
    return found
