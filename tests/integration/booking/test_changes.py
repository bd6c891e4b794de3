"""Changes of a booking: each told once, in the order of versions, and never half made."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HALF,
    HOUR,
    TEN,
    FrontDoor,
    a_hold,
    a_wish,
    problem,
    utc,
)

UNKNOWN = "00000000-0000-7000-8000-000000000000"


def path(booking: Any, change: str) -> str:
    """Where a change of a booking is asked for."""
    return f"/v1/bookings/{booking['id']}/{change}"


async def test_each_change_is_told_once_in_version_order_after_its_contact(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    token, trainer = booking["manage_token"], await door.sign_in("trainer01@limber.example")
    for start in (TEN + HOUR, TEN + HALF, TEN):
        await door.made(path(booking, "reschedule"), {"start": utc(start)}, token=token)
    door.clock.now = TEN
    await door.made(path(booking, "complete"), None, token=trainer)

    ours = ("contact.", "booking.")
    told = [event for event in await door.published() if event.type.startswith(ours)]

    assert ["booking.contacts", "booking.events"] * 5 == [event.topic for event in told]
    assert list(range(1, 6)) == [event.data["version"] for event in told[::2]]
    assert [
        ("booking.confirmed.v1", 1),
        ("booking.rescheduled.v1", 2),
        ("booking.rescheduled.v1", 3),
        ("booking.rescheduled.v1", 4),
        ("booking.completed.v1", 5),
    ] == [(event.type, event.data["version"]) for event in told[1::2]]
    assert {booking["client_id"]} == {event.key for event in told}


async def test_a_moved_booking_frees_its_old_time_and_takes_the_new_one(door: FrontDoor) -> None:
    booking = await door.book()

    answer = await door.post(
        path(booking, "reschedule"),
        {"start": utc(TEN + 24 * HOUR), "trainer": str(BENOIT)},
        token=booking["manage_token"],
    )

    assert (200, '"2"') == (answer.status_code, answer.headers["etag"])
    moved = answer.json()
    assert (utc(TEN + 24 * HOUR), utc(TEN + 25 * HOUR), str(BENOIT), 2) == (
        moved["start"],
        moved["end"],
        moved["trainer"]["id"],
        moved["version"],
    )
    read = await door.ask("GET", f"/v1/bookings/{booking['id']}", token=booking["manage_token"])
    assert (moved, '"2"') == (read.json(), read.headers["etag"])
    assert (await door.book(email="ben@example.org"))["trainer"]["id"] == str(AMARA)
    taken = a_wish(TEN + 24 * HOUR, trainer=BENOIT, email="cat@example.org")
    problem(await door.post("/v1/bookings", taken), 409, "slot-taken")
    (event,) = [e for e in await door.published() if e.type == "booking.rescheduled.v1"]
    assert (utc(TEN), str(AMARA)) == (
        event.data["previous_start"],
        event.data["previous_trainer_id"],
    )


async def test_a_refused_move_keeps_the_old_time_and_writes_nothing(door: FrontDoor) -> None:
    mine = await door.book()
    await door.book(TEN + HOUR, email="ben@example.org")
    await door.book(TEN + 3 * HOUR, trainer=BENOIT)
    before = await door.tables()

    for body, status, code in (
        ({"start": utc(TEN + HOUR)}, 409, "slot-taken"),
        ({"start": utc(TEN + HALF)}, 409, "slot-taken"),
        ({"start": utc(TEN + 3 * HOUR)}, 409, "slot-taken"),
        ({"start": utc(TEN - timedelta(days=7))}, 409, "slot-taken"),
        ({"start": utc(TEN + timedelta(minutes=7))}, 409, "slot-taken"),
        ({"start": utc(TEN + HOUR), "trainer": UNKNOWN}, 422, "invalid"),
    ):
        refused = problem(
            await door.post(path(mine, "reschedule"), body, token=mine["manage_token"]),
            status,
            code,
        )
        if code == "slot-taken":
            assert 3 == len(refused["alternatives"])
        else:
            assert ["trainer"] == [error["field"] for error in refused["errors"]]

    assert before == await door.tables()


async def test_a_cancelled_time_is_free_at_once_and_the_cause_stays_private(
    door: FrontDoor,
) -> None:
    booking = await door.book()

    cancelled = await door.made(
        path(booking, "cancel"), {"reason": "in pain"}, token=booking["manage_token"]
    )

    assert ("cancelled", 2) == (cancelled["status"], cancelled["version"])
    assert (await door.book(email="ben@example.org"))["status"] == "confirmed"
    assert "in pain" not in str(await door.published())


@pytest.mark.parametrize(
    ("who", "by"), [("ann@example.org", "client"), ("trainer01", "trainer"), ("lead", "staff")]
)
async def test_a_cancellation_says_which_side_it_came_from(
    door: FrontDoor, who: str, by: str
) -> None:
    booking = await door.book()
    token = await door.sign_in(who if "@" in who else f"{who}@limber.example")

    await door.made(path(booking, "cancel"), None, token=token)

    assert by == (await door.published())[-1].data["cancelled_by"]


@pytest.mark.parametrize("change", ["cancel", "complete", "no-show", "reschedule"])
async def test_asking_twice_for_a_change_makes_it_once(door: FrontDoor, change: str) -> None:
    booking = await door.book()
    staff = await door.sign_in("staff@limber.example")
    body = {"start": utc(TEN + HOUR)} if change == "reschedule" else None
    if change in {"complete", "no-show"}:
        door.clock.now = TEN
    once = await door.made(path(booking, change), body, token=staff)
    before = await door.tables()

    twice = await door.made(path(booking, change), body, token=staff)

    assert once == twice
    assert before == await door.tables()


async def test_after_its_end_a_booking_does_not_change(door: FrontDoor) -> None:
    bookings = {
        "cancel": await door.book(),
        "complete": await door.book(TEN + HOUR),
        "no-show": await door.book(TEN + 2 * HOUR),
    }
    trainer = await door.sign_in("trainer01@limber.example")
    await door.made(path(bookings["cancel"], "cancel"), None, token=trainer)
    door.clock.now = TEN + 3 * HOUR
    for change in ("complete", "no-show"):
        await door.made(path(bookings[change], change), None, token=trainer)
    before = await door.tables()

    for end, booking in bookings.items():
        for change in {"cancel", "complete", "no-show", "reschedule"} - {end}:
            body = {"start": utc(TEN + 48 * HOUR)} if change == "reschedule" else None
            answer = await door.post(path(booking, change), body, token=trainer)
            problem(answer, 409, "booking-ended")

    assert before == await door.tables()


async def test_how_it_went_is_said_after_the_start_and_by_trainer_or_staff(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    trainer = await door.sign_in("trainer01@limber.example")
    client = await door.sign_in("ann@example.org")
    before = await door.tables()

    for change in ("complete", "no-show"):
        early = await door.post(path(booking, change), token=trainer)
        problem(early, 409, "booking-not-started")
        for token in (client, booking["manage_token"]):
            own_word = await door.post(path(booking, change), token=token)
            problem(own_word, 403, "not-your-trainer")
    assert before == await door.tables()

    door.clock.now = TEN
    problem(await door.post(path(booking, "cancel"), token=trainer), 409, "booking-started")
    assert "missed" == (await door.made(path(booking, "no-show"), None, token=trainer))["status"]


async def test_a_change_with_a_version_is_made_on_that_version_alone(door: FrontDoor) -> None:
    booking = await door.book()
    token = booking["manage_token"]
    body = {"start": utc(TEN + HOUR)}
    before = await door.tables()

    for version in ('"2"', '"0"', '"999999999"', 'W/"2"'):
        answer = await door.post(path(booking, "reschedule"), body, token=token, version=version)
        assert 1 == problem(answer, 412, "stale-version")["version"]
    for version in ("1", '"1', '1"', '""', '"one"', '"1","2"', '"-1"', '"1.0"', "", '"1234567890"'):
        answer = await door.post(path(booking, "cancel"), token=token, version=version)
        problem(answer, 400, "malformed-if-match")
    assert before == await door.tables()

    for version, start in (('"1"', TEN + HOUR), ('W/"2"', TEN + HALF), ("*", TEN + 3 * HOUR)):
        again = {"start": utc(start)}
        await door.made(path(booking, "reschedule"), again, token=token, version=version)
    for change in ("cancel", "complete", "no-show"):
        staff = await door.sign_in("staff@limber.example")
        stale = await door.post(path(booking, change), token=staff, version='"1"')
        problem(stale, 412, "stale-version")


async def test_a_booking_of_a_client_on_hold_can_be_moved_and_stays_frozen(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    await door.hear(a_hold(booking["client_id"]))

    moved = await door.made(
        path(booking, "reschedule"), {"start": utc(TEN + HOUR)}, token=booking["manage_token"]
    )

    assert ("frozen", 3) == (moved["status"], moved["version"])
