"""Fair changes over HTTP: what is late, what a flare excuses, and what can be corrected."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.store import people
from tests.integration.booking.front_door import (
    HOUR,
    NOW,
    TEN,
    FrontDoor,
    a_hold,
    a_lift,
    problem,
    utc,
)

LATE = TEN - 2 * HOUR
"""Two hours before the session: less than the notice of a training."""


def path(booking: Any, change: str) -> str:
    """Where a change of a booking is asked for."""
    return f"/v1/bookings/{booking['id']}/{change}"


async def told(door: FrontDoor) -> Any:
    """The newest event about a booking."""
    return (await door.published(topic="booking.events"))[-1]


@pytest.mark.parametrize(
    ("service", "before_start", "said", "late"),
    [
        ("training", timedelta(hours=12), {}, False),
        ("training", timedelta(hours=11, minutes=59), {}, True),
        ("training", timedelta(hours=2), {"because": "illness"}, True),
        ("training", timedelta(hours=2), {"because": "flare"}, False),
        ("assessment", timedelta(hours=2), {"because": "weather"}, True),
        ("first-workout", timedelta(minutes=1), {}, False),
    ],
)
async def test_a_cancellation_says_whether_it_was_late_in_answer_and_event(
    door: FrontDoor, service: str, before_start: timedelta, said: dict[str, str], late: bool
) -> None:
    booking = await door.book(service=service)
    door.clock.now = TEN - before_start

    cancelled = await door.made(path(booking, "cancel"), said, token=booking["manage_token"])

    expected = (late, said.get("because"))
    assert expected == (cancelled["late"], cancelled["because"])
    event = await told(door)
    assert expected == (event.data["late"], event.data["because"])
    read = await door.ask("GET", f"/v1/bookings/{booking['id']}", token=booking["manage_token"])
    assert cancelled == read.json()


@pytest.mark.parametrize("who", ["trainer01", "staff", "lead"])
async def test_our_own_side_is_never_late(door: FrontDoor, who: str) -> None:
    booking = await door.book()
    door.clock.now = LATE
    token = await door.sign_in(f"{who}@limber.example")

    assert not (await door.made(path(booking, "cancel"), None, token=token))["late"]


@pytest.mark.parametrize(("hours_ago", "late"), [(1, False), (48, False), (49, True)])
async def test_a_flare_reported_in_the_last_two_days_excuses(
    door: FrontDoor, hours_ago: int, late: bool
) -> None:
    booking = await door.book()
    async with door.db.transaction() as tx:
        await people.add_flare(tx, UUID(booking["client_id"]), LATE - hours_ago * HOUR)
    door.clock.now = LATE

    cancelled = await door.made(path(booking, "cancel"), None, token=booking["manage_token"])

    assert (late, None) == (cancelled["late"], cancelled["because"])


async def test_a_frozen_session_is_cancelled_without_being_late_also_after_its_start(
    door: FrontDoor,
) -> None:
    for start, when in ((TEN, LATE), (TEN + 24 * HOUR, TEN + 26 * HOUR)):
        door.clock.now = NOW
        booking = await door.book(start, email=f"{start:%d}@example.org")
        await door.hear(a_hold(booking["client_id"], start.day))
        door.clock.now = when

        cancelled = await door.made(path(booking, "cancel"), None, token=booking["manage_token"])

        assert ("cancelled", False) == (cancelled["status"], cancelled["late"])
    assert 0 == await door.value("select count(*) from reservations")


async def test_what_was_said_with_a_booking_and_its_end_is_for_trainer_and_staff_alone(
    door: FrontDoor,
) -> None:
    goal = "to garden again"
    booking = await door.book(goal=goal)
    said = {"reason": "my knee is twice its size", "because": "flare"}

    answer = await door.made(path(booking, "cancel"), said, token=booking["manage_token"])

    readers = {
        name: await door.sign_in(f"{name}@limber.example") for name in ("trainer01", "staff")
    }
    own = {"client": await door.sign_in("ann@example.org"), "link": booking["manage_token"]}
    for name, token in (readers | own).items():
        read = await door.ask("GET", f"/v1/bookings/{booking['id']}", token=token)
        shown = read.json().get("goal"), read.json().get("reason")
        assert ((goal, said["reason"]) if name in readers else (None, None)) == shown
    assert "reason" not in answer
    assert "knee" not in str(await door.published())
    assert "garden" not in str(await door.published())
    problem(
        await door.post(path(booking, "cancel"), {"because": "bored"}, token=own["link"]),
        422,
        "invalid",
    )


async def test_a_late_move_is_made_and_told_as_late(door: FrontDoor) -> None:
    booking = await door.book()
    later = {"start": utc(TEN + 24 * HOUR)}
    for now, start, late in ((NOW, TEN + HOUR, False), (LATE, TEN + 24 * HOUR, True)):
        door.clock.now = now
        later = {"start": utc(start)}

        await door.made(path(booking, "reschedule"), later, token=booking["manage_token"])

        assert late is (await told(door)).data["late"]


async def test_a_frozen_session_is_neither_completed_nor_missed_until_the_hold_is_lifted(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    await door.hear(a_hold(booking["client_id"]))
    trainer = await door.sign_in("trainer01@limber.example")
    door.clock.now = TEN
    before = await door.tables()

    for change in ("complete", "no-show"):
        refused = problem(
            await door.post(path(booking, change), token=trainer), 409, "booking-frozen"
        )
        assert "Lift" in refused["detail"]
        assert "cancel" in refused["detail"]
    assert before == await door.tables()

    # The hold is lifted while the session runs: it takes place after all.
    door.clock.now = TEN + HOUR / 2
    await door.hear(a_lift(booking["client_id"]))
    assert (
        "completed" == (await door.made(path(booking, "complete"), None, token=trainer))["status"]
    )


async def test_a_session_that_ended_frozen_stays_so_when_the_hold_is_lifted(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    await door.hear(a_hold(booking["client_id"]))
    door.clock.now = TEN + HOUR

    await door.hear(a_lift(booking["client_id"]))

    assert "frozen" == await door.value("select status from bookings")


@pytest.mark.parametrize(
    ("reported", "becomes"),
    [
        (TEN - 49 * HOUR, "missed"),
        (TEN - 48 * HOUR, "cancelled"),
        (TEN - HOUR, "cancelled"),
        (TEN + HOUR, "cancelled"),
        (TEN + 2 * HOUR, "missed"),
    ],
)
async def test_a_flare_around_the_session_is_no_no_show(
    door: FrontDoor, reported: Any, becomes: str
) -> None:
    booking = await door.book()
    async with door.db.transaction() as tx:
        await people.add_flare(tx, UUID(booking["client_id"]), reported)
    door.clock.now = TEN + 3 * HOUR
    trainer = await door.sign_in("trainer01@limber.example")

    after = await door.made(path(booking, "no-show"), None, token=trainer)

    assert becomes == after["status"]
    event = await told(door)
    assert (f"booking.{becomes}.v1", 2) == (event.type, event.data["version"])
    if becomes == "cancelled":
        assert ("trainer", "flare", False) == (
            event.data["cancelled_by"],
            event.data["because"],
            event.data["late"],
        )
        assert 0 == await door.value("select count(*) from reservations")


async def test_a_reported_flare_of_a_check_in_excuses_the_cancellation(door: FrontDoor) -> None:
    booking = await door.book()
    token = await door.sign_in("ann@example.org")
    door.clock.now = LATE
    report = {"kind": "daily", "pain": 7, "flare": True}
    await door.made(f"/v1/clients/{booking['client_id']}/check-ins", report, token=token)

    cancelled = await door.made(path(booking, "cancel"), None, token=booking["manage_token"])

    assert not cancelled["late"]


async def test_staff_correct_how_a_session_went_for_seven_days(door: FrontDoor) -> None:
    booking = await door.book()
    trainer = await door.sign_in("trainer01@limber.example")
    staff = await door.sign_in("staff@limber.example")
    door.clock.now = TEN + HOUR
    await door.made(path(booking, "no-show"), None, token=trainer)
    problem(await door.post(path(booking, "complete"), token=trainer), 409, "booking-ended")

    done = await door.made(path(booking, "complete"), None, token=staff)
    door.clock.now = TEN + HOUR + timedelta(days=7)
    missed = await door.made(path(booking, "no-show"), None, token=staff)

    assert [("completed", 3), ("missed", 4)] == [
        (b["status"], b["version"]) for b in (done, missed)
    ]
    types = [event.type for event in await door.published(topic="booking.events")]
    assert ["booking.missed.v1", "booking.completed.v1", "booking.missed.v1"] == types[-3:]
    flare = await door.made(path(booking, "cancel"), {"because": "flare"}, token=staff)
    assert ("cancelled", 5, False) == (flare["status"], flare["version"], flare["late"])


async def test_after_seven_days_what_was_said_stands(door: FrontDoor) -> None:
    booking = await door.book()
    staff = await door.sign_in("staff@limber.example")
    door.clock.now = TEN + HOUR
    await door.made(path(booking, "no-show"), None, token=staff)
    door.clock.now += timedelta(days=7, seconds=1)
    # Signed in again: a week has passed.
    staff = await door.sign_in("staff@limber.example")

    for change, body in (("complete", None), ("cancel", {"because": "flare"})):
        problem(await door.post(path(booking, change), body, token=staff), 409, "booking-ended")
