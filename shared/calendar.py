"""Calendar files (RFC 5545) of bookings, with their zones' own rules inside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import (
    Calendar,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vText,
)

from shared.zones import zone

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]

PRODUCT = "-//Limber//Booking//EN"

ZONE_MARGIN_YEARS = 1
"""Years of zone rules on each side of the session: the changes around it, not a century."""

_STEP = timedelta(days=1)

_EVENT = b"BEGIN:VEVENT\r\n"


def calendar_uid(booking_id: UUID) -> str:
    """The UID of a booking, the same through all its versions."""
    return f"{booking_id}@limber"


@dataclass(frozen=True)
class CalendarEntry:
    """One booking in a calendar: `start` and `end` are aware instants, shown in the zone `tz`."""

    booking_id: UUID
    version: int
    start: datetime
    end: datetime
    tz: str
    summary: str
    description: str
    location: str | None
    url: str | None
    status: Status


def calendar_file(
    *,
    booking_id: UUID,
    version: int,
    start: datetime,
    end: datetime,
    tz: str,
    summary: str,
    description: str,
    location: str | None,
    url: str | None,
    status: Status,
    method: Method,
    organizer: str,
    attendee: str | None,
    stamp: datetime,
) -> bytes:
    """One booking as an iCalendar file in UTF-8; see `calendar_of`."""
    entry = CalendarEntry(
        booking_id, version, start, end, tz, summary, description, location, url, status
    )
    return calendar_of([entry], method=method, organizer=organizer, attendee=attendee, stamp=stamp)


def calendar_of(
    entries: Sequence[CalendarEntry],
    *,
    method: Method,
    organizer: str,
    attendee: str | None,
    stamp: datetime,
) -> bytes:
    """Bookings as an iCalendar file in UTF-8.

    `stamp` is an aware instant; `organizer` and `attendee` are addresses, with a name before angle
    brackets if wanted. A file that is only published has no attendee; it alone may hold several
    bookings (RFC 5546, 3.2).

    Raises:
        UnknownZoneError: a `tz` is not in the IANA database.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for entry in entries:
        event = _event(entry)
        event.add("dtstamp", stamp.astimezone(UTC))
        event.add("organizer", _address(organizer))
        if attendee:
            address = _address(attendee)
            address.params["ROLE"] = vText("REQ-PARTICIPANT")
            # The person booked it, so there is nothing left to accept.
            address.params["PARTSTAT"] = vText("ACCEPTED")
            address.params["RSVP"] = vText("FALSE")
            event.add("attendee", address)
        calendar.add_component(event)
    file: bytes = calendar.to_ical()
    # Put in as text: writing the same rules into each file took most of the time.
    return file.replace(_EVENT, _timezones(entries) + _EVENT, 1)


def _event(entry: CalendarEntry) -> Event:
    rules = zone(entry.tz)
    event = Event()
    event.add("uid", calendar_uid(entry.booking_id))
    event.add("sequence", entry.version)
    for name, at in (("dtstart", entry.start), ("dtend", entry.end)):
        event.add(name, at.astimezone(rules).replace(tzinfo=None), {"TZID": entry.tz})
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    if entry.location:
        event.add("location", entry.location)
    if entry.url:
        event.add("url", entry.url)
    event.add("status", entry.status)
    return event


def _timezones(entries: Sequence[CalendarEntry]) -> bytes:
    """The rules of each zone around the years in which the entries need them."""
    years: dict[str, list[int]] = {}
    for entry in entries:
        years.setdefault(entry.tz, []).append(entry.start.astimezone(zone(entry.tz)).year)
    return b"".join(
        _timezone(tz, min(found) - ZONE_MARGIN_YEARS, max(found) + ZONE_MARGIN_YEARS + 1)
        for tz, found in years.items()
    )


def _address(text: str) -> vCalAddress:
    name, mailbox = parseaddr(text)
    address = vCalAddress(f"mailto:{mailbox}")
    if name:
        address.params["CN"] = vText(name)
    return address


@lru_cache(maxsize=256)
def _timezone(tz: str, first_year: int, last_year: int) -> bytes:
    """VTIMEZONE from the pinned rules, for the years from `first_year` up to `last_year`.

    Built here because an observance begins at the wall time *before* the change (RFC 5545,
    3.6.5); a library that writes the time after it is an hour off on the day of the change.
    """
    rules = zone(tz)
    begin = datetime(first_year, 1, 1, tzinfo=UTC)
    found = Timezone()
    found.add("tzid", tz)
    found.add_component(_observance(rules, begin, begin))
    for change in _changes(rules, begin, datetime(last_year, 1, 1, tzinfo=UTC)):
        found.add_component(_observance(rules, change, change - timedelta(microseconds=1)))
    text: bytes = found.to_ical()
    return text


def _observance(
    rules: ZoneInfo, change: datetime, before: datetime
) -> TimezoneStandard | TimezoneDaylight:
    after, was = change.astimezone(rules), before.astimezone(rules)
    part = TimezoneDaylight() if after.dst() else TimezoneStandard()
    offset_from, offset_to = was.utcoffset() or timedelta(0), after.utcoffset() or timedelta(0)
    part.add("dtstart", (change + offset_from).replace(tzinfo=None))
    part.add("tzoffsetfrom", offset_from)
    part.add("tzoffsetto", offset_to)
    part.add("tzname", after.tzname() or tz_text(offset_to))
    return part


def tz_text(offset: timedelta) -> str:
    """An offset as text such as UTC-07:00."""
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _changes(rules: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The instants at which offset or name change, to the second."""
    at = begin
    while at < end:
        after = at + _STEP
        if _rule_at(rules, at) != _rule_at(rules, after):
            low, high = at, after
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                if _rule_at(rules, middle) == _rule_at(rules, at):
                    low = middle
                else:
                    high = middle
            yield high
        at = after


def _rule_at(rules: ZoneInfo, at: datetime) -> tuple[timedelta | None, str | None]:
    local = at.astimezone(rules)
    return local.utcoffset(), local.tzname()
