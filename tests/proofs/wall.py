"""An oracle's view of time: every minute's wall, straight from the pinned zone data.

Shares no code with the slots it judges.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

MINUTE = 60
ZONES = (
    "America/Toronto",
    "America/Vancouver",
    "America/St_Johns",
    "America/Regina",
    "Europe/London",
    "Australia/Sydney",
    "Australia/Lord_Howe",
)

Spans = list[tuple[int, int]]
"""Opening and closing in minutes after a date's midnight; a closing may lie on the next day."""


@lru_cache(maxsize=64)
def wall_of(tz: str) -> ZoneInfo:
    """The rules of a zone."""
    with (resources.files("tzdata") / "zoneinfo" / tz).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=tz)


@lru_cache(maxsize=64)
def change_days(tz: str) -> tuple[date, ...]:
    """The dates of 2024 to 2030 on which the zone changes its offset."""
    rules, found = wall_of(tz), []
    day = datetime(2024, 1, 1, tzinfo=UTC)
    while day.year <= 2030:
        following = day + timedelta(days=1)
        if day.astimezone(rules).utcoffset() != following.astimezone(rules).utcoffset():
            found.append(following.astimezone(rules).date())
        day = following
    return tuple(found)


@dataclass
class Week:
    """Hours as a trainer says them: by weekday (0 is Monday), and dates that differ."""

    tz: str
    weekly: dict[int, Spans] = field(default_factory=dict)
    dates: dict[date, Spans] = field(default_factory=dict)

    def said_for(self, day: date) -> Spans:
        """The hours that begin on a date."""
        return self.dates[day] if day in self.dates else self.weekly.get(day.weekday(), [])

    def minutes_since_opening(self, at: int) -> list[int]:
        """For each span that is open at an instant, how long its wall has been open."""
        wall = datetime.fromtimestamp(at, wall_of(self.tz))
        today, minute = wall.date(), wall.hour * 60 + wall.minute
        found = []
        for began, shown in ((today, minute), (today - timedelta(days=1), minute + 24 * 60)):
            for opens, closes in self.said_for(began):
                if opens <= shown < closes:
                    found.append(shown - opens)
        return found
