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
from services.booking.domain.bookings import Booking, Status
from services.booking.domain.people import Caller
from shared.contracts.booking import (
    Because,
    BookingCancelled,
    BookingFact,
    BookingRescheduled,
    By,
)
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
WAITS = "waits for a safety hold"
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
        "confirmed": "completed", "frozen": WAITS, "cancelled": REFUSED,
        "completed": UNCHANGED, "missed": REFUSED,
    },
    "miss": {
        "confirmed": "missed", "frozen": WAITS, "cancelled": REFUSED,
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
    if expected == WAITS:
        with pytest.raises(Conflict) as waits:
            CHANGES[name](booking)
        assert "booking-frozen" == waits.value.code
        return
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


@pytest.mark.parametrize("change", ["cancel", "complete", "miss"])
@pytest.mark.parametrize("in_time", [True, False])
@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize("status", ["completed", "missed"])
def test_how_a_session_went_is_corrected_by_staff_alone_and_for_a_week(
    status: Status, by: By, in_time: bool, change: str
) -> None:
    booking = a_booking(status)
    now = booking.end + timedelta(days=7) + timedelta(microseconds=not in_time)
    rules: dict[str, Callable[[], tuple[Booking, BookingFact | None]]] = {
        "cancel": lambda: bookings.cancel(booking, by=by, because="flare", now=now),
        "complete": lambda: bookings.complete(booking, by=by, now=now),
        "miss": lambda: bookings.miss(booking, by=by, now=now),
    }
    becomes = {
        ("missed", "cancel"): "cancelled",
        ("missed", "complete"): "completed",
        ("completed", "miss"): "missed",
    }

    if (status, change) in {("completed", "complete"), ("missed", "miss")}:
        assert (booking, None) == rules[change]()
    elif (status, change) in becomes and by == "staff" and in_time:
        after, event = rules[change]()
        assert event is not None
        assert (becomes[status, change], 4, 4) == (after.status, after.version, event.version)
    else:
        with pytest.raises(Conflict) as refused:
            rules[change]()
        assert "booking-ended" == refused.value.code


@pytest.mark.parametrize("status", ["confirmed", "completed"])
def test_whom_a_flare_kept_away_has_not_missed_the_session(status: Status) -> None:
    booking = a_booking(status)

    after, event = bookings.miss(booking, by="staff", in_flare=True, now=booking.end)

    assert ("cancelled", "flare", False) == (after.status, after.because, after.late)
    assert isinstance(event, BookingCancelled)
    assert ("staff", "flare", False) == (event.cancelled_by, event.because, event.late)


@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize("because", [None, *get_args(Because)])
def test_after_its_start_a_session_is_cancelled_for_a_flare_by_who_works_here(
    by: By, because: Because | None
) -> None:
    booking = a_booking()

    def cancelled() -> tuple[Booking, BookingFact | None]:
        return bookings.cancel(booking, by=by, because=because, now=booking.start)

    if because == "flare" and by != "client":
        assert "cancelled" == cancelled()[0].status
    else:
        with pytest.raises(Conflict) as refused:
            cancelled()
        assert "booking-started" == refused.value.code


@pytest.mark.parametrize("by", get_args(By))
def test_a_session_that_waits_for_a_safety_hold_can_be_cancelled_after_its_start(by: By) -> None:
    booking = a_booking("frozen")

    after, _ = bookings.cancel(booking, by=by, now=booking.end + 24 * HOUR)

    assert ("cancelled", False) == (after.status, after.late)


def test_a_late_move_is_made_and_says_that_it_was_late() -> None:
    booking = a_booking()

    def is_late(*, notice: timedelta, by: By = "client", in_flare: bool = False) -> bool:
        start = NOW + 72 * HOUR
        _, event = bookings.reschedule(
            booking,
            start=start,
            end=start + HOUR,
            trainer_id=TRAINER,
            by=by,
            in_flare=in_flare,
            now=booking.start - notice,
        )
        assert isinstance(event, BookingRescheduled)
        return event.late

    assert (False, True) == (is_late(notice=12 * HOUR), is_late(notice=11 * HOUR))
    assert not is_late(notice=11 * HOUR, in_flare=True)
    for by in ("trainer", "staff"):
        assert not is_late(notice=11 * HOUR, by=by)


def test_what_was_told_before_there_was_a_notice_was_not_late() -> None:
    told = bookings.facts(a_booking())

    moved = BookingRescheduled(**told, previous_start=NOW, previous_trainer_id=TRAINER)
    cancelled = BookingCancelled(**told, cancelled_by="client")

    assert (False, False, None) == (moved.late, cancelled.late, cancelled.because)


@pytest.mark.parametrize(
    ("caller", "by"),
    [
        (Caller(booking_id=UUID(int=9)), "client"),
        (Caller(person_id=CLIENT, role="client"), "client"),
        (Caller(person_id=TRAINER, role="trainer"), "trainer"),
        (Caller(person_id=OTHER, role="staff"), "staff"),
        (Caller(person_id=OTHER, role="lead"), "staff"),
    ],
)
def test_a_change_is_made_on_somebodys_behalf(caller: Caller, by: By) -> None:
    assert by == bookings.side_of(a_booking(), caller)


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
    alone = {"series_id": None, "together": None}
    assert bookings.facts(booking) | alone == event.model_dump()


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
