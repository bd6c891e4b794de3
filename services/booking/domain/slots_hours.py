"""When a trainer works: weekly hours and dates that differ, as instants; and the grid of starts."""

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from services.booking.domain.slots_walls import Range, instants, merged, midnight, ordinal

GRID_S = 30 * 60
"""Starts are half an hour apart, counted on the wall from the start of hours: easy to remember."""

MARGIN_DAYS = 2
"""Working days looked at around those of UTC: the local date may be the one beside it, and hours
that span midnight belong to the date they begin on."""


class Span(NamedTuple):
    """Working hours that begin on a weekday (0 is Monday): minutes of the wall from its midnight.

    `closes` is after `opens`; beyond 1440 it lies on the next day.
    """

    day: int
    opens: int
    closes: int


Hours: TypeAlias = tuple[Span, ...]
"""The weekly hours of a trainer."""

Overrides: TypeAlias = tuple[tuple[int, Hours], ...]
"""Dates (ordinals) with the hours that replace their weekday's; without hours it is a day off."""


class Timetable(NamedTuple):
    """When a trainer works, on the wall of the zone `tz`."""

    tz: str
    weekly: Hours
    overrides: Overrides = ()


def span(day: int, opens: int, closes: int) -> Span:
    """Hours from `opens` to `closes`; closing at or before opening spans midnight."""
    return Span(day, opens, closes if closes > opens else closes + 24 * 60)


def days_around(lo: int, hi: int) -> tuple[int, int]:
    """The dates (ordinals) whose hours can meet a range of instants."""
    return ordinal(lo) - MARGIN_DAYS, ordinal(hi) + MARGIN_DAYS


@lru_cache(maxsize=1024)
def working(table: Timetable, first: int, last: int) -> tuple[Range, ...]:
    """Working time that begins on the dates (ordinals), as sorted ranges that do not touch."""
    return tuple(merged(r for day in _days(table, first, last) for r in day.working))


def grid(table: Timetable, first: int, last: int, seconds: int) -> list[int]:
    """All starts on the dates (ordinals) that leave room for a session of that many seconds."""
    starts = sorted({start for day in _days(table, first, last) for start in day.starts})
    fitting: list[int] = []
    for lo, hi in working(table, first, last):
        fitting += starts[bisect_left(starts, lo) : bisect_right(starts, hi - seconds)]
    return fitting


class _Day(NamedTuple):
    working: tuple[Range, ...]
    starts: tuple[int, ...]


def _days(table: Timetable, first: int, last: int) -> list[_Day]:
    by_weekday = [tuple(s for s in table.weekly if s.day == day) for day in range(7)]
    replaced = dict(table.overrides)
    # An ordinal of 1 is a Monday, hence the shift by one.
    return [
        _day(table.tz, replaced.get(day, by_weekday[(day - 1) % 7]), day)
        for day in range(first, last + 1)
    ]


@lru_cache(maxsize=16384)
def _day(tz: str, spans: Hours, date: int) -> _Day:
    """The working time and starts of the hours that begin on one date.

    An instant is working time when the wall shows a time inside the hours. So a wall time that
    a change of offset leaves out gives no start, and one that it repeats gives two.
    """
    ranges: list[Range] = []
    starts: list[int] = []
    for _, opens, closes in spans:
        wall = midnight(date) + opens * 60
        for lo, hi, offset in instants(tz, wall, midnight(date) + closes * 60):
            steps = -((wall - offset - lo) // GRID_S)
            ranges.append((lo, hi))
            starts += range(wall - offset + steps * GRID_S, hi, GRID_S)
    return _Day(tuple(ranges), tuple(starts))
