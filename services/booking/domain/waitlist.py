"""Who waits for which days, and which freed start they are offered."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil, floor
from typing import Literal, TypeAlias
from uuid import UUID

from services.booking.domain.services import find
from services.booking.domain.slots import Range, local_days
from shared.contracts.booking import Area, Mode
from shared.errors import Invalid
from shared.zones import zone

OFFER_LIVES = timedelta(minutes=30)
"""Time to see the mail and decide; who waits next should still have most of the day."""

MOST_DAYS = 60
"""Days one wish can span: who plans further ahead finds free times."""

MOST_OPEN = 20
"""Wishes one client can have open at once; all of them stand in their contact document."""

Status = Literal["waiting", "offered", "booked", "left", "ended"]
OPEN: frozenset[Status] = frozenset({"waiting", "offered"})


Kind: TypeAlias = tuple[str, Mode, str | None]
"""Service, mode and district of a wish."""


@dataclass(frozen=True)
class Entry:
    """A place on the waitlist. The days are dates in `tz`, both included.

    `trainer_id` None means whoever comes free; a visit has an area and a postal code.
    """

    id: UUID
    client_id: UUID
    service: str
    mode: Mode
    area: Area | None
    postal: str | None
    trainer_id: UUID | None
    tz: str
    first_day: date
    last_day: date
    status: Status
    created_at: datetime

    @property
    def kind(self) -> Kind:
        """What decides which starts of a trainer are free for it, beside the days.

        Drives are known by the first half of a postal code.
        """
        return self.service, self.mode, self.postal and self.postal[:3]


def check_days(first: date, last: date, tz: str, *, now: datetime) -> None:
    """Refuse days that nobody can wait for.

    Raises:
        Invalid: out of order, too many, or past; names the field `from` or `to`.
    """
    if last < first:
        raise Invalid.field("to", "should not lie before `from`")
    if (last - first).days >= MOST_DAYS:
        raise Invalid.field("to", f"should lie at most {MOST_DAYS - 1} days after `from`")
    if first < now.astimezone(zone(tz)).date():
        raise Invalid.field("from", "should not lie in the past")


def is_over(entry: Entry, now: datetime) -> bool:
    """Whether the last day has ended where the client is."""
    return now.astimezone(zone(entry.tz)).date() > entry.last_day


def offer_ends(start: datetime, now: datetime) -> datetime:
    """Until when a start is kept for who is offered it."""
    return min(now + OFFER_LIVES, start)


def starts_meeting(left: Iterable[Range], service: str) -> list[Range]:
    """The starts whose session meets freed time, as sorted ranges that do not touch."""
    seconds = _seconds(service)
    merged: list[Range] = []
    for lo, hi in sorted((lo - seconds + 1, hi) for lo, hi in left):
        if merged and lo <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(hi, merged[-1][1])
        else:
            merged.append((lo, hi))
    return merged


def best_start(
    entry: Entry, starts: Sequence[int], left: Collection[Range], known: Collection[Range]
) -> int | None:
    """The start to offer, of the free ones (sorted): one that meets the freed time still `left`.

    The first inside it is best, else the last before it: so a session fills the freed time rather
    than cut the time beside it in two. `known` are times that are nothing new to the client.
    """
    seconds = _seconds(entry.service)
    across = None
    for lo, hi in local_days(entry.tz, entry.first_day, entry.last_day):
        for start in starts[bisect_left(starts, lo) : bisect_left(starts, hi)]:
            if _meets(start, seconds, known) or not _meets(start, seconds, left):
                continue
            if _meets(start, 1, left):
                return start
            across = start
    return across


def without(left: Iterable[Range], taken: Range) -> list[Range]:
    """What is left of some time when a part is taken."""
    since, until = taken
    parts = [part for lo, hi in left for part in ((lo, min(hi, since)), (max(lo, until), hi))]
    return [(lo, hi) for lo, hi in parts if lo < hi]


def whole_seconds(start: datetime, end: datetime) -> Range:
    """A time as the range of seconds that covers it."""
    return floor(start.timestamp()), ceil(end.timestamp())


def _meets(start: int, seconds: int, ranges: Iterable[Range]) -> bool:
    return any(start < hi and lo < start + seconds for lo, hi in ranges)


def _seconds(service: str) -> int:
    return int(find(service).length.total_seconds())
