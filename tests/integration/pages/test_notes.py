"""What people typed is shown to whom it was meant for, as text, and to nobody else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.pages import notes
from shared.clock import rfc3339
from shared.contracts.conclusions import ClearanceRequested, PlanDrafted
from tests.integration.booking.care_view import CLEARANCE, PLAN, a_check_in, a_document
from tests.integration.booking.front_door import NOW, FrontDoor
from tests.integration.pages.clients import MARKUP, Client, a_client
from tests.integration.pages.professionals import DOCTOR, OTHER_TRAINER, a_clinician, at_work
from tests.integration.pages.visiting import Page

EVERYTHING = ("progress", "plan", "assessment")
STAIRS, SLOWLY, HALF, HEAT, EAR = (
    f"{text} {MARKUP}" for text in ("The stairs", "Slowly", "Half of it", "No heat", "Left ear")
)
"""A check-in's note, a comment, a decision's note, one about its limits, one of an assessment."""


@pytest.fixture
async def ann(door: FrontDoor) -> AsyncIterator[Client]:
    """A client about whom everybody has typed something; progress knows of all of it."""
    async with a_client(door) as client:
        await door.hear(
            ClearanceRequested(
                client_id=UUID(client.id),
                clearance_id=UUID(CLEARANCE),
                rules=("G2",),
                reasons=("heart_condition",),
                at=NOW,
            ),
            PlanDrafted(
                client_id=UUID(client.id), plan_id=UUID(PLAN), items=(), rules_version="1", at=NOW
            ),
        )
        told = await client.post(
            "/me/check-in", page="x", kind="daily", pain="4", note=STAIRS, booking=""
        )
        check_in = told.url.rpartition("/")[2]
        token = await door.sign_in("trainer01@limber.example")
        seen = {"region": "knee", "finding": "my word", "severity": 1, "note": EAR}
        assessed = await door.made(
            f"/v1/clients/{client.id}/assessments",
            {"posture": [seen], "baseline": {"pain_now": 1, "pain_week": 2}},
            token=token,
        )
        async with a_clinician(client, *EVERYTHING) as doctor:
            door.clock.advance(minutes=5)
            where = f"/clinic/clients/{client.id}"
            await doctor.post(f"{where}/plans/{PLAN}/comments", page="x", text=SLOWLY)
            mine = await door.sign_in(DOCTOR)
            limits = {"max_effort": 5, "note": HEAT}
            decision = {"decision": "limited", "limits": limits, "note": HALF}
            await door.made(f"/v1/clearances/{CLEARANCE}/decision", decision, token=mine)
        document = a_document(client.id)
        document["assessment"] |= {"id": assessed["id"]}
        report = a_check_in(0, day=92, pain=4, id=check_in, level="unknown", at=rfc3339(NOW))
        await client.known(assessment=document["assessment"], check_ins=[report])
        yield client


def kinds(page: Page, tag: str = "note") -> list[str | None]:
    """Of which kinds the notes on a page are."""
    return [one["data-kind"] for one in page.tagged.get(tag, [])]


async def test_the_trainer_reads_what_was_said_and_beside_what_it_is_about(ann: Client) -> None:
    async with at_work(ann.door) as amara:
        page = await amara.open(f"/desk/clients/{ann.id}")
        looks = await amara.looks(ann.id)

    assert {"clearance-decision", "plan-comment", "assessment", "checkin"} == set(kinds(page))
    assert ["clearance-decision", "assessment", "plan-comment"] == kinds(page, "note-beside")
    assert 1 == len(page.tagged["note-told"])
    for text in (STAIRS, SLOWLY, HALF, HEAT, EAR):
        assert 2 == page.text.count(text), text
    assert "<script>alert" not in page.answer.text
    assert "Ann Example" in page.text
    assert f"Knee · my word: {EAR}" in page.text
    assert f"Limits: {HEAT}" in page.text
    assert "(Doctor or therapist)" in page.text
    assert "progress" == looks[-1]
    assert "What was said" in page.text


@pytest.mark.parametrize(
    ("share", "read", "hidden"),
    [
        (("progress",), {STAIRS}, {SLOWLY, HALF, HEAT, EAR}),
        (("plan",), {SLOWLY}, {STAIRS, HALF, HEAT, EAR}),
        (("assessment",), {HALF, HEAT, EAR}, {STAIRS, SLOWLY}),
    ],
)
async def test_a_clinician_reads_what_belongs_to_the_purposes_shared(
    ann: Client, share: tuple[str, ...], read: set[str], hidden: set[str]
) -> None:
    async with a_clinician(ann, *share) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}")

    assert {2} == {page.text.count(text) for text in read}
    assert {0} == {page.text.count(text) for text in hidden}
    assert "<script>alert" not in page.answer.text


async def test_a_client_reads_the_own_note_in_the_diary(ann: Client) -> None:
    page = await ann.open("/me/diary")

    assert 1 == page.text.count(STAIRS)
    assert "<script>alert" not in page.answer.text
    assert [] == await ann.door.value(
        "select coalesce(array_agg(what), '{}') from access_log where actor_id = $1", UUID(ann.id)
    )


async def test_a_trainers_word_in_the_diary_is_signed(ann: Client) -> None:
    token = await ann.door.sign_in("trainer01@limber.example")
    body = {"kind": "daily", "pain": 2, "note": "Called me."}
    made = await ann.door.made(f"/v1/clients/{ann.id}/check-ins", body, token=token)
    report = a_check_in(0, day=92, pain=2, id=made["id"])
    await ann.known(version=300, check_ins=[report])

    assert "Amara" in (await ann.open("/me/diary")).text
    assert ": Called me." in (await ann.open("/me/diary")).text


async def test_older_notes_are_a_link_away(ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "SHOWN", 3)
    async with at_work(ann.door) as amara:
        page = await amara.open(f"/desk/clients/{ann.id}")
        older = await amara.open(page.links["What was said before"])
        wrong = await amara.open(f"/desk/clients/{ann.id}?older=x")

    assert (3, 1) == (len(kinds(page)), len(kinds(older)))
    assert {"clearance-decision", "plan-comment", "assessment", "checkin"} == {
        *kinds(page),
        *kinds(older),
    }
    assert "The newest" in older.links
    assert 422 == wrong.status


async def test_nobody_else_reads_a_word(ann: Client) -> None:
    async with at_work(ann.door, OTHER_TRAINER) as other:
        page = await other.open(f"/desk/clients/{ann.id}")
        assert (403, False) == (page.status, "The stairs" in page.answer.text)
    async with a_clinician(ann) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}")
        assert (403, False) == (page.status, "The stairs" in page.answer.text)


async def test_of_somebody_erased_no_page_is_left(ann: Client) -> None:
    token = await ann.door.sign_in("ann@example.org")
    assert 202 == (await ann.door.ask("DELETE", "/v1/me", token=token)).status_code

    async with at_work(ann.door, "staff@limber.example") as staff:
        page = await staff.open(f"/desk/clients/{ann.id}")
    assert (404, False) == (page.status, "The stairs" in page.answer.text)


async def test_what_was_said_is_named_in_french(ann: Client) -> None:
    async with at_work(ann.door) as amara:
        page = await amara.open(f"/desk/clients/{ann.id}?lang=fr")
    for text in ("Ce qui a été dit", "Note avec un bilan", "Commentaire sur le programme"):
        assert text in page.text, text


async def test_a_check_in_without_a_level_is_heard_not_unknown(ann: Client) -> None:
    unjudged: dict[str, Any] = {"level": "unknown", "safety": {"rules": []}, "holds": []}
    report = a_check_in(0, day=92, pain=4, level="unknown", at=rfc3339(NOW))
    await ann.known(version=300, check_ins=[report], **unjudged)
    page = await ann.open("/me")
    assert "unknown" == page.tagged["level"][0]["data-level"]
    assert ("We have heard you" in page.text, "Not known yet" in page.text) == (True, False)
    assert "What you told us today is noted." in page.text

    yesterday = report | {"at": rfc3339(NOW - timedelta(days=1))}
    await ann.known(version=301, check_ins=[yesterday], **unjudged)
    page = await ann.open("/me")
    assert "We do not know yet how you are today." in page.text


async def test_a_date_in_another_year_is_said_with_it(ann: Client) -> None:
    async with at_work(ann.door) as amara:
        page = await amara.open(f"/desk/clients/{ann.id}")
        assert "valid until Monday, February 1, 2027" in page.text
        assert "valid until Saturday, November 28" in page.text
        assert "November 28, 2026" not in page.text
        french = await amara.open(f"/desk/clients/{ann.id}?lang=fr")
        assert "lundi 1 février 2027" in french.text


async def test_the_clinic_speaks_of_the_client(ann: Client) -> None:
    async with a_clinician(ann, *EVERYTHING) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}")
        listed = await doctor.open("/clinic")
    for one in (page, listed):
        assert ("The plan" in one.text, "Your plan" in one.text) == (True, False)
    assert "Pain in the newest check-in: 4 of 10." in page.text
