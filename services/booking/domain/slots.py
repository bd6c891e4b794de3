"""Which starts are offered: working time on a local grid, minus what is taken.

A session lies wholly in working time: the hours without time off. With its buffers, which may lie
outside the hours, it meets nothing that is taken and nothing that ways to and from visits bar.
Instants are seconds since 1970 in UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal

from services.booking.domain.areas import city_of
from services.booking.domain.slots_hours import (
    GRID_S,
    Hours,
    Overrides,
    Span,
    Timetable,
    days_around,
    grid,
    span,
    working,
)
from services.booking.domain.slots_settings import COMPANY, SlotSettings
from services.booking.domain.slots_travel import LOOK_AROUND_S, Barred, Block, barred
from services.booking.domain.slots_walls import Range, local_days, shown
from services.booking.domain.travel import Stop, TravelTimes, travel_times

__all__ = [
    "COMPANY", "Block", "Hours", "Overrides", "Range", "Reason", "ReasonCode", "Rules", "Session",
    "SlotSettings", "Span", "Taken", "Timetable", "explain", "local_days", "met_by", "nearest",
    "offered", "span", "works",
]  # fmt: skip

ReasonCode = Literal[
    "outside-hours", "off", "off-grid", "taken", "unreachable", "notice", "window", "mode", "area"
]


@dataclass(frozen=True)
class Reason:
    """Why a start is not offered: a public code and a sentence."""

    code: ReasonCode
    detail: str


@dataclass(frozen=True)
class Rules:
    """When a trainer can be booked; `base` is where the working day begins and ends."""

    table: Timetable
    settings: SlotSettings = COMPANY
    base: Stop | None = None


@dataclass(frozen=True)
class Session:
    """What is to be placed: its length, and where it takes place (None: virtual)."""

    length: timedelta
    stop: Stop | None = None

    @property
    def seconds(self) -> int:
        """The length."""
        return int(self.length.total_seconds())


@dataclass
class Taken:
    """What a trainer's time is taken by: sessions with their buffers, and time off."""

    blocks: list[Block] = field(default_factory=list)
    off: list[Range] = field(default_factory=list)

    def meeting(self, since: int, until: int) -> "Taken":
        """What of it meets a range."""
        return Taken(
            [one for one in self.blocks if one.since < until and one.until > since],
            [(lo, hi) for lo, hi in self.off if lo < until and hi > since],
        )


def met_by(lo: int, hi: int, length: timedelta) -> Range:
    """The time whose sessions matter to sessions of that length that start in a range."""
    # Buffers are far shorter than what ways look at.
    return lo - LOOK_AROUND_S, hi + int(length.total_seconds()) + LOOK_AROUND_S


def offered(
    rules: Rules,
    session: Session,
    taken: Taken,
    *,
    within: Sequence[Range],
    now: datetime,
    times: TravelTimes | None = None,
) -> list[int]:
    """The starts in `within` (sorted ranges) at which the session is offered, sorted."""
    earliest, latest = rules.settings.bookable(now)
    within = [(max(lo, earliest), min(hi, latest)) for lo, hi in within]
    within = [(lo, hi) for lo, hi in within if lo < hi]
    if not within:
        return []
    days = days_around(within[0][0], within[-1][1])
    all_starts = grid(rules.table, *days, session.seconds)
    starts: list[int] = []
    for lo, hi in within:
        starts += all_starts[bisect_left(all_starts, lo) : bisect_left(all_starts, hi)]
    if not starts:
        return []
    before, after = _buffers(rules.settings)
    in_the_way: list[Range] = [(since, until) for since, until, _ in taken.blocks]
    in_the_way += [(lo, hi) for lo, hi, _, _ in _barred(rules, session, taken, days, times)]
    starts = _without(starts, session.seconds, taken.off)
    return _without(starts, session.seconds + after, in_the_way, before=before)


def explain(
    rules: Rules,
    session: Session,
    taken: Taken,
    *,
    start: datetime,
    now: datetime,
    times: TravelTimes | None = None,
) -> list[Reason]:
    """All that keeps a trainer's time from being offered; empty when it is offered."""
    at = start.timestamp()
    reasons = _too_soon_or_far(rules.settings, start, now)
    days = days_around(int(at), int(at))
    found = _outside_working_time(rules.table, session, taken, at, days)
    if found is not None:
        reasons.append(found)
    elif at not in grid(rules.table, *days, session.seconds):
        step = GRID_S // 60
        reasons.append(
            Reason("off-grid", f"Sessions start every {step} minutes from the start of hours.")
        )
    before, after = _buffers(rules.settings)

    def meets(lo: int, hi: int) -> bool:
        return at - before < hi and at + session.seconds + after > lo

    if any(meets(block.since, block.until) for block in taken.blocks):
        reasons.append(Reason("taken", "The trainer is already taken or held at this time."))
    else:
        in_the_way = _barred(rules, session, taken, days, times)
        causes = [one for one in in_the_way if meets(one[0], one[1])]
        reasons += [
            Reason("unreachable", sentence)
            for sentence in dict.fromkeys(_told(one, session, rules.table.tz) for one in causes)
        ]
    return reasons


def works(table: Timetable, off: Sequence[Range], start: datetime, end: datetime) -> bool:
    """Whether a session lies wholly in a trainer's working time."""
    lo, hi = int(start.timestamp()), int(end.timestamp())
    ranges = working(table, *days_around(lo, hi))
    return any(since <= lo and hi <= until for since, until in ranges) and not any(
        lo < until and hi > since for since, until in off
    )


def nearest(starts: Sequence[int], wished: float, count: int) -> list[int]:
    """The `count` of the sorted starts that are nearest to the wished one; the earlier of two."""
    here = bisect_left(starts, wished)
    around = starts[max(0, here - count) : here + count]
    return sorted(around, key=lambda start: (abs(start - wished), start))[:count]


def _buffers(settings: SlotSettings) -> tuple[int, int]:
    return settings.buffer_before_minutes * 60, settings.buffer_after_minutes * 60


def _barred(
    rules: Rules,
    session: Session,
    taken: Taken,
    days: tuple[int, int],
    times: TravelTimes | None,
) -> list[Barred]:
    before, after = _buffers(rules.settings)
    return barred(
        taken.blocks,
        session.stop,
        takes=before + session.seconds + after,
        tz=rules.table.tz,
        base=rules.base,
        working=() if rules.base is None else working(rules.table, *days),
        times=times or travel_times(),
    )


def _too_soon_or_far(settings: SlotSettings, start: datetime, now: datetime) -> list[Reason]:
    reasons = []
    if start < now:
        reasons.append(Reason("notice", "This time has passed."))
    elif start < now + settings.notice:
        hours, minutes = divmod(settings.notice_minutes, 60)
        ahead = f"{hours} hours" if not minutes else f"{settings.notice_minutes} minutes"
        reasons.append(Reason("notice", f"Sessions are booked at least {ahead} ahead."))
    if start > now + settings.window:
        far = settings.window_days
        reasons.append(Reason("window", f"Sessions are booked at most {far} days ahead."))
    return reasons


def _outside_working_time(
    table: Timetable, session: Session, taken: Taken, at: float, days: tuple[int, int]
) -> Reason | None:
    end = at + session.seconds

    def inside(hours: Timetable) -> bool:
        return any(lo <= at and end <= hi for lo, hi in working(hours, *days))

    if not inside(table):
        here = shown(table.tz, int(at)).date().toordinal()
        days_off = {date for date, hours in table.overrides if not hours}
        others = tuple(one for one in table.overrides if one[0] not in days_off)
        if here in days_off or (days_off and inside(table._replace(overrides=others))):
            return Reason("off", "The trainer does not work on that day.")
        return Reason("outside-hours", "The session does not lie wholly in the trainer's hours.")
    if any(at < hi and end > lo for lo, hi in taken.off):
        return Reason("off", "The trainer has time off then.")
    return None


def _told(one: Barred, session: Session, tz: str) -> str:
    """What bars a start, without a word of whose visit it is or where a trainer lives."""
    _, _, halt, before = one
    at = f"{shown(tz, halt.until if before else halt.since):%H:%M %Z}"
    if halt.is_base:
        edge = f"begins at {at}" if before else f"ends at {at}"
        return f"The trainer's day {edge}, too far away to make the way."
    place = city_of(halt.stop.area)
    if session.stop is None:
        return f"The trainer drives to a visit in {place} that begins at {at}."
    if before:
        return f"The way from a visit in {place} that ends at {at} takes longer."
    return f"The way to a visit in {place} that begins at {at} takes longer."


def _without(
    starts: list[int], taking: int, ranges: Iterable[Range], *, before: int = 0
) -> list[int]:
    """The sorted starts that meet no range from `before` seconds ahead until `taking` after."""
    free: list[int] = []
    here = 0
    for lo, hi in _joined(ranges):
        first = bisect_right(starts, lo - taking, here)
        free += starts[here:first]
        here = max(first, bisect_left(starts, hi + before, first))
    return free + starts[here:]


def _joined(ranges: Iterable[Range]) -> list[Range]:
    """Sorted ranges that bar the same; one that ends before it begins stays so or is covered."""
    joined: list[Range] = []
    last_lo = last_hi = 0
    for lo, hi in sorted(ranges, key=itemgetter(0)):
        if joined and lo <= last_hi:
            if hi > last_hi:
                last_hi = hi
                joined[-1] = last_lo, last_hi
        else:
            joined.append((lo, hi))
            last_lo, last_hi = lo, hi
    return joined
