"""What is kept while a client's entries are decided on: as the database would answer, or None."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.progress.domain.firing import Firing
from services.progress.domain.model import Booking, Hold, Report
from services.progress.store import histories
from services.progress.store.histories import BEFORE, History, Look
from services.progress.store.stored import stored_hold, stored_report
from tests.unit.progress.builders import CLIENT, NOW, TRAINER, TZ

HOUR = timedelta(hours=1)
CASES = 400
SHOWN = 3
FIRED = Firing("D5", "1", "stop", "rest", "rest", "why", {"worst_pain": 9, "usual": 1})


@pytest.fixture(autouse=True)
def _near_sighted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "SHOWN_CHECK_INS", SHOWN)
    monkeypatch.setattr(histories, "HISTORY_LIMIT", 5)
    monkeypatch.setattr(histories, "HOLDS_LIMIT", 3)
    monkeypatch.setattr(histories, "COMING_LIMIT", 2)
    monkeypatch.setattr(histories, "COMING_READ", 4)


def a_history(
    *,
    reports: Sequence[Report] = (),
    holds: Sequence[Hold] = (),
    asked: Sequence[UUID] = (),
    more_holds: bool = False,
    bookings: Sequence[Booking] = (),
    as_of: datetime = NOW,
) -> History:
    """What was loaded at an instant."""
    return History(
        Look(CLIENT, (), as_of, tuple(asked), as_of),
        about=(),
        reports=reports,
        holds=holds,
        more_holds=more_holds,
        bookings=bookings,
    )


def a_report(number: int, at: datetime) -> Report:
    """A report that a rule fired on."""
    return Report(UUID(int=number), number, "daily", at, TZ, None, 3, firings=(FIRED,))


def a_booking(number: int, end_at: datetime) -> Booking:
    """A session of one hour."""
    return Booking(UUID(int=number), TRAINER, end_at - HOUR, end_at, TZ, "confirmed", 1)


def a_hold(number: int) -> Hold:
    """A hold, the later the higher its number."""
    return Hold(
        UUID(int=number), None, "session", None, "R1", "hold", NOW + number * HOUR, "why", (FIRED,)
    )


def recent_and_coming(
    known: Sequence[Booking], since: datetime, coming: int
) -> tuple[Booking, ...]:
    """As the database looks: the last one before an instant, and so many after it."""
    ordered = sorted(known, key=lambda one: (one.end_at, one.id))
    before = [one for one in ordered if one.end_at <= since]
    after = [one for one in ordered if one.end_at > since]
    return (*before[-1:], *after[:coming])


def test_bookings_are_those_of_the_database_at_any_time_or_asked_for_again() -> None:
    chance, sure = random.Random(1), 0
    for _ in range(CASES):
        known = [
            a_booking(n, NOW + chance.randint(-12, 12) * HOUR) for n in range(chance.randint(0, 9))
        ]
        as_of = NOW + BEFORE + chance.randint(-4, 4) * HOUR
        history = a_history(
            bookings=recent_and_coming(known, as_of - BEFORE, histories.COMING_READ), as_of=as_of
        )
        assert history.bookings(as_of) is not None
        for hours in range(-14, 15):
            later = NOW + BEFORE + hours * HOUR
            found = history.bookings(later)
            sure += found is not None
            expected = recent_and_coming(known, later - BEFORE, histories.COMING_LIMIT)
            assert found in (None, expected)

    assert sure > CASES * 15


def test_reports_are_those_of_the_database_whatever_was_added() -> None:
    chance = random.Random(2)
    for _ in range(CASES):
        times = [NOW + chance.randint(-9, 9) * HOUR for _ in range(chance.randint(0, 9))]
        known = [a_report(n, at) for n, at in enumerate(times)]
        since = NOW + chance.randint(-9, 0) * HOUR
        history = a_history(reports=as_read(known, since))
        for number in range(4):
            wanted = since + chance.randint(0, 5) * HOUR
            assert as_read(known, wanted) == history.reports(wanted)
            known.append(a_report(100 + number, NOW + chance.randint(-9, 9) * HOUR))
            history.add_report(known[-1])


def as_read(known: Sequence[Report], since: datetime) -> tuple[Report, ...]:
    """As the database looks: all since an instant, and those shown; firings of the newest."""
    newest_first = sorted(known, key=lambda one: one.place, reverse=True)
    shown = newest_first[:SHOWN]
    reach = min(since, shown[-1].at) if len(shown) == SHOWN else None
    found = [one for one in newest_first if reach is None or one.at >= reach]
    return tuple(
        one if one is newest_first[0] else replace(one, firings=())
        for one in found[: histories.HISTORY_LIMIT]
    )


def test_a_hold_that_is_to_be_lifted_is_looked_at_behind_others() -> None:
    first, last = [a_hold(n) for n in range(4)], a_hold(9)
    history = a_history(holds=[*first, last], asked=[last.id], more_holds=True)

    assert tuple(first[:3]) == history.holds(None)
    assert (*first[:2], last) == history.holds(last.id)
    history.change_holds((), [last.id])
    assert tuple(first[:3]) == history.holds(None)


def test_holds_are_asked_for_again_once_one_of_those_loaded_is_over() -> None:
    first = [a_hold(n) for n in range(3)]
    some, all_of_them = a_history(holds=first, more_holds=True), a_history(holds=first)

    for history in (some, all_of_them):
        history.change_holds((), [first[0].id])

    assert (None, tuple(first[1:])) == (some.holds(None), all_of_them.holds(None))


def test_a_hold_that_is_placed_takes_its_place_among_the_others() -> None:
    history = a_history(holds=[a_hold(1), a_hold(3)])

    history.change_holds([a_hold(2)], ())

    assert (a_hold(1), a_hold(2), a_hold(3)) == history.holds(None)


def test_what_is_kept_looks_as_if_it_had_been_stored() -> None:
    stored = [stored_report(a_report(1, NOW)).firings, stored_hold(a_hold(1)).firings]

    assert [["usual", "worst_pain"]] * 2 == [list(firing.inputs) for [firing] in stored]
