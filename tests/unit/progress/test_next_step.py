"""What comes next for a client."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.progress.domain.care import Care
from services.progress.domain.model import Booking, Client, Report
from services.progress.domain.next_step import next_morning, next_step
from tests.unit.progress.builders import BOOKING, CLIENT, NOW, RULES, a_booking, a_report
from tests.unit.progress.planned import assessed, screened

OPEN = Care(screening=screened(), assessments=(assessed(),))
START = NOW + timedelta(days=1)
END = START + timedelta(hours=1)


def step(
    as_of: datetime,
    *reports: Report,
    bookings: tuple[Booking, ...] | None = None,
    care: Care = OPEN,
) -> tuple[str, str | None] | None:
    """Code and time of the next step."""
    client = Client(
        CLIENT,
        as_of=as_of,
        reports=reports,
        bookings=(a_booking(),) if bookings is None else bookings,
        care=care,
    )
    found = next_step(client, RULES)
    return None if found is None else (found["code"], found["at"])


def told(kind: str, at: datetime, **more: Any) -> Report:
    return a_report(kind, at=at, booking_id=more.pop("booking_id", BOOKING), **more)


def test_before_a_session_the_first_question_is_how_it_hurts() -> None:
    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW)


def test_after_the_answer_the_next_question_comes_with_the_end() -> None:
    assert ("post-check-in", "2026-03-03T16:00:00Z") == step(NOW, told("pre", START))


def test_after_the_session_the_next_morning_counts() -> None:
    assert ("next-morning", "2026-03-04T13:00:00Z") == step(END, told("post", END))


def test_a_session_that_nobody_spoke_of_is_asked_about_until_the_morning() -> None:
    assert ("post-check-in", "2026-03-03T16:00:00Z") == step(END)
    assert ("next-morning", "2026-03-04T13:00:00Z") == step(END + timedelta(hours=21))


def test_once_the_morning_is_told_or_two_days_are_over_nothing_is_asked() -> None:
    assert None is step(END + timedelta(hours=22), told("next-morning", END + timedelta(hours=22)))
    assert None is not step(END + timedelta(hours=47, minutes=59))
    assert None is step(END + timedelta(hours=48))


@pytest.mark.parametrize("status", ["cancelled", "missed", "frozen"])
def test_a_session_that_does_not_take_place_asks_nothing(status: str) -> None:
    assert None is step(NOW, bookings=(a_booking(status=status),))


def test_the_earliest_step_of_several_sessions_comes_first() -> None:
    later = a_booking(id=UUID(int=9), start_at=START + timedelta(days=3))

    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW, bookings=(later, a_booking()))


def test_a_report_without_a_booking_speaks_of_the_session_of_its_local_day() -> None:
    same_day = told("pre", START - timedelta(hours=9), booking_id=None)
    day_before = told("pre", START - timedelta(hours=11), booking_id=None)
    other = told("pre", START, booking_id=UUID(int=99))

    assert ("post-check-in", "2026-03-03T16:00:00Z") == step(NOW, same_day)
    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW, day_before)
    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW, other)


@pytest.mark.parametrize(
    ("end", "tz", "morning"),
    [
        ((2026, 3, 7, 20), "America/Toronto", (2026, 3, 8, 12)),
        ((2026, 10, 31, 20), "America/Toronto", (2026, 11, 1, 13)),
        ((2026, 3, 8, 4), "America/Toronto", (2026, 3, 8, 12)),
        ((2026, 3, 7, 20), "Pacific/Auckland", (2026, 3, 8, 19)),
    ],
)
def test_the_morning_is_eight_o_clock_of_the_next_local_day(
    end: tuple[int, int, int, int], tz: str, morning: tuple[int, int, int, int]
) -> None:
    booking = a_booking(tz=tz, end_at=datetime(*end, tzinfo=UTC))

    assert datetime(*morning, tzinfo=UTC) == next_morning(booking)


def test_the_questions_about_health_come_before_a_session_that_is_not_near() -> None:
    later = START + timedelta(minutes=1)

    assert ("screening", None) == step(NOW, care=Care(), bookings=(a_booking(start_at=later),))
    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW, care=Care())
    assert ("screening", None) == step(NOW, care=Care(), bookings=())


def test_an_old_screening_is_asked_for_again_from_the_day_it_ceases_to_count() -> None:
    until = NOW + timedelta(days=3)
    care = OPEN.model_copy(update={"screening": screened(valid_until=until)})

    assert None is step(until - timedelta(seconds=1), care=care, bookings=())
    assert ("screening", "2026-03-05T15:00:00Z") == step(until, care=care, bookings=())


def test_what_waits_on_others_comes_when_no_session_does() -> None:
    unassessed = Care(screening=screened())
    uncleared = Care(screening=screened(outcome="needs-clearance", at=NOW))

    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW, care=unassessed)
    assert ("assessment", None) == step(NOW, care=unassessed, bookings=())
    assert ("pre-check-in", "2026-03-03T15:00:00Z") == step(NOW, care=uncleared)
    assert ("clearance", "2026-03-02T15:00:00Z") == step(NOW, care=uncleared, bookings=())
