"""The check-in without scripts: one form, one report, and the answer on the next page."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.booking.pages import me_reports
from services.booking.streams import Watch
from shared.clock import rfc3339
from shared.contracts.progress import Action, SubmissionAnswered
from tests.integration.booking.care_view import a_check_in
from tests.integration.booking.front_door import NOW, TEN, FrontDoor, utc
from tests.integration.pages.clients import MARKUP, Client, report_of

WORSE = Action(
    rule="A2",
    level="modify",
    action="Tell us what may have caused it. These exercises come down by a quarter next time.",
    code="ask-why",
    detail="The morning is at least 2 above where you began.",
)
LONG_S = 60.0
"""Longer than any of these tests takes."""

R1 = (
    "saddle-numbness", "bladder-bowel-change", "both-leg-weakness", "chest-pain", "fainting",
    "sudden-breathlessness",
)  # fmt: skip


async def test_red_flags_come_first_and_pain_has_every_number(ann: Client) -> None:
    page = await ann.open("/me/check-in")
    assert [str(n) for n in range(11)] == [one["value"] for one in page.tagged["pain"]]
    flags = page.tagged["red-flag"]
    assert [*R1] == [one["value"] for one in flags if one.get("data-tier") == "R1"]
    assert [*R1] == [one["value"] for one in flags[:6]]
    assert 17 == len(flags)
    assert ("next", "send") == tuple(name for name in page.tagged if name in {"next", "send"})
    text = page.answer.text
    assert text.index("red-flag") < text.index('data-testid="pain"') < text.index("stiffness")


async def test_a_number_for_911_is_on_the_page_before_anything_is_sent(ann: Client) -> None:
    page = await ann.open("/me/check-in")
    assert page.tagged["emergency"]
    assert "tel:911" == page.links["911"]


async def test_a_check_in_reaches_progress_as_it_was_told(ann: Client) -> None:
    page = await ann.post(
        "/me/check-in",
        kind="post",
        booking=ann.booking,
        pain="4",
        effort="6",
        enjoyment="0",
        red_flags=["dizziness", "locking"],
        note="Fine, but épuisée 🙂",
        options="knee-rolls easy-walk ",
        done=["easy-walk"],
    )
    assert "pending" in page.tagged
    (report,) = await ann.sent()
    assert (report_of(page), ann.id, ann.id) == (
        report["submission_id"],
        report["client_id"],
        report["submitted_by"],
    )
    told = {name: value for name, value in report["check_in"].items() if value is not None}
    nothing = {"worst_pain": None, "enjoyment": None}
    assert {
        "kind": "post",
        "booking": ann.booking,
        "pain": 4,
        "effort": 6,
        "enjoyment": 0,
        "red_flags": ["dizziness", "locking"],
        "why": [],
        "flare": False,
        "note": "Fine, but épuisée 🙂",
        "exercises": [
            {"option": "knee-rolls", "done": False, **nothing},
            {"option": "easy-walk", "done": True, **nothing},
        ],
        "at": utc(NOW),
    } == told


async def test_what_is_asked_next_decides_about_what_it_is(ann: Client) -> None:
    await ann.known(next={"code": "next-morning", "booking": ann.booking, "at": rfc3339(NOW)})
    page = await ann.open("/me/check-in")
    await ann.visitor.send(page, "/me/check-in", pain="2", flare="on")
    (report,) = await ann.sent()
    told = report["check_in"]
    assert ("next-morning", ann.booking, True) == (told["kind"], told["booking"], told["flare"])


async def test_after_a_session_the_options_of_the_plan_are_asked_about(ann: Client) -> None:
    await ann.known()
    page = await ann.open("/me/check-in?kind=post")
    assert ["knee-rolls", "easy-walk"] == re.findall(
        r'name="done" value="([\w-]+)"', page.answer.text
    )
    assert 'value="knee-rolls easy-walk "' in page.answer.text
    assert 'name="done"' not in (await ann.open("/me/check-in?kind=pre")).answer.text


async def test_a_form_that_is_wrong_keeps_what_was_typed_and_stores_nothing(ann: Client) -> None:
    before = await ann.door.tables()
    wrong: list[tuple[dict[str, Any], int]] = [
        ({}, 422),
        ({"pain": "11"}, 422),
        ({"pain": "-1"}, 422),
        ({"pain": "٣"}, 422),
        ({"pain": "3", "stiffness": "a lot"}, 422),
        ({"pain": "3", "kind": "weekly"}, 422),
        ({"pain": "3", "red_flags": "headache"}, 422),
        ({"pain": "3", "why": "because"}, 422),
        ({"pain": "3", "booking": "7"}, 422),
        ({"pain": "3", "note": "n" * 1001}, 422),
        ({"pain": "3", "note": "null\0byte"}, 422),
        ({"pain": "3", "done": MARKUP}, 422),
    ]
    for typed, status in wrong:
        page = await ann.post("/me/check-in", **({"kind": "daily", "mood": "7"} | typed))
        assert status == page.status, typed
        assert "<script>alert" not in page.answer.text
        checked = re.search(r'name="mood" value="7"[^>]*checked', page.answer.text)
        assert checked, typed
    assert before == await ann.door.tables()
    page = await ann.post("/me/check-in", kind="daily")
    assert "Please choose a number." in page.text


async def test_a_session_of_somebody_else_is_refused(ann: Client, door: FrontDoor) -> None:
    other = await door.book(TEN + timedelta(hours=2), email="ben@example.org")
    page = await ann.post("/me/check-in", kind="post", pain="3", booking=other["id"])
    assert (422, []) == (page.status, await ann.sent())


async def test_the_same_form_twice_is_one_report_and_a_corrected_one_another(ann: Client) -> None:
    page = await ann.open("/me/check-in?kind=daily")
    first = await ann.visitor.send(page, "/me/check-in", pain="3")
    again = await ann.visitor.send(page, "/me/check-in", pain="3")
    assert report_of(first) == report_of(again)
    assert 1 == len(await ann.sent())
    corrected = await ann.visitor.send(page, "/me/check-in", pain="4")
    assert report_of(first) != report_of(corrected)
    assert [3, 4] == [one["check_in"]["pain"] for one in await ann.sent()]


async def test_the_answer_is_looked_for_until_it_is_there(ann: Client) -> None:
    page = await ann.post("/me/check-in", kind="daily", pain="6")
    assert f"url=/me/reports/{report_of(page)}?looked=1" in page.answer.text
    assert "data-waiting" in page.answer.text
    tired = await ann.open(f"/me/reports/{report_of(page)}?looked=20")
    assert "http-equiv" not in tired.answer.text
    assert tired.links["Look again"].endswith(report_of(page))

    easier = Action(
        rule="P2", level="modify", action="Do about 30 percent less today, and nothing new.",
        code="reduce-dose", detail="Your pain is 6 or 7.",
    )  # fmt: skip
    await ann.answered(report_of(page), "modify", easier)
    page = await ann.open(page.url)
    assert "modify" == page.tagged["level"][0]["data-level"]
    assert "Your pain is 6 or 7. Do about 30 percent less today, and nothing new." in page.text
    assert "http-equiv" not in page.answer.text
    assert "data-waiting" not in page.answer.text


async def test_an_answer_that_comes_while_the_page_is_made_is_on_it(
    ann: Client, door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await ann.post("/me/check-in", kind="daily", pain="2")
    # Without the wake-up the page would come only after this.
    monkeypatch.setattr(me_reports, "PATIENCE_S", LONG_S)
    watched = asyncio.Event()

    class Noted(Watch):
        async def ticks(self, *, every_s: float) -> AsyncIterator[None]:
            async for _ in super().ticks(every_s=every_s):
                yield
                watched.set()

    monkeypatch.setattr(me_reports, "Watch", Noted)
    listening = asyncio.create_task(door.wakeups.listen())
    asked = asyncio.create_task(ann.open(page.url))
    async with asyncio.timeout(LONG_S / 2):
        await watched.wait()
        await ann.answered(report_of(page), "go")
        answer = await asked
    listening.cancel()
    assert "go" == answer.tagged["level"][0]["data-level"]
    assert 0 == door.wakeups.watched()


async def test_an_emergency_is_answered_with_the_number_first(ann: Client) -> None:
    page = await ann.post("/me/check-in", kind="daily", pain="3", red_flags="chest-pain")
    await ann.answered(report_of(page), "emergency")
    page = await ann.open(page.url)
    assert "emergency" == page.tagged["level"][0]["data-level"]
    assert page.text.index("911") < page.text.index("Nothing is more important now than help.")


async def test_a_refused_report_says_why(ann: Client, door: FrontDoor) -> None:
    page = await ann.post("/me/check-in", kind="daily", pain="3")
    no = {"status": "rejected", "level": "go", "rule": "G2", "reason": "There is no screening yet."}
    told = {"client_id": ann.id, "submission_id": report_of(page)} | no
    await door.hear(SubmissionAnswered.model_validate(told))
    page = await ann.open(page.url)
    assert "This could not be accepted There is no screening yet." in page.text


async def test_after_a_worse_morning_the_page_asks_why_once(ann: Client) -> None:
    page = await ann.post("/me/check-in", kind="next-morning", booking=ann.booking, pain="7")
    report = report_of(page)
    await ann.answered(report, "modify", WORSE)
    # The view may come a moment later: until then nothing can be added.
    page = await ann.open(f"/me/reports/{report}")
    assert "why" not in page.tagged
    assert "data-waiting" in page.answer.text

    told = a_check_in(1, day=0, pain=7, kind="next-morning", booking=ann.booking, mood=0)
    told |= {"id": report, "at": rfc3339(NOW)}
    await ann.known(check_ins=[told])
    page = await ann.open(f"/me/reports/{report}")
    assert 11 == len(page.tagged["why"])
    assert "data-waiting" not in page.answer.text
    await ann.post(f"/me/reports/{report}/why", why=["too-fast", "poor-sleep"])

    first, again = await ann.sent()
    assert ["too-fast", "poor-sleep"] == again["check_in"]["why"]
    same: dict[str, Any] = {"why": [], "mood": None}
    assert first["check_in"] == again["check_in"] | same
    assert 0 == again["check_in"]["mood"]
    await ann.known(version=144, check_ins=[told | {"why": ["too-fast"]}])
    assert "why" not in (await ann.open(f"/me/reports/{report}")).tagged


async def test_a_form_from_another_site_does_nothing(ann: Client) -> None:
    for path in ("/me/check-in", "/me/screening", "/me/goals", "/me/sharing", "/me/settings"):
        answer = await ann.visitor.http.post(
            path, data={"kind": "daily", "pain": "3"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert 403 == answer.status_code
    assert [] == await ann.sent()
