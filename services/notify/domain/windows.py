"""When a person may be disturbed: quiet hours, weekly windows, and the nearest such moments."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.contacts import COMPANY_QUIET, Preferences, QuietTime
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


def _quiet_hours(told: QuietTime) -> QuietHours:
    return QuietHours(time.fromisoformat(told.start), time.fromisoformat(told.end))


QUIET_HOURS = _quiet_hours(COMPANY_QUIET)
"""For service and marketing mail: nobody in pain is woken by a reminder."""

_WEEK_AROUND = range(10)
"""A window of this weekday may be a week away, and its edge on the day beside it."""

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class WeeklyWindow:
    """Local wall times on a day of the week (0 Monday); spans midnight when end <= start."""

    day: int
    start: time
    end: time

    def holds(self, at: datetime, rules: ZoneInfo) -> bool:
        """Whether the instant is inside."""
        local = at.astimezone(rules)
        wall, days_in = local.time(), (local.weekday() - self.day) % 7
        if self.start < self.end:
            return days_in == 0 and self.start <= wall < self.end
        return (days_in == 0 and wall >= self.start) or (days_in == 1 and wall < self.end)

    def opens(self, day: date, rules: ZoneInfo) -> datetime | None:
        """When the window of that local day begins; None on other weekdays."""
        return max(_instants(day, self.start, rules)) if day.weekday() == self.day else None

    def closes(self, day: date, rules: ZoneInfo) -> datetime | None:
        """When the window that began on that local day ends; None on other weekdays."""
        if day.weekday() != self.day:
            return None
        ends_on = day if self.start < self.end else day + timedelta(days=1)
        return min(_instants(ends_on, self.end, rules))


@dataclass(frozen=True)
class Hours:
    """When service and marketing messages may reach a person, in that person's zone."""

    quiet: QuietHours
    windows: tuple[WeeklyWindow, ...]
    rules: ZoneInfo

    def allow(self, at: datetime) -> bool:
        """Whether a message may arrive at that instant."""
        if self.quiet.covers(at, self.rules):
            return False
        return not self.windows or any(window.holds(at, self.rules) for window in self.windows)

    def allow_until(self, at: datetime) -> bool:
        """Whether a message may arrive just before that instant."""
        return self.allow(at - _INSTANT)

    def next_allowed(self, at: datetime) -> datetime | None:
        """The instant itself, or the next at which something may arrive; None for never."""
        if self.allow(at):
            return at
        first = at.astimezone(self.rules).date() - timedelta(days=1)
        edges = set[datetime | None]()
        for day in (first + timedelta(days=ahead) for ahead in _WEEK_AROUND):
            edges.add(max(_instants(day, self.quiet.end, self.rules)))
            edges.update(window.opens(day, self.rules) for window in self.windows)
        later = sorted(edge for edge in edges if edge is not None and edge > at)
        return next((edge for edge in later if self.allow(edge)), None)

    def last_allowed(self, at: datetime) -> datetime | None:
        """The instant itself, or the end of the last hours before it; None for never."""
        if self.allow(at):
            return at
        last = at.astimezone(self.rules).date()
        edges = set[datetime | None]()
        for day in (last - timedelta(days=back) for back in _WEEK_AROUND):
            edges.add(min(_instants(day, self.quiet.start, self.rules)))
            edges.update(window.closes(day, self.rules) for window in self.windows)
        earlier = sorted((edge for edge in edges if edge is not None and edge <= at), reverse=True)
        return next((edge for edge in earlier if self.allow_until(edge)), None)

    def day_of(self, at: datetime) -> date:
        """The local date of an instant."""
        return at.astimezone(self.rules).date()

    def tomorrow(self, at: datetime) -> datetime:
        """When the next local day begins."""
        return max(_instants(self.day_of(at) + timedelta(days=1), time(0), self.rules))


def hours_of(tz: str | None, preferences: Preferences | None) -> Hours:
    """A person's hours: their own quiet hours and windows, where they have some.

    Raises:
        ValueError: a wall time is not one such as 21:00.
    """
    quiet, windows = QUIET_HOURS, list[WeeklyWindow]()
    if preferences is not None:
        if preferences.quiet is not None:
            own = preferences.quiet
            quiet = _quiet_hours(own)
        windows = [
            WeeklyWindow(one.day, time.fromisoformat(one.start), time.fromisoformat(one.end))
            for one in preferences.windows
        ]
    return Hours(quiet, tuple(windows), zone_or_company(tz))


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
