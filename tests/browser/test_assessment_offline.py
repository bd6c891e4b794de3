"""An assessment at a client's home: the connection goes, the tablet keeps it, it is sent once."""

from playwright.async_api import Browser, Page, expect

from services.booking.api.access import SESSION_COOKIE
from tests.browser.conftest import visiting
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.professionals import TRAINER

TABLET = {"width": 820, "height": 1180}
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('limber:')).length"


async def signed_in(page: Page, door: FrontDoor, address: str) -> None:
    """The trainer's session is in the browser."""
    token = await door.sign_in(TRAINER)
    await page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])


async def sent(door: FrontDoor) -> list[int]:
    """The neck's severity in each assessment that was handed over."""
    published = await door.published(topic="booking.submissions")
    return [one.data["assessment"]["posture"][0]["severity"] for one in published]


async def test_an_assessment_survives_a_lost_connection_and_a_reload(
    door: FrontDoor, browser: Browser, address: str
) -> None:
    booking = await door.book()
    form = f"/desk/clients/{booking['client_id']}/assessment"
    async with visiting(browser, address, viewport=TABLET) as page:
        await signed_in(page, door, address)
        await page.goto(form)
        kept = page.get_by_test_id("kept")
        await page.locator("[name=pain_now]").nth(4).check()
        await expect(kept).to_have_text("Kept on this device.")
        await page.wait_for_function(
            "async () => (await caches.open('limber-desk')).match(location.pathname)"
            ".then((found) => Boolean(found) && Boolean(navigator.serviceWorker.controller))"
        )
        await page.context.set_offline(True)
        await page.locator("[name=pain_week]").nth(6).check()
        await page.select_option("#posture-neck", "head-forward")
        await page.select_option("#posture-neck-severity", "2")
        await page.get_by_test_id("send").click()
        await expect(kept).to_contain_text("No connection")
        assert [] == await sent(door)

        await page.reload()
        await expect(page.locator("#posture-neck")).to_have_value("head-forward")
        await expect(kept).to_contain_text("No connection")

        await page.context.set_offline(False)
        await page.wait_for_url("**/reports/*")
        assert [2] == await sent(door)
        assert 0 == await page.evaluate(KEPT)
        found = await page.evaluate(
            f"async () => Boolean(await (await caches.open('limber-desk')).match('{form}'))"
        )
        assert not found


async def test_what_the_server_refuses_stays_on_the_page_and_on_the_device(
    door: FrontDoor, browser: Browser, address: str
) -> None:
    booking = await door.book()
    async with visiting(browser, address, viewport=TABLET) as page:
        await signed_in(page, door, address)
        await page.goto(f"/desk/clients/{booking['client_id']}/assessment")
        for name in ("pain_now", "pain_week"):
            await page.locator(f"[name={name}]").nth(3).check()
        await page.select_option("#posture-neck", "head-forward")
        await page.get_by_test_id("send").click()
        await expect(page.locator("#posture-neck-wrong")).to_be_visible()
        await expect(page.locator("#posture-neck")).to_have_value("head-forward")
        assert 1 == await page.evaluate(KEPT)
        await page.select_option("#posture-neck-severity", "1")
        await page.get_by_test_id("send").click()
        await page.wait_for_url("**/reports/*")
        assert [1] == await sent(door)
        assert 0 == await page.evaluate(KEPT)
