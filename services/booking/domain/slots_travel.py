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

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from services.booking.domain.slots_walls import DAY_S, Range, shown
from services.booking.domain.travel import Stop, TravelTimes

LOOK_AROUND_S = 2 * DAY_S
"""How far around a session other sessions matter: in two days everybody has gaps for the longest
way of the file, so what lies beyond them bars nothing."""

_NEVER = 10**12


class Block(NamedTuple):
    """Taken time of a trainer, buffers included; `stop` is null for a virtual session."""

    since: int
    until: int
    stop: Stop | None


class Barred(NamedTuple):
    """A range that no session may meet, and the stop that is the reason.

    `at` is when that stop ends (`before`) or begins; a null `visit` is the base.
    """

    lo: int
    hi: int
    visit: Stop | None
    at: int
    before: bool


class _Halt(NamedTuple):
    """A stop in time; at the base it lasts no time."""

    since: int
    until: int
    stop: Stop
    is_base: bool


class _Leg(NamedTuple):
    """The time from one stop to the next and its free gaps; the first and last lack a stop."""

    origin: _Halt | None
    to: _Halt | None
    gaps: list[Range]


def barred(
    blocks: Iterable[Block],
    to: Stop | None,
    *,
    takes: int,
    tz: str,
    base: Stop | None = None,
    days: Sequence[Range] = (),
    times: TravelTimes,
) -> list[Barred]:
    """The ranges that a new session may not meet for the sake of ways; see the module.

    `to` is where it takes place (None: virtual) and `takes` the seconds it blocks, buffers
    included. `base` is where the trainer's `days` begin and end. A range may end before it
    begins: it then bars what would reach over both its ends.
    """
    ordered = sorted(blocks, key=itemgetter(0))
    if base is None and all(block.stop is None for block in ordered):
        return []
    seconds = _by_month(times)

    def month(at: int) -> int:
        return shown(tz, at).month

    found: list[Barred] = []
    for leg in _legs(ordered, base, days):
        if to is None:
            found += _way_kept(leg, seconds, month, takes)
            continue
        if leg.origin is not None:
            found += _way_there(leg, leg.origin, to, seconds, month)
        if leg.to is not None:
            found += _way_onwards(leg, leg.to, to, seconds, month, takes)
    return found


_Seconds = Callable[[Stop, Stop, int], int]
_Month = Callable[[int], int]


def _way_kept(leg: _Leg, seconds: _Seconds, month: _Month, takes: int) -> Iterable[Barred]:
    """A virtual session must not take the only gap in which the way of its neighbours fits."""
    origin, to = leg.origin, leg.to
    if origin is None or to is None or (origin.is_base and to.is_base):
        return
    way = seconds(origin.stop, to.stop, month(origin.until))
    fitting = [(lo, hi) for lo, hi in leg.gaps if hi - lo >= way]
    if len(fitting) == 1:
        lo, hi = fitting[0]
        if hi - lo - 2 * way < takes:
            yield Barred(hi - way, lo + way, None if to.is_base else to.stop, to.since, False)


def _way_there(
    leg: _Leg, origin: _Halt, to: Stop, seconds: _Seconds, month: _Month
) -> Iterable[Barred]:
    """A visit can begin once the way from the stop before it fitted into a gap."""
    way = seconds(origin.stop, to, month(origin.until))
    end = _NEVER if leg.to is None else leg.to.since
    reached = next((lo + way for lo, hi in leg.gaps if hi - lo >= way), end)
    visit = None if origin.is_base else origin.stop
    yield Barred(origin.until, reached, visit, origin.until, True)


def _way_onwards(
    leg: _Leg, to: _Halt, stop: Stop, seconds: _Seconds, month: _Month, takes: int
) -> Iterable[Barred]:
    """A visit must end while the way to the stop after it still fits into a gap."""
    visit = None if to.is_base else to.stop
    since = -_NEVER if leg.origin is None else leg.origin.until

    def left_by(way: int) -> int:
        return next((hi - way for lo, hi in reversed(leg.gaps) if hi - lo >= way), since)

    ways = {seconds(stop, to.stop, one) for one in (month(to.since - DAY_S), month(to.since))}
    if len(ways) == 1:
        yield Barred(left_by(ways.pop()), to.since, visit, to.since, False)
        return
    # A month with other ways begins in between: the new visit's end decides which of them counts.
    turn = _month_begins(month, to.since)
    earlier = seconds(stop, to.stop, month(turn - 1))
    later = seconds(stop, to.stop, month(turn))
    yield Barred(left_by(earlier), turn - takes, visit, to.since, False)
    yield Barred(max(left_by(later), turn - 1), to.since, visit, to.since, False)


def _month_begins(month: _Month, at: int) -> int:
    """The instant within the day before `at` from which the wall shows its month."""
    before, after = at - DAY_S, at
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if month(middle) == month(at) else (middle, after)
    return after


def _legs(blocks: Sequence[Block], base: Stop | None, days: Sequence[Range]) -> list[_Leg]:
    """The time between stops, in order."""
    events: list[tuple[int, int, int, _Halt | None]] = [
        (since, 1, until, None if stop is None else _Halt(since, until, stop, False))
        for since, until, stop in blocks
    ]
    if base is not None:
        # A stop at the base comes before a session that begins at the same moment.
        events += [(at, 0, at, _Halt(at, at, base, True)) for day in days for at in day]
        events.sort(key=lambda event: event[:3])
    legs: list[_Leg] = []
    origin: _Halt | None = None
    gaps: list[Range] = []
    free_from = -_NEVER
    for since, _, until, halt in events:
        if since > free_from:
            gaps.append((free_from, since))
        free_from = max(free_from, until)
        if halt is not None:
            legs.append(_Leg(origin, halt, gaps))
            origin, gaps = halt, []
    gaps.append((free_from, _NEVER))
    legs.append(_Leg(origin, None, gaps))
    return legs


def _by_month(times: TravelTimes) -> _Seconds:
    known: dict[tuple[Stop, Stop, int], int] = {}

    def seconds(origin: Stop, to: Stop, month: int) -> int:
        key = (origin, to, month)
        if key not in known:
            known[key] = times.minutes(origin, to, month) * 60
        return known[key]

    return seconds
