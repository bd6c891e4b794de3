"""What comes by the calendar: agendas, weekly summaries, tips; when in a person's own zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.notify.domain.planned import Planned
from services.notify.domain.templates import (
    ENCOURAGED_FOR,
    TIP,
    TIP_OF_USE,
    TRAINER_AGENDA,
    WEEKLY_SUMMARY,
    Template,
)
from services.notify.domain.tips import tip_of
from services.notify.domain.windows import zone_or_company
from shared.zones import zone

PLANNED_AHEAD = timedelta(hours=1)
"""A row is there so long before it is due, so that many of one hour do not come at once."""

SUNDAY, WEDNESDAY = 6, 2

_NAMES = UUID("0f3c7c0e-6b7d-5b52-8e43-0a4f3d4c9a55")


@dataclass(frozen=True)
class Occasion:
    """A message that comes again: to whom, on which day of the week (null: each) and when there.

    `of_use`: how long after its moment it is still planned. `kept`: how long it may wait then.
    """

    template: Template
    role: str
    weekday: int | None
    at: time
    of_use: timedelta
    kept: timedelta

    def latest(self, moment: datetime, rules: ZoneInfo) -> datetime:
        """The newest of its moments that is not after this one."""
        day = moment.astimezone(rules).date()
        return max(
            found
            for back in range(-1, 9)
            if (found := self._on(day - timedelta(days=back), rules)) is not None
            and found <= moment
        )

    def next(self, moment: datetime, rules: ZoneInfo) -> datetime:
        """The first of its moments after this one."""
        day = moment.astimezone(rules).date()
        return min(
            found
            for ahead in range(-1, 9)
            if (found := self._on(day + timedelta(days=ahead), rules)) is not None
            and found > moment
        )

    def _on(self, day: date, rules: ZoneInfo) -> datetime | None:
        if self.weekday is not None and day.weekday() != self.weekday:
            return None
        return datetime.combine(day, self.at, rules).astimezone(zone("UTC"))


AGENDA = Occasion(TRAINER_AGENDA, "trainer", None, time(18), TRAINER_AGENDA.late, timedelta(days=1))
SUMMARY = Occasion(
    WEEKLY_SUMMARY, "client", SUNDAY, time(17), WEEKLY_SUMMARY.late, timedelta(days=2)
)
WEEKLY_TIP = Occasion(TIP, "client", WEDNESDAY, time(17), TIP_OF_USE, ENCOURAGED_FOR)

OCCASIONS = (AGENDA, SUMMARY, WEEKLY_TIP)


@dataclass(frozen=True)
class Due:
    """A message of the calendar that one person may get now, if there is something to say.

    There is when something of theirs lies in `since` to `until`: sessions of the coming days, a
    week's news and the next session, a session that makes somebody a client in training. What is
    told is read when it is sent, so that what comes until then is in it.
    """

    planned: Planned
    since: datetime
    until: datetime


SUMMED_UP = timedelta(days=7)
AHEAD = timedelta(days=14)
"""What the weekly summary looks back on, and how far it looks ahead."""

IN_TRAINING = timedelta(days=28)
"""Tips go to whoever had a session within this time."""


def due_now(person_id: UUID, role: str, tz: str, *, now: datetime) -> list[Due]:
    """The messages whose moment comes within `PLANNED_AHEAD`, or came while they are of use."""
    rules = zone_or_company(tz)
    found = []
    for occasion in OCCASIONS:
        at = occasion.latest(now + PLANNED_AHEAD, rules)
        if occasion.role == role and now < at + occasion.of_use:
            found.append(_due(occasion, person_id, at, rules))
    return found


def next_look(role: str, tz: str, *, now: datetime) -> datetime | None:
    """When to look at a person again; None for whoever gets nothing by the calendar."""
    rules, ahead = zone_or_company(tz), now + PLANNED_AHEAD
    return min(
        (one.next(ahead, rules) - PLANNED_AHEAD for one in OCCASIONS if one.role == role),
        default=None,
    )


def next_summary(at: datetime, rules: ZoneInfo) -> datetime:
    """When the next weekly summary is due."""
    return SUMMARY.next(at, rules)


def summed_up(due_at: datetime) -> tuple[datetime, datetime]:
    """The week that a summary due then looks back on."""
    return due_at - SUMMED_UP, due_at


def day_bounds(day: date, rules: ZoneInfo) -> tuple[datetime, datetime]:
    """Begin and end of a local day."""
    utc = zone("UTC")
    first, last = (
        datetime.combine(day + timedelta(days=ahead), time(0), rules).astimezone(utc)
        for ahead in (0, 1)
    )
    return first, last


def _due(occasion: Occasion, person_id: UUID, at: datetime, rules: ZoneInfo) -> Due:
    day = at.astimezone(rules).date()
    detail: dict[str, Any] = {}
    since, until = at - SUMMED_UP, at + AHEAD
    if occasion is AGENDA:
        detail["day"] = (day + timedelta(days=1)).isoformat()
        since = at
    elif occasion is WEEKLY_TIP:
        detail["option"] = tip_of(person_id, day)
        since, until = at - IN_TRAINING, at
    planned = Planned(
        template=occasion.template,
        # Of the local day alone, so that whoever plans it twice plans the same.
        subject_id=uuid5(_NAMES, f"{occasion.template.name} {day.isoformat()}"),
        subject_version=0,
        recipient_id=person_id,
        nominal_at=at,
        due_at=at,
        expires_at=at + occasion.kept,
        detail=detail,
    )
    return Due(planned, since, until)
