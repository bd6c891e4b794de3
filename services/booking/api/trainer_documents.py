"""Answers of a trainer's own pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.booking.api.fields import ModeName
from services.booking.domain.schedule import DAY_MINUTES, DAYS, DEFAULTS, Settings
from services.booking.domain.travel import Stop, travel_times
from services.booking.handlers.hours import HoursNow, SettingsNow
from services.booking.queries.agenda import Coming, Entry, Kind
from services.booking.store.time_off import TimeOff
from shared.clock import rfc3339
from shared.zones import zone


class WeeklyDocument(BaseModel):
    """Hours of a weekday; `to` at or before `from` lies on the next day."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    opens: Annotated[str, Field(alias="from")]
    closes: Annotated[str, Field(alias="to")]


class OverrideDocument(BaseModel):
    """Hours of one date instead of its weekday's; without times it is a day off."""

    date: str
    opens: Annotated[str | None, Field(alias="from")] = None
    closes: Annotated[str | None, Field(alias="to")] = None


class AffectedDocument(BaseModel):
    """A coming booking that lies outside the hours, and why."""

    id: UUID
    start: str
    reason: Literal["outside-hours", "off"]


class HoursDocument(BaseModel):
    """All hours, in the zone `tz`. What is `affected` stands until the trainer moves it."""

    tz: str
    weekly: list[WeeklyDocument]
    overrides: list[OverrideDocument]
    affected: list[AffectedDocument]


class OwnSettings(BaseModel):
    """What the trainer set; null follows the default."""

    notice_minutes: int | None
    window_days: int | None
    buffer_before_minutes: int | None
    buffer_after_minutes: int | None
    base_postal: str | None


class EffectiveSettings(BaseModel):
    """What counts. Without `base_postal` the drive to the first visit is not looked at."""

    notice_minutes: int
    window_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    base_postal: str | None


class SettingsDocument(BaseModel):
    """What the trainer set, what counts, and the company's default."""

    own: OwnSettings
    effective: EffectiveSettings
    default: EffectiveSettings


class TimeOffDocument(BaseModel):
    """Time in which no session can be booked."""

    id: UUID
    start: str
    end: str
    reason: str | None = None


class BookingInDocument(BaseModel):
    """A coming booking in the time off."""

    id: UUID
    start: str
    end: str


class TimeOffMade(TimeOffDocument):
    """Time off, and the bookings in it, which stand until the trainer moves them."""

    affected: list[BookingInDocument]


class ClientName(BaseModel):
    """Who a booking is for."""

    id: UUID
    name: str


class AgendaItem(BaseModel):
    """One thing on the agenda; a field that does not belong to its kind is left out.

    `travel_minutes` is the drive from the visit before it on the same day.
    """

    kind: Kind
    id: UUID
    start: str
    end: str
    service: str | None = None
    mode: ModeName | None = None
    status: str | None = None
    client: ClientName | None = None
    address: dict[str, Any] | None = None
    join_url: str | None = None
    travel_minutes: int | None = None
    reason: str | None = None


class AgendaDocument(BaseModel):
    """The agenda by start; `tz` is the trainer's zone, in which its dates are meant."""

    tz: str
    items: list[AgendaItem]


def hours_answer(now: HoursNow) -> dict[str, Any]:
    """Hours as they are answered."""
    return {
        "tz": now.schedule.tz,
        "weekly": [
            {"day": DAYS[one.day], "from": _wall(one.opens), "to": _wall(one.closes)}
            for one in now.schedule.weekly
        ],
        "overrides": [
            {"date": one.date.isoformat()}
            | (
                {}
                if one.opens is None or one.closes is None
                else {"from": _wall(one.opens), "to": _wall(one.closes)}
            )
            for one in now.schedule.overrides
        ],
        "affected": [
            {"id": str(one.id), "start": rfc3339(one.start), "reason": one.reason}
            for one in now.affected
        ],
    }


def settings_answer(now: SettingsNow) -> dict[str, Any]:
    """Settings as they are answered."""
    return {
        "own": _settings(now.own),
        "effective": _settings(now.own.over(DEFAULTS)),
        "default": _settings(DEFAULTS),
    }


def time_off_answer(off: TimeOff) -> dict[str, Any]:
    """Time off as it is answered."""
    return {
        "id": str(off.id),
        "start": rfc3339(off.start),
        "end": rfc3339(off.end),
        "reason": off.reason,
    }


def time_off_made(off: TimeOff, affected: Sequence[Coming]) -> dict[str, Any]:
    """New time off with the bookings in it."""
    inside = [
        {"id": str(one.id), "start": rfc3339(one.start), "end": rfc3339(one.end)}
        for one in affected
    ]
    return time_off_answer(off) | {"affected": inside}


def agenda_answer(tz: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """An agenda as it is answered; holds are nobody's yet."""
    times, rules = travel_times(), zone(tz)
    items = []
    before: tuple[datetime, Stop] | None = None
    for entry in entries:
        item = _item(entry)
        if entry.area is not None:
            here, local = Stop(entry.area, entry.postal), entry.start.astimezone(rules)
            if before is not None and before[0].date() == local.date():
                item["travel_minutes"] = times.minutes(before[1], here, local.month)
            before = local, here
        items.append(item)
    return {"tz": tz, "items": items}


def _item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "kind": entry.kind,
        "id": str(entry.id),
        "start": rfc3339(entry.start),
        "end": rfc3339(entry.end),
        "service": entry.service,
        "mode": entry.mode,
        "status": entry.status,
        "address": entry.address,
        "join_url": entry.join_url,
        "reason": entry.reason,
    }
    if entry.client_id is not None:
        item["client"] = {"id": str(entry.client_id), "name": entry.client_name}
    return item


def _settings(settings: Settings) -> dict[str, Any]:
    return dict(vars(settings))


def _wall(minutes: int) -> str:
    hour, minute = divmod(minutes % DAY_MINUTES, 60)
    return f"{hour:02}:{minute:02}"
