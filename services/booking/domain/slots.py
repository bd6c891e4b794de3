"""Which starts are offered: working time on a local grid, minus what is taken.

Instants are seconds since 1970 in UTC; wall times are the same count as if the wall were UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import ceil, floor
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from shared.zones import zone

GRID_S = 30 * 60
"""Starts are half an hour apart, counted on the wall from the start of hours: easy to remember."""

NOTICE = timedelta(hours=2)
"""The least time from booking to start: a trainer must be able to see it and get there."""

WINDOW = timedelta(days=400)
"""How far ahead can be booked: a year of weekly sessions, with room to plan it."""

BUFFER_BEFORE_S = 0
BUFFER_AFTER_S = 0
"""Time kept free around a session: none, until travel between visits is known."""

MARGIN_DAYS = 2
"""Working days looked at around those of UTC: the local date may be the one beside it, and hours
that span midnight belong to the date they begin on."""

_DAY_S = 24 * 60 * 60

_OFFSET_MAX_S = 15 * 60 * 60
"""No zone is further from UTC than 14 hours."""

_SAMPLE_S = 6 * 60 * 60
"""No zone changes its offset twice within six hours, so sampling at this step finds all changes."""

Range: TypeAlias = tuple[int, int]
"""From an instant to a later one, which is no longer in it."""


At = TypeVar("At", int, float)


class Span(NamedTuple):
    """Working hours that begin on a weekday (0 is Monday): minutes of the wall from its midnight.

    `closes` is after `opens`; beyond 1440 it lies on the next day.
    """

    day: int
    opens: int
    closes: int


Hours: TypeAlias = tuple[Span, ...]
"""The weekly hours of a trainer."""


def span(day: int, opens: int, closes: int) -> Span:
    """Hours from `opens` to `closes`; closing at or before opening spans midnight."""
    return Span(day, opens, closes if closes > opens else closes + 24 * 60)


ReasonCode = Literal["outside-hours", "off-grid", "taken", "notice", "window", "mode", "area"]


@dataclass(frozen=True)
class Reason:
    """Why a start is not offered: a public code and a sentence."""

    code: ReasonCode
    detail: str


def local_days(tz: str, first: date, last: date) -> list[Range]:
    """The instants whose date in `tz` is one from `first` to `last`, as sorted ranges."""
    walls = _midnight(first.toordinal()), _midnight(last.toordinal() + 1)
    return _merged((lo, hi) for lo, hi, _ in _instants(tz, *walls))


def bookable(now: datetime) -> Range:
    """The starts that notice and booking window allow at `now`."""
    return ceil((now + NOTICE).timestamp()), floor((now + WINDOW).timestamp()) + 1


def met_by(lo: int, hi: int, length: timedelta) -> Range:
    """The time that sessions starting in a range can meet, buffers included."""
    return lo - BUFFER_BEFORE_S, hi + int(length.total_seconds()) + BUFFER_AFTER_S


def offered(
    tz: str, hours: Hours, length: timedelta, *, within: Sequence[Range], taken: Iterable[Range]
) -> list[int]:
    """The starts in `within` (sorted ranges) that the hours allow and nothing `taken` meets."""
    if not within:
        return []
    seconds = int(length.total_seconds())
    days = _ordinal(within[0][0]) - MARGIN_DAYS, _ordinal(within[-1][1]) + MARGIN_DAYS
    grid = _grid(tz, hours, *days, seconds)
    starts: list[int] = []
    for lo, hi in within:
        starts += grid[bisect_left(grid, lo) : bisect_left(grid, hi)]
    return _without(starts, seconds, taken)


def explain(
    tz: str,
    hours: Hours,
    length: timedelta,
    *,
    start: datetime,
    taken: Iterable[Range],
    now: datetime,
) -> list[Reason]:
    """All that keeps a trainer's time from being offered; empty when it is offered."""
    at, seconds = start.timestamp(), int(length.total_seconds())
    reasons = []
    if at < now.timestamp():
        reasons.append(Reason("notice", "This time has passed."))
    elif start < now + NOTICE:
        ahead = int(NOTICE.total_seconds() // 3600)
        reasons.append(Reason("notice", f"Sessions are booked at least {ahead} hours ahead."))
    if start > now + WINDOW:
        reasons.append(Reason("window", f"Sessions are booked at most {WINDOW.days} days ahead."))
    days = _ordinal(int(at)) - MARGIN_DAYS, _ordinal(int(at)) + MARGIN_DAYS
    if not any(lo <= at and at + seconds <= hi for lo, hi in _working(tz, hours, *days)):
        reasons.append(
            Reason("outside-hours", "The session does not lie wholly in the trainer's hours.")
        )
    elif at not in _grid(tz, hours, *days, seconds):
        step = GRID_S // 60
        reasons.append(
            Reason("off-grid", f"Sessions start every {step} minutes from the start of hours.")
        )
    if not _without([at], seconds, taken):
        reasons.append(Reason("taken", "The trainer is already taken or held at this time."))
    return reasons


def nearest(starts: Sequence[int], wished: float, count: int) -> list[int]:
    """The `count` of the sorted starts that are nearest to the wished one; the earlier of two."""
    here = bisect_left(starts, wished)
    around = starts[max(0, here - count) : here + count]
    return sorted(around, key=lambda start: (abs(start - wished), start))[:count]


def _without(starts: list[At], seconds: int, taken: Iterable[Range]) -> list[At]:
    """The sorted starts whose session, buffers included, meets no taken range."""
    free: list[At] = []
    here = 0
    for lo, hi in sorted(taken):
        first = bisect_right(starts, lo - seconds - BUFFER_AFTER_S, here)
        free += starts[here:first]
        here = max(first, bisect_left(starts, hi + BUFFER_BEFORE_S, first))
    return free + starts[here:]


@lru_cache(maxsize=512)
def _grid(tz: str, hours: Hours, first: int, last: int, seconds: int) -> tuple[int, ...]:
    """All starts on the days (ordinals) that leave room for a session of that many seconds."""
    starts = sorted({start for day in _days(tz, hours, first, last) for start in day.starts})
    fitting, here = [], 0
    working = _working(tz, hours, first, last)
    for start in starts:
        while working[here][1] <= start:
            here += 1
        if start + seconds <= working[here][1]:
            fitting.append(start)
    return tuple(fitting)


@lru_cache(maxsize=512)
def _working(tz: str, hours: Hours, first: int, last: int) -> tuple[Range, ...]:
    """Working time that begins on the days, as sorted ranges that do not touch."""
    return tuple(_merged(r for day in _days(tz, hours, first, last) for r in day.working))


def _merged(ranges: Iterable[Range]) -> list[Range]:
    merged: list[Range] = []
    for lo, hi in sorted(ranges):
        if merged and lo <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(hi, merged[-1][1])
        else:
            merged.append((lo, hi))
    return merged


class _Day(NamedTuple):
    working: tuple[Range, ...]
    starts: tuple[int, ...]


def _days(tz: str, hours: Hours, first: int, last: int) -> list[_Day]:
    by_weekday = [tuple(s for s in hours if s.day == day) for day in range(7)]
    # An ordinal of 1 is a Monday, hence the shift by one.
    return [_day(tz, by_weekday[(day - 1) % 7], day) for day in range(first, last + 1)]


@lru_cache(maxsize=4096)
def _day(tz: str, spans: Hours, ordinal: int) -> _Day:
    """The working time and starts of the hours that begin on one date.

    An instant is working time when the wall shows a time inside the hours. So a wall time that
    a change of offset leaves out gives no start, and one that it repeats gives two.
    """
    working: list[Range] = []
    starts: list[int] = []
    for _, opens, closes in spans:
        wall = _midnight(ordinal) + opens * 60
        for lo, hi, offset in _instants(tz, wall, _midnight(ordinal) + closes * 60):
            steps = -((wall - offset - lo) // GRID_S)
            working.append((lo, hi))
            starts += range(wall - offset + steps * GRID_S, hi, GRID_S)
    return _Day(tuple(working), tuple(starts))


def _instants(tz: str, wall_lo: int, wall_hi: int) -> list[tuple[int, int, int]]:
    """The instants at which the wall shows `wall_lo` to `wall_hi`: ranges with their offset."""
    found = []
    years = (_year(wall_lo - _OFFSET_MAX_S), _year(wall_hi + _OFFSET_MAX_S))
    for year in range(years[0], years[1] + 1):
        for since, until, offset in _offsets(tz, year):
            lo, hi = max(since, wall_lo - offset), min(until, wall_hi - offset)
            if lo < hi:
                found.append((lo, hi, offset))
    return found


@lru_cache(maxsize=512)
def _offsets(tz: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The offsets from UTC that a zone has in a UTC year: since, until, seconds."""
    rules = zone(tz)

    def offset(at: int) -> int:
        shift = datetime.fromtimestamp(at, rules).utcoffset() or timedelta(0)
        return int(shift.total_seconds())

    since = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    found, current = [], offset(since)
    for sample in range(since, end, _SAMPLE_S):
        following = min(sample + _SAMPLE_S, end - 1)
        if offset(following) == current:
            continue
        before, after = sample, following
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == current else (before, middle)
        found.append((since, after, current))
        since, current = after, offset(after)
    return (*found, (since, end, current))


def _midnight(ordinal: int) -> int:
    return (ordinal - _EPOCH_ORDINAL) * _DAY_S


def _ordinal(at: int) -> int:
    return at // _DAY_S + _EPOCH_ORDINAL


def _year(at: int) -> int:
    return date.fromordinal(_ordinal(at)).year


_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
