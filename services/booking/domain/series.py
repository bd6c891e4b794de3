"""Sessions that repeat: one wall time every so many weeks, and a verdict on each date."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID

from services.booking.domain import slots
from services.booking.domain.slots import Range, Reason, ReasonCode
from services.booking.domain.slots_walls import merged
from shared.contracts.booking import BookingFact, Together
from shared.zones import zone

COUNT_MIN, COUNT_MAX = 2, 52
"""One date is a booking; more than a year of weekly sessions nobody can foresee."""

EVERY_WEEKS_MAX = 8
"""Further apart than two months is no rhythm."""

ALTERNATIVES = 3
"""How many other times are named for a date that is not free, as for a single booking."""

Verdict = Literal["free", "taken", "outside-hours", "unreachable", "off"]

# What counts first when several things stand in the way: what the client can change least.
_VERDICTS: dict[ReasonCode, Verdict] = {
    "notice": "outside-hours",
    "window": "outside-hours",
    "mode": "outside-hours",
    "area": "outside-hours",
    "off": "off",
    "outside-hours": "outside-hours",
    "off-grid": "outside-hours",
    "taken": "taken",
    "unreachable": "unreachable",
}

_TAKEN = "The trainer is already taken or held at this time."


@dataclass(frozen=True)
class SeriesDate:
    """One date of a series: its number from 1, the promised wall time, and the instant.

    Where the wall leaves that time out, `exists` is false and the instant is the one that the
    clock shows instead.
    """

    number: int
    wall: datetime
    start: datetime
    exists: bool = True

    @property
    def at(self) -> int:
        """The instant in seconds since 1970."""
        return int(self.start.timestamp())

    def is_among(self, starts: AbstractSet[int]) -> bool:
        """Whether the date is one of the starts, which are whole seconds."""
        return self.exists and not self.start.microsecond and self.at in starts


@dataclass(frozen=True)
class Judged:
    """A date with what came of it; `detail` says why it is not free."""

    date: SeriesDate
    verdict: Verdict
    detail: str | None = None


@dataclass(frozen=True)
class Choice:
    """A trainer who might take a series: whether the client knows them, how many dates are free."""

    known: bool
    free: int


ChoiceT = TypeVar("ChoiceT", bound=Choice)
FactT = TypeVar("FactT", bound=BookingFact)


def dates(
    first: datetime, tz: str, *, every_weeks: int, numbers: Sequence[int]
) -> list[SeriesDate]:
    """The dates of these ascending numbers, at the wall time that `first` has in `tz`.

    `first` is the date of the first number, exactly. A later wall time that the clock shows twice
    is the first of the two.
    """
    rules = zone(tz)
    begin = first.astimezone(rules).replace(tzinfo=None, fold=0)
    found = [SeriesDate(numbers[0], begin, first.astimezone(UTC))]
    for number in numbers[1:]:
        wall = begin + timedelta(weeks=every_weeks * (number - numbers[0]))
        start = wall.replace(tzinfo=rules).astimezone(UTC)
        shown = start.astimezone(rules).replace(tzinfo=None, fold=0)
        found.append(SeriesDate(number, wall, start, exists=shown == wall))
    return found


def judge(
    date: SeriesDate,
    *,
    offered: bool,
    reasons: Iterable[Reason],
    busy: Sequence[Range],
    seconds: int,
) -> Judged:
    """The verdict on one date.

    `offered` and `reasons` are what the trainer's calendar says of it, `busy` the client's other
    sessions, sorted.
    """
    if not date.exists:
        return Judged(
            date,
            "outside-hours",
            f"{date.wall:%H:%M} does not exist on {date.wall:%Y-%m-%d}: the clocks go forward.",
        )
    against = [] if offered else list(reasons)
    if meets(busy, date.at, seconds):
        against.append(Reason("taken", "The client has another session at this time."))
    elif not offered and not against:
        against.append(Reason("taken", _TAKEN))
    if not against:
        return Judged(date, "free")
    order = list(_VERDICTS)
    first = min(against, key=lambda reason: order.index(reason.code))
    return Judged(date, _VERDICTS[first.code], first.detail)


def lost(date: SeriesDate) -> Judged:
    """The verdict on a date whose time somebody has."""
    return Judged(date, "taken", _TAKEN)


def choose(options: Sequence[ChoiceT]) -> ChoiceT:
    """The one trainer of a series; `options`, one at least, come in the order of a single booking.

    Whoever the client knows and is free at least once, else who is free most often.
    """
    for one in options:
        if one.known and one.free:
            return one
    return max(options, key=lambda one: one.free)


def alternatives(
    starts: Sequence[int], wished: datetime, *, busy: Sequence[Range], seconds: int
) -> list[int]:
    """The offered starts nearest to a wished one at which the client is free; `busy` is sorted."""
    free = [start for start in starts if not meets(busy, start, seconds)]
    return slots.nearest(free, wished.timestamp(), ALTERNATIVES)


def together(facts: Sequence[FactT], change_id: UUID) -> list[FactT]:
    """Facts of one change, each told its place among them; one alone stays as it is."""
    if len(facts) < 2:
        return list(facts)
    return [
        fact.model_copy(
            update={"together": Together(change_id=change_id, place=place, size=len(facts))}
        )
        for place, fact in enumerate(facts, start=1)
    ]


def around(dates: Iterable[SeriesDate], near: timedelta) -> list[Range]:
    """The time nearer than that to one of the dates, as sorted ranges that do not touch."""
    seconds = int(near.total_seconds())
    return merged((date.at - seconds, date.at + seconds) for date in dates)


def meets(busy: Sequence[Range], start: int, seconds: int) -> bool:
    """Whether a session of that length meets one of the sorted, disjoint ranges."""
    here = bisect_left(busy, start + seconds, key=lambda one: one[0])
    return here > 0 and busy[here - 1][1] > start
