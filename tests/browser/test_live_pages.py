"""Pages that follow what happens: a lifted hold, and a check-in by touch until its answer."""

from dataclasses import dataclass
from uuid import UUID

from playwright.async_api import Browser, Locator, Page, expect

from shared.contracts.progress import Action, SubmissionAnswered
from tests.browser.conftest import PHONE, sign_in, visiting
from tests.integration.booking.care_view import on
from tests.integration.booking.front_door import FrontDoor, a_hold, a_lift
from tests.integration.pages.clients import Client, a_client
from tests.integration.pages.professionals import TRAINER

ANN = "ann@example.org"
REASON = "We spoke on the phone: the numbness is gone, and her doctor has seen her."

TAPS = 12
"""What a check-in may cost a person in pain, from the own page to the answer."""

TARGET_PX = 44

HELD = {
    "id": str(UUID(int=1)),
    "kind": "session",
    "option": None,
    "rule": "R1",
    "since": on(80),
    "reason": "A red flag was told.",
}

EASIER = Action(
    rule="P2",
    level="modify",
    action="Do about 30 percent less today, and nothing new.",
    code="reduce-dose",
    detail="Your pain is 6 or 7.",
)


async def test_a_trainer_lifts_a_hold_and_the_clients_page_follows_without_a_reload(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with a_client(door, ANN) as ann:
        await ann.known(level="hold", holds=[HELD], version=200)
        await door.hear(a_hold(ann.id))
        async with (
            visiting(browser, address) as theirs,
            visiting(browser, address) as trainers,
        ):
            await sign_in(theirs, door, address, ANN)
            await sign_in(trainers, door, address, TRAINER)
            await _follow(theirs)
            await expect(theirs.get_by_test_id("holds")).to_be_visible()
            await expect(theirs.get_by_text("This session waits")).to_be_visible()

            await trainers.goto("/desk")
            await trainers.get_by_role("link", name="Ann Example").click()
            held = trainers.get_by_test_id("hold")
            await held.get_by_label("Why it may end").fill(REASON)
            await held.get_by_test_id("lift").click()
            await expect(trainers.get_by_test_id("report")).to_have_attribute(
                "data-status", "pending"
            )
            report = trainers.url.rpartition("/")[2]
            await _progress_lifts(ann, report)

            await expect(theirs.get_by_test_id("holds")).to_have_count(0)
            await expect(theirs.get_by_test_id("level")).to_have_attribute("data-level", "go")
            await expect(theirs.locator("#news")).to_contain_text("Your page has changed")
            await expect(theirs.get_by_text("This session waits")).to_have_count(0)
            assert await theirs.evaluate("window.neverLeft")
            await expect(trainers.get_by_test_id("report")).to_have_attribute("data-status", "done")


async def test_a_check_in_by_touch_takes_few_taps_on_large_targets_until_its_answer(
    browser: Browser, address: str, door: FrontDoor
) -> None:
    async with (
        a_client(door, ANN) as ann,
        visiting(browser, address, viewport=PHONE, has_touch=True, is_mobile=True) as page,
    ):
        await ann.known()
        await sign_in(page, door, address, ANN)
        await page.goto("/me")
        finger = Finger()
        await finger.tap(page.locator("#go-check-in"))
        await finger.tap(page.get_by_test_id("next"))
        await finger.tap(page.locator("label", has=page.locator("[name=pain][value='6']")))
        await finger.tap(page.get_by_test_id("next"))
        await finger.tap(page.locator("label", has=page.locator("[name=stiffness][value='4']")))
        await finger.tap(page.get_by_test_id("send"))
        await expect(page.get_by_test_id("pending")).to_be_visible()
        await page.evaluate("window.neverLeft = true")
        report = page.url.rpartition("/")[2]
        await ann.answered(report, "modify", EASIER)

        await expect(page.get_by_test_id("level")).to_have_attribute("data-level", "modify")
        await expect(page.get_by_text("Do about 30 percent less today")).to_be_visible()
        assert await page.evaluate("window.neverLeft")
        assert finger.taps <= TAPS
        told = (await ann.sent())[-1]["check_in"]
        assert (6, 4) == (told["pain"], told["stiffness"])


@dataclass
class Finger:
    """Taps what is large enough, and counts."""

    taps: int = 0

    async def tap(self, target: Locator) -> None:
        """One tap on something that is shown and large."""
        await expect(target).to_be_visible()
        box = await target.bounding_box()
        assert box is not None
        assert TARGET_PX <= min(box["width"], box["height"]), box
        await target.tap()
        self.taps += 1


async def _follow(page: Page) -> None:
    """Open the client's page; its stream is open afterwards, and a reload would be noticed."""
    async with page.expect_response(lambda answer: answer.url.endswith("/stream")):
        await page.goto("/me")
    await page.evaluate("window.neverLeft = true")


async def _progress_lifts(ann: Client, report: str) -> None:
    """What progress answers to the lift that was handed over."""
    told = (await ann.sent())[-1]
    assert (report, HELD["id"], REASON) == (told["submission_id"], told["hold_id"], told["reason"])
    answer = {
        "client_id": ann.id,
        "submission_id": report,
        "status": "done",
        "level": "go",
        "actions": [],
    }
    await ann.door.hear(a_lift(ann.id), SubmissionAnswered.model_validate(answer))
    await ann.known(level="go", holds=[], version=201)
