"""The clinic: only what is shared is shown, a clearance is decided, a plan is spoken of."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.conclusions import ClearanceRequested, PlanDrafted
from tests.integration.booking.care_view import CLEARANCE, PLAN
from tests.integration.booking.front_door import NOW, FrontDoor
from tests.integration.pages.clients import MARKUP, Client, a_client
from tests.integration.pages.professionals import DOCTOR, a_clinician

EVERYTHING = ("progress", "plan", "assessment")


@pytest.fixture
async def ann(door: FrontDoor) -> AsyncIterator[Client]:
    """A client with a full view, a clearance and a plan."""
    async with a_client(door) as client:
        await client.known()
        await door.hear(
            ClearanceRequested(
                client_id=UUID(client.id),
                clearance_id=UUID(CLEARANCE),
                rules=("G2",),
                reasons=("heart_condition",),
                at=NOW,
            ),
            PlanDrafted(
                client_id=UUID(client.id),
                plan_id=UUID(PLAN),
                items=(),
                rules_version="1",
                at=NOW,
            ),
        )
        yield client


async def test_a_clinician_sees_who_shares_and_the_look_is_on_record(ann: Client) -> None:
    async with a_clinician(ann, *EVERYTHING) as doctor:
        page = await doctor.open("/clinic")
        assert (1, True) == (len(page.tagged["client"]), "Ann Example" in page.text)
        assert [] == await doctor.looks(ann.id)
        page = await doctor.open(f"/clinic/clients/{ann.id}")
        for tag in ("level", "diary", "trend", "plan-item", "hold", "letter", "decide", "comment"):
            assert tag in page.tagged, tag
        assert ["progress"] == await doctor.looks(ann.id)
        letter = await doctor.visitor.http.get(str(page.tagged["letter"][0]["href"]))
        assert "application/pdf" == letter.headers["content-type"]


@pytest.mark.parametrize(
    ("share", "shown", "hidden"),
    [
        ("progress", {"level", "diary"}, {"plan-item", "decide", "comment"}),
        ("plan", {"plan-item", "comment"}, {"level", "diary", "decide", "hold"}),
        ("assessment", {"decide"}, {"level", "diary", "plan-item", "comment"}),
    ],
)
async def test_what_is_not_shared_is_not_on_the_page(
    ann: Client, share: str, shown: set[str], hidden: set[str]
) -> None:
    async with a_clinician(ann, share) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}")
        assert shown == shown & page.tagged.keys()
        assert set() == hidden & page.tagged.keys()
        assert ("heart" in page.text.lower()) == (share == "assessment")


async def test_a_clearance_is_decided_once_with_its_limits(ann: Client) -> None:
    async with a_clinician(ann, *EVERYTHING) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}")
        given = {
            "decision": "limited",
            "max_effort": "5",
            "avoid": "knee",
            "valid_until": "2026-12-31",
            "note": MARKUP,
        }
        done = await doctor.visitor.send(page, "/clearances/", **given)
        assert f"/clinic/clients/{ann.id}/reports/" in done.url
        assert done.url == (await doctor.visitor.send(page, "/clearances/", **given)).url
        sent = [one for one in await doctor.sent() if "decision" in one]
        assert [("limited", 5, ["knee"], "2026-12-31", MARKUP)] == [
            (
                one["decision"],
                one["limits"]["max_effort"],
                one["limits"]["avoid"],
                one["valid_until"],
                one["note"],
            )
            for one in sent
        ]
        await doctor.answered(ann.id, done.url.rpartition("/")[2], status="done")
        assert "It is done" in (await doctor.open(done.url)).text


@pytest.mark.parametrize(
    ("fields", "marked"),
    [
        ({}, "decision"),
        ({"decision": MARKUP}, "decision"),
        ({"decision": "limited"}, "limits"),
        ({"decision": "granted", "valid_until": "2020-01-01"}, "valid_until"),
        ({"decision": "granted", "valid_until": MARKUP}, "valid_until"),
        ({"decision": "granted", "note": "x" * 1001}, "note"),
    ],
)
async def test_a_decision_that_is_none_is_marked(
    ann: Client, fields: dict[str, Any], marked: str
) -> None:
    async with a_clinician(ann, *EVERYTHING) as doctor:
        path = f"/clinic/clients/{ann.id}/clearances/{CLEARANCE}"
        page = await doctor.post(path, page="x", **fields)
        assert (422, True) == (page.status, f'id="{marked}-wrong"' in page.answer.text)
        assert "<script>alert" not in page.answer.text
        assert [] == await doctor.sent()


async def test_a_plan_is_commented_on_by_who_is_shown_it(ann: Client) -> None:
    path = f"/clinic/clients/{ann.id}/plans/{PLAN}/comments"
    async with a_clinician(ann, *EVERYTHING) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}")
        assert 422 == (await doctor.visitor.send(page, "/comments", text=" ")).status
        await doctor.visitor.send(page, "/comments", text="Fewer stairs, please.")
        assert ["Fewer stairs, please."] == [one["text"] for one in await doctor.sent()]
    async with a_clinician(ann, "progress") as doctor:
        assert 403 == (await doctor.post(path, text="x")).status


async def test_a_relative_who_looks_on_decides_nothing(ann: Client) -> None:
    async with a_clinician(ann, *EVERYTHING, role="other") as relative:
        page = await relative.open(f"/clinic/clients/{ann.id}")
        assert "decide" not in page.tagged
        path = f"/clinic/clients/{ann.id}/clearances/{CLEARANCE}"
        assert 403 == (await relative.post(path, decision="granted")).status
        assert [] == await relative.sent()


async def test_nothing_is_open_to_others(ann: Client) -> None:
    path = f"/clinic/clients/{ann.id}"
    async with a_clinician(ann, *EVERYTHING) as doctor:
        await ann.post("/me/sharing", email=DOCTOR, role="physician", share=[])
        assert 403 == (await doctor.open(path)).status
        assert "Nobody shares with you yet." in (await doctor.open("/clinic")).text
        other = await ann.door.book(NOW.replace(day=8, hour=14), email="bob@example.org")
        assert 403 == (await doctor.open(f"/clinic/clients/{other['client_id']}")).status
    assert 403 == (await ann.open(path)).status
    ann.visitor.http.cookies.clear()
    assert 401 == (await ann.open(path)).status


async def test_the_clinic_speaks_french(ann: Client) -> None:
    async with a_clinician(ann, *EVERYTHING) as doctor:
        page = await doctor.open(f"/clinic/clients/{ann.id}?lang=fr")
        assert "Votre décision : l'exercice convient-il?" in page.text
