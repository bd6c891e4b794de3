"""Which times the ways between visits bar for another session.

Stops are visits, and the opening and closing of a trainer's day where the trainer has a base.
From one stop to the next the whole way must fit into ONE of the gaps between the sessions that
lie between them: nobody drives during a virtual session, and time off is free for driving. The
gaps begin and end at blocked times, buffers included; a virtual session is no stop. A way's month,
which decides on winter, is that of the trainer's wall when the way may first begin. A day that
lasts longer than 24 hours without a break has no opening and closing.

So a visit is offered where both its ways fit, to the stop before and to the one after; a virtual
session where it leaves the neighbours' way a gap, if it had one.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from services.booking.domain.slots_walls import DAY_S, Range, shown
from services.booking.domain.travel import Stop, TravelTimes
from shared.zones import zone

LOOK_AROUND_S = 2 * DAY_S
"""How far around a session other sessions matter: in two days everybody has gaps for the longest
way of the file, so what lies beyond them bars nothing."""

_NEVER = 10**12


class Block(NamedTuple):
    """Taken time of a trainer, buffers included; `stop` is null for a virtual session."""

    since: int
    until: int
    stop: Stop | None


class Halt(NamedTuple):
    """A stop in time; at the base it lasts no time."""

    since: int
    until: int
    stop: Stop
    is_base: bool = False
    opens: bool = False


Barred: TypeAlias = tuple[int, int, Halt, bool]
"""A range that no session may meet, the stop that is the reason, and whether it lies before. A
range may end before it begins: it then bars what would reach over both its ends."""

_Gaps: TypeAlias = list[Range]
_Way: TypeAlias = Callable[[Stop, int], int]
"""Seconds from or to a stop in a month."""


def barred(
    blocks: Iterable[Block],
    to: Stop | None,
    *,
    takes: int,
    tz: str,
    base: Stop | None = None,
    working: Sequence[Range] = (),
    times: TravelTimes,
) -> list[Barred]:
    """The ranges that a new session may not meet for the sake of ways; see the module.

    `to` is where it takes place (None: virtual) and `takes` the seconds it blocks, buffers
    included. The trainer's `working` time begins and ends at the `base`.
    """
    events: list[tuple[int, int, Halt | None]] = [
        (since, until, None if stop is None else Halt(since, until, stop))
        for since, until, stop in blocks
    ]
    if base is None and not any(halt for _, _, halt in events):
        return []
    works_at_night = False
    if base is not None:
        days = [day for day in working if day[1] - day[0] <= DAY_S]
        # Between one day's end and the next one's beginning nobody works, unless for very long.
        works_at_night = len(days) < len(working)
        for lo, hi in days:
            events.append((lo, lo, Halt(lo, lo, base, is_base=True, opens=True)))
            events.append((hi, hi, Halt(hi, hi, base, is_base=True)))
    # A stop at the base comes before a session that begins at the same moment.
    events.sort(key=lambda event: (event[0], event[2] is None or not event[2].is_base))
    month = _month(tz, events[0][0] - DAY_S, events[-1][1])
    found: list[Barred] = []
    origin: Halt | None = None
    gaps: _Gaps = []
    free_from = -_NEVER
    there = onwards = None
    if to is not None:
        there = _ways(lambda stop, month: times.minutes(stop, to, month))
        onwards = _ways(lambda stop, month: times.minutes(to, stop, month))
    for since, until, halt in events:
        if since > free_from:
            gaps.append((free_from, since))
        free_from = until if until > free_from else free_from  # noqa: FURB136 - called for each session
        if halt is None:
            continue
        at_base = origin is not None and origin.is_base and halt.is_base
        if there is None or onwards is None:
            if origin is not None and not at_base:
                way = times.minutes(origin.stop, halt.stop, month(origin.until)) * 60
                found += _way_kept(halt, gaps, way, takes)
        elif not at_base or not halt.opens or works_at_night:
            if origin is not None:
                found.append(_way_there(origin, gaps, there, since, month))
            ends = -_NEVER if origin is None else origin.until
            found += _way_onwards(halt, gaps, onwards, ends, month, takes)
        origin, gaps = halt, []
    if there is not None and origin is not None:
        gaps.append((free_from, _NEVER))
        found.append(_way_there(origin, gaps, there, _NEVER, month))
    return found


def _way_kept(to: Halt, gaps: _Gaps, way: int, takes: int) -> Iterable[Barred]:
    """A virtual session must not take the only gap in which the way of its neighbours fits."""
    only = None
    for gap in gaps:
        if gap[1] - gap[0] >= way:
            if only is not None:
                return ()
            only = gap
    if only is None or only[1] - only[0] - 2 * way >= takes:
        return ()
    return ((only[1] - way, only[0] + way, to, False),)


def _way_there(
    origin: Halt, gaps: _Gaps, there: _Way, end: int, month: Callable[[int], int]
) -> Barred:
    """A visit can begin once the way from the stop before it fitted into a gap."""
    way = there(origin.stop, month(origin.until))
    for lo, hi in gaps:
        if hi - lo >= way:
            return origin.until, lo + way, origin, True
    return origin.until, end, origin, True


def _way_onwards(
    to: Halt, gaps: _Gaps, onwards: _Way, since: int, month: Callable[[int], int], takes: int
) -> Iterable[Barred]:
    """A visit must end while the way to the stop after it still fits into a gap."""

    def left_by(way: int) -> int:
        for lo, hi in reversed(gaps):
            if hi - lo >= way:
                return hi - way
        return since

    now, before = month(to.since), month(to.since - DAY_S)
    way = onwards(to.stop, now)
    way_before = way if before == now else onwards(to.stop, before)
    if way == way_before:
        return ((left_by(way), to.since, to, False),)
    # A month with other ways begins in between: the new visit's end decides which of them counts.
    turn = _turn(month, to.since)
    return (
        (left_by(way_before), turn - takes, to, False),
        (max(left_by(way), turn - 1), to.since, to, False),
    )


def _ways(minutes: Callable[[Stop, int], int]) -> _Way:
    known: dict[tuple[Stop, int], int] = {}

    def way(stop: Stop, month: int) -> int:
        key = stop, month
        found = known.get(key)
        if found is None:
            found = known[key] = minutes(stop, month) * 60
        return found

    return way


def _month(tz: str, first: int, last: int) -> Callable[[int], int]:
    """Tells the month (1 to 12) that the wall shows at instants from `first` to `last`."""
    years = range(shown(tz, first).year, shown(tz, last).year + 1)
    begins = [at for year in years for at in _months(tz, year)]

    def month(at: int) -> int:
        return (bisect_right(begins, at) - 1) % 12 + 1

    return month


@lru_cache(maxsize=512)
def _months(tz: str, year: int) -> tuple[int, ...]:
    """The instants at which the months of a year begin."""
    rules = zone(tz)
    return tuple(int(datetime(year, month, 1, tzinfo=rules).timestamp()) for month in range(1, 13))


def _turn(month: Callable[[int], int], at: int) -> int:
    """The instant within the day before `at` from which the wall shows its month."""
    before, after = at - DAY_S, at
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if month(middle) == month(at) else (middle, after)
    return after
