"""A trainer's hours, settings and time off as they are said: what may be stored."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from services.booking.domain import areas
from services.booking.domain.slots import (
    COMPANY,
    Rules,
    Session,
    Span,
    Taken,
    Timetable,
    explain,
)
from shared.errors import FieldError, Invalid

OutsideCode = Literal["outside-hours", "off"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * DAY_MINUTES

MOST_SPANS = 42
"""Six a day: a split day has two or three."""

MOST_OVERRIDES = 800
"""Two spans for each date of the booking window; still half of what a body may hold."""

NOTICE_MAX_MINUTES = 14 * DAY_MINUTES
"""Two weeks: with more, hardly a client could book."""

WINDOW_MAX_DAYS = 730
"""Two years; zone rules further ahead are guesses."""

BUFFER_MAX_MINUTES = 180
"""A side of a session; longer pauses are hours or time off."""

TIME_OFF_MAX = timedelta(days=400)
"""As long as the booking window; who is away for longer has no weekly hours."""

MOST_TIME_OFF = 200
"""Coming absences of one trainer: every week's day off for years is weekly hours, not this."""


class Override(NamedTuple):
    """Hours that replace a weekday's on one date: minutes of the wall; both null is a day off."""

    date: date
    opens: int | None
    closes: int | None


@dataclass(frozen=True)
class Schedule:
    """When a trainer works: wall times in `tz`. A closing beyond 1440 lies on the next day."""

    tz: str
    weekly: tuple[Span, ...]
    overrides: tuple[Override, ...] = ()

    @property
    def table(self) -> Timetable:
        """The hours as slots are reckoned with them."""
        dates: dict[int, list[Span]] = {}
        for date_, opens, closes in self.overrides:
            spans = dates.setdefault(date_.toordinal(), [])
            if opens is not None and closes is not None:
                spans.append(Span(date_.weekday(), opens, closes))
        overrides = tuple((day, tuple(spans)) for day, spans in sorted(dates.items()))
        return Timetable(self.tz, self.weekly, overrides)


@dataclass(frozen=True)
class Settings:
    """How a trainer may be booked; null follows the company's default."""

    notice_minutes: int | None = None
    window_days: int | None = None
    buffer_before_minutes: int | None = None
    buffer_after_minutes: int | None = None
    base_postal: str | None = None

    def over(self, default: "Settings") -> "Settings":
        """These settings, with a default's in place of what is null."""
        ours = {name: value for name, value in vars(self).items() if value is not None}
        return replace(default, **ours)


DEFAULTS = Settings(
    notice_minutes=COMPANY.notice_minutes,
    window_days=COMPANY.window_days,
    buffer_before_minutes=COMPANY.buffer_before_minutes,
    buffer_after_minutes=COMPANY.buffer_after_minutes,
)
"""The company's: what counts where a trainer sets nothing."""


class _Piece(NamedTuple):
    """A span in minutes from some midnight, and the field it was given in."""

    opens: int
    closes: int
    field: str


def check_schedule(schedule: Schedule) -> None:
    """Refuse hours that overlap, within a date or over midnight into the next.

    Raises:
        Invalid: names the later one of each pair, as `weekly.1` or `overrides.0`.
    """
    faults = list(dict.fromkeys((*_weekly_faults(schedule), *_override_faults(schedule))))
    if faults:
        names = ", ".join(fault.field for fault in faults)
        raise Invalid("invalid", f"Please correct: {names}. Nothing was stored.", fields=faults)


def outside(schedule: Schedule, start: datetime, end: datetime) -> OutsideCode | None:
    """Why a session does not lie in the hours; None when it does."""
    reasons = explain(Rules(schedule.table), Session(end - start), Taken(), start=start, now=start)
    codes = {reason.code for reason in reasons}
    return "off" if "off" in codes else "outside-hours" if "outside-hours" in codes else None


def check_base(settings: Settings) -> None:
    """Refuse a base that travel times are not known for.

    Raises:
        Invalid: names `base_postal`.
    """
    if settings.base_postal is not None and areas.locate(settings.base_postal).area is None:
        raise Invalid.field("base_postal", "should lie in one of the areas that trainers visit")


def check_time_off(start: datetime, end: datetime, *, now: datetime) -> None:
    """Refuse time off that takes no time, has passed, or lasts beyond reason.

    Raises:
        Invalid: names `end`.
    """
    if end <= start:
        raise Invalid.field("end", "should lie after `start`")
    if end <= now:
        raise Invalid.field("end", "should not have passed")
    if end - start > TIME_OFF_MAX:
        raise Invalid.field("end", f"should lie within {TIME_OFF_MAX.days} days of `start`")


def _weekly_faults(schedule: Schedule) -> Iterable[FieldError]:
    pieces = sorted(
        _Piece(s.day * DAY_MINUTES + s.opens, s.day * DAY_MINUTES + s.closes, f"weekly.{index}")
        for index, s in enumerate(schedule.weekly)
    )
    if len(pieces) > 1:
        # Sunday's hours may run into Monday.
        first = pieces[0]
        again = _Piece(first.opens + _WEEK_MINUTES, first.closes + _WEEK_MINUTES, first.field)
        yield from _overlaps([*pieces, again], "another span of the week")


def _override_faults(schedule: Schedule) -> Iterable[FieldError]:
    by_date: dict[date, list[tuple[str, Override]]] = defaultdict(list)
    for index, override in enumerate(schedule.overrides):
        by_date[override.date].append((f"overrides.{index}", override))
    by_weekday: dict[int, list[Span]] = defaultdict(list)
    for span in schedule.weekly:
        by_weekday[span.day].append(span)

    def pieces(day: date, shift: int) -> list[_Piece]:
        if day in by_date:
            found = [(o.opens, o.closes, field) for field, o in by_date[day]]
        else:
            # Blames nobody: the override beside it is the one that does not fit.
            found = [(s.opens, s.closes, "") for s in by_weekday[day.weekday()]]
        return [
            _Piece(opens + shift, closes + shift, field)
            for opens, closes, field in found
            if opens is not None and closes is not None
        ]

    for day, given in by_date.items():
        for field, override in given:
            if override.opens is None and len(given) > 1:
                yield FieldError(field, "is a day off, so the date can have no other hours")
        around = [
            *pieces(day - timedelta(days=1), -DAY_MINUTES),
            *pieces(day, 0),
            *pieces(day + timedelta(days=1), DAY_MINUTES),
        ]
        yield from _overlaps(sorted(around), "hours of this date or the one beside it")


def _overlaps(pieces: Sequence[_Piece], what: str) -> Iterable[FieldError]:
    """The faults of sorted pieces: each is blamed for what it overlaps before it."""
    for earlier, later in pairwise(pieces):
        field = later.field or earlier.field
        if later.opens < earlier.closes and field:
            yield FieldError(field, f"overlaps {what}")
