"""Signing out at the desk: drafts leave the device, and what was not sent is warned of first."""

from playwright.async_api import Browser, expect

from tests.browser.conftest import sign_in, visiting
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.professionals import TRAINER

DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('limber:')).length"
PAGES = "() => caches.has('limber-desk')"


async def test_a_draft_is_warned_of_and_leaves_the_device_at_sign_out(
    door: FrontDoor, browser: Browser, address: str
) -> None:
    booking = await door.book()
    async with visiting(browser, address) as page:
        await sign_in(page, door, address, TRAINER)
        await page.goto(f"/desk/clients/{booking['client_id']}/assessment")
        await page.locator("[name=pain_now]").nth(4).check()
        await expect(page.get_by_test_id("kept")).to_have_text("Kept on this device.")
        await page.wait_for_function(PAGES)
        await page.goto("/desk")

        await page.get_by_test_id("sign-out").click()
        await expect(page.locator("#unsent")).to_be_visible()
        await page.locator("#stay").click()
        await expect(page.locator("#unsent")).to_be_hidden()
        assert 1 == await page.evaluate(DRAFTS)

        await page.get_by_test_id("sign-out").click()
        await page.get_by_test_id("sign-out-anyway").click()
        await page.wait_for_url(f"{address}/")
        assert (0, False) == (await page.evaluate(DRAFTS), await page.evaluate(PAGES))
        await page.goto("/desk")
        await expect(page).to_have_url(f"{address}/sign-in?next=%2Fdesk")


async def test_without_a_draft_signing_out_is_one_press(
    door: FrontDoor, browser: Browser, address: str
) -> None:
    async with visiting(browser, address) as page:
        await sign_in(page, door, address, TRAINER)
        await page.goto("/desk")
        await page.get_by_test_id("sign-out").click()
        await page.wait_for_url(f"{address}/")
