"""Quiet hours: whether a moment is quiet for a person, and the nearest moments that are not."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.zones import UnknownZoneError, zone

COMPANY_ZONE = "America/Toronto"
"""Used for a person whose zone is missing or unknown: where the company is, never UTC."""


@dataclass(frozen=True)
class QuietHours:
    """Local wall times, `start` inclusive, `end` exclusive; spans midnight when start > end."""

    start: time
    end: time

    def covers(self, at: datetime, rules: ZoneInfo) -> bool:
        """Whether the instant is quiet in that zone."""
        local = at.astimezone(rules).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def last_allowed(self, at: datetime, rules: ZoneInfo) -> datetime:
        """The instant itself, or else the end of the last allowed window before it."""
        if not self.covers(at, rules):
            return at
        day = at.astimezone(rules).date()
        candidates = (min(_instants(day - back, self.start, rules)) for back in _DAYS)
        return next(found for found in candidates if found <= at)

    def next_allowed(self, at: datetime, rules: ZoneInfo) -> datetime:
        """The instant itself, or else the beginning of the next allowed window."""
        if not self.covers(at, rules):
            return at
        day = at.astimezone(rules).date()
        candidates = (max(_instants(day + ahead, self.end, rules)) for ahead in _DAYS)
        return next(found for found in candidates if found > at)


QUIET_HOURS = QuietHours(start=time(21), end=time(8))
"""For service and marketing mail: nobody in pain is woken by a reminder."""

_DAYS = (timedelta(0), timedelta(days=1), timedelta(days=2))


def zone_or_company(name: str | None) -> ZoneInfo:
    """The rules of a person's zone, or of the company's where it is missing or unknown."""
    try:
        return zone(name or COMPANY_ZONE)
    except UnknownZoneError:
        return zone(COMPANY_ZONE)


def _instants(day: date, wall: time, rules: ZoneInfo) -> tuple[datetime, datetime]:
    """Both readings of a wall time; equal except where clocks jump over it or repeat it.

    The window is closed at the earlier and opened at the later one, so that no reading of the
    wall clock finds a message inside quiet hours.
    """
    utc = zone("UTC")
    first, second = (
        datetime.combine(day, wall, rules).replace(fold=fold).astimezone(utc) for fold in (0, 1)
    )
    return first, second
