"""What may become of a booking, from each status, and which event says so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import bookings
from services.booking.domain.bookings import Booking, By, Status
from services.booking.domain.people import Caller
from shared.contracts.booking import BookingFact
from shared.errors import Conflict, StaleVersion

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLIENT, TRAINER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
STATUSES: tuple[Status, ...] = get_args(Status)

Change = Callable[[Booking], tuple[Booking, BookingFact | None]]

MOVE: Change = lambda b: bookings.reschedule(  # noqa: E731 - a table of changes reads best so
    b, start=b.start + HOUR, end=b.end + HOUR, trainer_id=b.trainer_id, now=NOW
)
BEFORE: dict[str, Change] = {
    "move": MOVE,
    "cancel": lambda b: bookings.cancel(b, by="client", now=NOW),
    "freeze": bookings.freeze,
    "unfreeze": bookings.unfreeze,
}
AFTER: dict[str, Change] = {
    "complete": lambda b: bookings.complete(b, now=b.start),
    "miss": lambda b: bookings.miss(b, now=b.start),
}
CHANGES = BEFORE | AFTER

REFUSED = "refused"
UNCHANGED = "unchanged"
BECOMES: dict[str, dict[Status, str]] = {
    "move": {
        "confirmed": "confirmed", "frozen": "frozen", "cancelled": REFUSED,
        "completed": REFUSED, "missed": REFUSED,
    },
    "cancel": {
        "confirmed": "cancelled", "frozen": "cancelled", "cancelled": UNCHANGED,
        "completed": REFUSED, "missed": REFUSED,
    },
    "complete": {
        "confirmed": "completed", "frozen": "completed", "cancelled": REFUSED,
        "completed": UNCHANGED, "missed": REFUSED,
    },
    "miss": {
        "confirmed": "missed", "frozen": "missed", "cancelled": REFUSED,
        "completed": REFUSED, "missed": UNCHANGED,
    },
    "freeze": {
        "confirmed": "frozen", "frozen": UNCHANGED, "cancelled": UNCHANGED,
        "completed": UNCHANGED, "missed": UNCHANGED,
    },
    "unfreeze": {
        "confirmed": UNCHANGED, "frozen": "confirmed", "cancelled": UNCHANGED,
        "completed": UNCHANGED, "missed": UNCHANGED,
    },
}  # fmt: skip
EVENTS = {
    "move": "booking.rescheduled.v1",
    "cancel": "booking.cancelled.v1",
    "complete": "booking.completed.v1",
    "miss": "booking.missed.v1",
    "freeze": "booking.frozen.v1",
    "unfreeze": "booking.unfrozen.v1",
}


def a_booking(status: Status = "confirmed", **other: Any) -> Booking:
    """A booking of one hour, tomorrow."""
    whole: dict[str, Any] = {
        "id": UUID(int=9),
        "client_id": CLIENT,
        "trainer_id": TRAINER,
        "service": "training",
        "mode": "virtual",
        "area": None,
        "version": 3,
        "start": NOW + 24 * HOUR,
        "end": NOW + 25 * HOUR,
        "tz": "America/Toronto",
    }
    return Booking(status=status, **whole | other)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", BECOMES)
def test_each_change_from_each_status_does_what_the_table_says(name: str, status: Status) -> None:
    booking, expected = a_booking(status), BECOMES[name][status]
    if expected == REFUSED:
        with pytest.raises(Conflict) as refused:
            CHANGES[name](booking)
        assert ("booking-ended", {"booking_status": status}) == (
            refused.value.code,
            refused.value.extra,
        )
        return

    after, event = CHANGES[name](booking)

    if expected == UNCHANGED:
        assert (booking, None) == (after, event)
        return
    assert (expected, booking.version + 1) == (after.status, after.version)
    assert event is not None
    assert EVENTS[name] == event.type
    assert bookings.facts(after) == {key: getattr(event, key) for key in bookings.facts(after)}


@pytest.mark.parametrize("name", ["move", "cancel"])
@pytest.mark.parametrize("ago", [timedelta(0), HOUR])
def test_a_session_that_has_begun_is_neither_moved_nor_cancelled(name: str, ago: timedelta) -> None:
    begun = a_booking(start=NOW - ago, end=NOW + HOUR)

    with pytest.raises(Conflict) as refused:
        CHANGES[name](begun)

    assert "booking-started" == refused.value.code


@pytest.mark.parametrize("rule", [bookings.complete, bookings.miss])
def test_how_a_session_went_is_said_from_its_start_on(rule: Callable[..., Any]) -> None:
    booking = a_booking()

    with pytest.raises(Conflict) as refused:
        rule(booking, now=booking.start - timedelta(microseconds=1))

    assert "booking-not-started" == refused.value.code
    assert rule(booking, now=booking.start)[1] is not None


def test_a_moved_booking_tells_where_it_was() -> None:
    before = a_booking()
    start = before.start + 3 * HOUR

    after, event = bookings.reschedule(
        before, start=start, end=start + HOUR, trainer_id=OTHER, now=NOW
    )

    assert replace(
        before, start=start, end=start + HOUR, trainer_id=OTHER, version=4
    ) == after  # fmt: skip
    assert event is not None
    told = event.model_dump()
    assert (before.start, TRAINER) == (told["previous_start"], told["previous_trainer_id"])
    assert (start, OTHER) == (told["start"], told["trainer_id"])


def test_another_trainer_at_the_same_time_is_a_move() -> None:
    booking = a_booking()

    after, event = bookings.reschedule(
        booking, start=booking.start, end=booking.end, trainer_id=OTHER, now=NOW
    )

    assert (OTHER, 4) == (after.trainer_id, after.version)
    assert event is not None


@pytest.mark.parametrize("by", get_args(By))
def test_a_cancellation_says_who_cancelled(by: By) -> None:
    _, event = bookings.cancel(a_booking(), by=by, now=NOW)

    assert event is not None
    assert by == event.model_dump()["cancelled_by"]


def test_a_new_booking_is_confirmed_with_all_its_facts() -> None:
    booking = a_booking(version=1)

    event = bookings.confirmed(booking)

    assert "booking.confirmed.v1" == event.type
    assert (str(CLIENT), str(booking.id)) == (event.key, event.subject)
    assert bookings.facts(booking) == event.model_dump()


def test_a_change_decided_on_another_version_is_refused_with_the_present_one() -> None:
    booking = a_booking()
    bookings.check_version(booking, None)
    bookings.check_version(booking, 3)

    for other in (2, 4):
        with pytest.raises(StaleVersion) as refused:
            bookings.check_version(booking, other)
        assert {"version": 3} == refused.value.extra


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (Caller(), False),
        (Caller(person_id=CLIENT, role="client"), True),
        (Caller(person_id=TRAINER, role="trainer"), True),
        (Caller(person_id=OTHER, role="client"), False),
        (Caller(person_id=OTHER, role="trainer"), False),
        (Caller(person_id=OTHER, role="clinician"), False),
        (Caller(person_id=OTHER, role="staff"), True),
        (Caller(person_id=OTHER, role="lead"), True),
        (Caller(booking_id=UUID(int=9)), True),
        (Caller(booking_id=UUID(int=8)), False),
    ],
)
def test_a_booking_is_open_to_its_people_its_link_and_staff(caller: Caller, may: bool) -> None:
    assert may is bookings.may_touch(a_booking(), caller)


@given(run=st.lists(st.sampled_from(sorted(CHANGES)), max_size=30))
def test_any_run_of_changes_gives_one_event_a_version_and_never_leaves_an_end(
    run: list[str],
) -> None:
    booking = a_booking(version=1)
    told = []
    for name in run:
        before = booking
        try:
            booking, event = CHANGES[name](booking)
        except Conflict:
            continue
        assert (booking.version - before.version) == (event is not None)
        assert (booking == before) is (event is None)
        if before.status not in bookings.STANDING:
            assert before.status == booking.status
        if event is not None:
            told.append(event.version)

    assert list(range(2, booking.version + 1)) == told


@given(name=st.sampled_from(sorted(set(CHANGES) - {"move"})), status=st.sampled_from(STATUSES))
def test_asking_for_the_same_change_twice_changes_nothing_more(name: str, status: Status) -> None:
    try:
        once, _ = CHANGES[name](a_booking(status))
    except Conflict:
        return

    assert (once, None) == CHANGES[name](once)


def test_moving_a_booking_to_where_it_is_changes_nothing() -> None:
    moved, _ = MOVE(a_booking())

    assert (moved, None) == bookings.reschedule(
        moved, start=moved.start, end=moved.end, trainer_id=moved.trainer_id, now=NOW
    )
