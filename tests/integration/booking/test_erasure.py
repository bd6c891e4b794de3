"""A client asks to be forgotten: nothing of theirs is left at the front door."""

from uuid import UUID

import pytest

from services.booking.handlers import erasure
from shared.contracts.booking import ClientErased
from shared.contracts.contacts import ContactChanged
from tests.integration.booking.front_door import (
    AMARA,
    HOUR,
    KEYS,
    NOW,
    TEN,
    FrontDoor,
    a_hold,
    problem,
    utc,
)

ANN = "ann@example.org"
CHECK_IN = {"kind": "daily", "pain": 4, "note": "The stairs, again."}


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """Ann with a session tomorrow, a place on the waitlist and a report."""
    booked = await door.book(TEN, email=ANN, goal="Dance again")
    client = booked["client_id"]
    token = await door.sign_in(ANN)
    place = {"service": "training", "mode": "virtual", "from": "2026-05-06", "to": "2026-05-08"}
    await door.made("/v1/waitlist", place, token=token)
    await door.made(f"/v1/clients/{client}/check-ins", CHECK_IN, token=token, key="k")
    return {"id": client, "token": token, "booking": booked["id"]}


async def test_what_was_asked_for_is_answered_with_the_day_it_is_done(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    answer = await door.ask("DELETE", "/v1/me", token=ann["token"])

    assert 202 == answer.status_code, answer.text
    assert {
        "requested_at": utc(NOW),
        "done_by": utc(NOW + erasure.DONE_WITHIN),
    } == answer.json()
    problem(await door.ask("GET", "/v1/me", token=ann["token"]), 401, "bad-token")


async def test_everybody_is_told_and_the_contact_is_forgotten_last(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    before = len(await door.published(key=ann["id"]))

    await door.ask("DELETE", "/v1/me", token=ann["token"])

    told = (await door.published(key=ann["id"]))[before:]
    assert [
        "booking.cancelled.v1",
        "waitlist.left.v1",
        ClientErased.type,
        "",
    ] == [one.type for one in told]
    assert (ContactChanged.topic, None) == (told[-1].topic, told[-1].data)


async def test_the_time_is_free_again_and_the_address_may_come_as_somebody_new(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    await door.ask("DELETE", "/v1/me", token=ann["token"])

    again = await door.book(TEN, email=ANN, service="first-workout")

    assert ann["id"] != again["client_id"]


async def test_staff_erase_for_a_client_and_nobody_else_does(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    trainer = await door.sign_in("trainer01@limber.example")
    staff = await door.sign_in("staff@limber.example")
    where = f"/v1/people/{ann['id']}"

    problem(await door.ask("DELETE", where, token=trainer), 403, "staff-only")
    assert 202 == (await door.ask("DELETE", where, token=staff)).status_code
    problem(await door.ask("DELETE", where, token=staff), 404, "no-such-client")
    problem(await door.ask("DELETE", f"/v1/people/{AMARA}", token=staff), 403, "clients-only")


async def test_what_others_do_afterwards_tells_no_contact_again(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    door.clock.advance(days=2, hours=3)
    token = await door.sign_in(ANN)
    assert 202 == (await door.ask("DELETE", "/v1/me", token=token)).status_code
    before = len(await door.published(key=ann["id"]))
    trainer = await door.sign_in("trainer01@limber.example")
    done = await door.post(f"/v1/bookings/{ann['booking']}/complete", None, token=trainer)

    assert 200 == done.status_code, done.text
    told = (await door.published(key=ann["id"]))[before:]
    assert ["booking.completed.v1"] == [one.type for one in told]


async def test_what_comes_late_has_no_effect(door: FrontDoor, ann: dict[str, str]) -> None:
    await door.ask("DELETE", "/v1/me", token=ann["token"])

    await door.hear(a_hold(ann["id"]))

    assert 0 == await door.value("select count(*) from safety_holds")


async def test_a_report_under_way_finds_nobody(door: FrontDoor, ann: dict[str, str]) -> None:
    trainer = await door.sign_in("trainer01@limber.example")
    await door.ask("DELETE", "/v1/me", token=ann["token"])

    answer = await door.post(f"/v1/clients/{ann['id']}/check-ins", CHECK_IN, token=trainer)

    assert answer.status_code in {403, 404}


async def test_what_was_typed_lies_sealed_and_its_key_is_destroyed(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    async with door.db.reading() as connection:
        payload = await connection.fetchval(
            "select payload from outbox where topic = 'booking.submissions'"
        )
        report = await connection.fetchval("select report from submissions")
        wrapped = await connection.fetchval("select wrapped from client_keys")
    assert "stairs" not in payload + report
    sealer = KEYS.master.unwrap(wrapped, UUID(ann["id"]))
    assert "The stairs, again." in sealer.open(report)

    await door.ask("DELETE", "/v1/me", token=ann["token"])

    assert 0 == await door.value("select count(*) from client_keys")


async def test_no_time_stays_taken(door: FrontDoor, ann: dict[str, str]) -> None:
    await door.book(TEN + 5 * HOUR, email=ANN)

    await door.ask("DELETE", "/v1/me", token=ann["token"])

    assert 0 == await door.value("select count(*) from reservations where client_id is not null")
