"""The desk: the day, who needs care and why, a client's page, and the lift of a hold."""

from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from services.booking.domain.attention import MISSED_AFTER
from services.progress.domain.gates import Task
from shared.contracts.progress import SafetyHoldPlaced
from tests.integration.booking.care_view import HOLD
from tests.integration.booking.front_door import HOUR, NOW, TEN, FrontDoor
from tests.integration.pages.clients import MARKUP, Client, a_client, a_rule
from tests.integration.pages.professionals import OTHER_TRAINER, TRAINER, Professional, at_work


async def test_the_day_shows_its_sessions_and_takes_their_outcome(
    ann: Client, amara: Professional
) -> None:
    assert "Nothing is on this day." in (await amara.open("/desk")).text
    page = await amara.open("/desk?day=2026-05-06")
    assert 1 == len(page.tagged["item"])
    assert "Ann Example" in page.text
    assert "completed" not in page.tagged

    amara.door.clock.advance(days=2, hours=4)
    page = await amara.open("/desk")
    done = await amara.visitor.send(page, "/outcome", press="missed")
    assert (200, "Missed" in done.text or "Did not come" in done.text) == (done.status, True)
    assert "missed" == await amara.door.value(
        "select status from bookings where id = $1", UUID(ann.booking)
    )
    assert 400 == (await amara.post(f"/desk/bookings/{ann.booking}/outcome", outcome="x")).status


@pytest.mark.parametrize("day", ["x", "9999-12-31", "0001-01-01", MARKUP])
async def test_a_day_that_is_none_is_today(amara: Professional, day: str) -> None:
    answer = await amara.visitor.http.get("/desk", params={"day": day})
    assert (200, True) == (answer.status_code, "Today:" in answer.text)


async def test_clients_are_listed_by_need_with_the_reasons_and_the_look_on_record(
    ann: Client, amara: Professional, door: FrontDoor
) -> None:
    bob = await door.book(NOW.replace(day=7, hour=14), email="bob@example.org")
    await ann.known(level="emergency", version=200)
    page = await amara.open("/desk")
    assert [ann.id, bob["client_id"]] == [one["data-client"] for one in page.tagged["client"]]
    assert "emergency" == page.tagged["need"][0]["data-code"]
    assert ["list"] == await amara.looks(ann.id) == await amara.looks(bob["client_id"])
    assert 1 == await door.value("select count(*) from access_log")
    sharing = await ann.open("/me/sharing")
    assert 1 == len(sharing.tagged["look"])
    assert "the list of clients: your level, and why" in sharing.text


async def test_a_clients_page_explains_the_level_by_its_rules(
    ann: Client, amara: Professional
) -> None:
    rule = a_rule(inputs={"pain": 6, "baseline": 3.5, "flags": ["dizziness"], "flare": True})
    await ann.known(safety={"rules": [rule], "gates": []})
    page = await amara.open(f"/desk/clients/{ann.id}")
    assert "go-care" == page.tagged["level"][0]["data-level"]
    for text in ("P2", "Your pain is 6 or 7.", "3.5", "Dizziness", "Knee rolls", "yes"):
        assert text in page.text, text
    for tag in ("rule", "hold", "trend", "effect", "plan-item", "diary"):
        assert tag in page.tagged, tag
    assert ["progress"] == await amara.looks(ann.id)


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("screening", "The client answers the questions about health"),
        ("clearance", "A doctor or physiotherapist agrees"),
        ("assessment", "You assess posture and movement"),
    ],
)
async def test_what_opens_a_gate_is_said_to_the_trainer_and_not_to_the_client(
    ann: Client, amara: Professional, task: str, text: str
) -> None:
    assert {"screening", "clearance", "assessment"} == set(get_args(Task))
    gate = {"rule": "G1", "code": "not-assessed", "task": task, "reason": "", "since": None}
    await ann.known(safety={"rules": [], "gates": [gate]})
    assert text in (await amara.open(f"/desk/clients/{ann.id}")).text


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("pre-check-in", "A check-in is missing: before the session"),
        ("post-check-in", "A check-in is missing: after the session"),
        ("next-morning", "A check-in is missing: the next morning"),
        ("flare-follow-up", "A check-in is missing: in the flare"),
    ],
)
async def test_the_check_in_that_is_missing_is_named_to_the_trainer(
    ann: Client, amara: Professional, step: str, text: str
) -> None:
    long_ago = (NOW - MISSED_AFTER - timedelta(hours=1)).isoformat()
    await ann.known(level="go", holds=[], next={"code": step, "booking": None, "at": long_ago})
    assert text in (await amara.open(f"/desk/clients/{ann.id}")).text


async def test_opening_a_desk_without_clients_is_no_look(amara: Professional) -> None:
    await amara.open("/desk")
    assert 0 == await amara.door.value("select count(*) from access_log")


async def test_an_alert_is_acknowledged_so_that_nobody_else_is_called(
    ann: Client, amara: Professional, door: FrontDoor
) -> None:
    await ann.known(level="emergency")
    page = await amara.open(f"/desk/clients/{ann.id}")
    done = await amara.visitor.send(page, "/acknowledge", press="acknowledge")
    assert "acknowledged" in done.tagged
    told = (await door.published(topic="booking.events", key=ann.id))[-1]
    assert ("safety.acknowledged.v1", ann.id) == (told.type, told.data["client_id"])

    await ann.known(level="go", holds=[], version=300)
    assert "acknowledge" not in (await amara.open(f"/desk/clients/{ann.id}")).tagged
    async with at_work(door, OTHER_TRAINER) as other:
        assert 403 == (await other.post(f"/desk/clients/{ann.id}/acknowledge")).status
    assert 403 == (await ann.post(f"/desk/clients/{ann.id}/acknowledge")).status


async def test_a_hold_is_lifted_with_a_reason_and_the_answer_is_shown(
    ann: Client, amara: Professional
) -> None:
    await ann.known()
    await amara.door.hear(
        SafetyHoldPlaced(
            client_id=UUID(ann.id),
            hold_id=UUID(HOLD),
            kind="option",
            rule="A3",
            level="go-care",
            at=NOW,
        )
    )
    page = await amara.open(f"/desk/clients/{ann.id}")
    empty = await amara.visitor.send(page, "/lift", reason="  ")
    assert (422, []) == (empty.status, await amara.sent())
    assert "Please say why the hold may end." in empty.text

    done = await amara.visitor.send(page, "/lift", reason="We spoke; bridges are fine.")
    assert "pending" == done.tagged["report"][0]["data-status"]
    again = await amara.visitor.send(page, "/lift", reason="We spoke; bridges are fine.")
    assert done.url == again.url
    sent = await amara.sent()
    assert ["We spoke; bridges are fine."] == [one["reason"] for one in sent]

    report = done.url.rpartition("/")[2]
    await amara.answered(ann.id, report, status="rejected", reason="Not <b>yet</b>.", rule="A3")
    told = await amara.open(done.url)
    assert ("rejected", True) == (
        told.tagged["report"][0]["data-status"],
        "Not <b>yet</b>." in told.text,
    )


async def test_the_trainer_reads_what_was_typed_when_a_session_was_booked_or_cancelled(
    door: FrontDoor, amara: Professional
) -> None:
    async with a_client(door, goal=f"To garden again {MARKUP}") as client:
        path = f"/desk/clients/{client.id}"
        page = await amara.open(path)
        assert (1, True) == (
            len(page.tagged["said-booking"]),
            f"Goal: To garden again {MARKUP}" in page.text,
        )
        other = await door.book(TEN + 24 * HOUR, email="ann@example.org")
        token = await door.sign_in(TRAINER)
        await door.made(f"/v1/bookings/{other['id']}/cancel", {"reason": "Knee"}, token=token)

        assert "Why it was cancelled: Knee" in (await amara.open(path)).text


async def test_without_a_goal_nothing_is_shown_of_it(ann: Client, amara: Professional) -> None:
    assert "said-booking" not in (await amara.open(f"/desk/clients/{ann.id}")).tagged


async def test_names_and_texts_are_text(amara: Professional, door: FrontDoor) -> None:
    client = await door.made(
        "/v1/bookings",
        {
            "service": "training",
            "mode": "virtual",
            "start": "2026-05-06T14:00:00Z",
            "trainer": str(await door.value("select id from people where name like 'Amara%'")),
            "client": {"name": MARKUP, "email": "x@example.org", "tz": "America/Toronto"},
            "consent": {"reminders": True, "marketing": False},
        },
    )
    for path in ("/desk", "/desk?day=2026-05-06", f"/desk/clients/{client['client_id']}"):
        page = await amara.open(path)
        assert (200, False) == (page.status, "<script>alert" in page.answer.text), path
        assert MARKUP in page.text, path


async def test_the_desk_opens_for_those_who_treat_alone(ann: Client, door: FrontDoor) -> None:
    path = f"/desk/clients/{ann.id}"
    assert 403 == (await ann.open(path)).status
    async with at_work(door, OTHER_TRAINER) as other:
        assert 403 == (await other.open(path)).status
        assert [] == await other.looks(ann.id)
        lift = await other.post(f"{path}/holds/{HOLD}/lift", reason="Mine")
        assert (403, []) == (lift.status, await other.sent())
        booking = await other.post(f"/desk/bookings/{ann.booking}/outcome", outcome="completed")
        assert booking.status in {403, 404}
    assert "/me" in (await ann.open("/desk")).url
    ann.visitor.http.cookies.clear()
    assert 401 == (await ann.open(path)).status
    assert "/sign-in" in (await ann.open("/desk")).url


async def test_the_desk_speaks_french(ann: Client, amara: Professional) -> None:
    await ann.known()
    page = await amara.open(f"/desk/clients/{ann.id}?lang=fr")
    assert "Ce qui a besoin de vous" in page.text
    assert "Mon bureau" in (await amara.open("/desk")).text
