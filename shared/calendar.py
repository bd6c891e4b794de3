"""Calendar files (RFC 5545) of bookings, with their zones' own rules inside."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from shared.zones import zone

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]

PRODUCT = "-//Limber//Booking//EN"

ZONE_MARGIN_YEARS = 1
"""Years of zone rules on each side of the session: the changes around it, not a century."""

LINE_OCTETS = 75
"""A longer line is folded (RFC 5545, 3.1)."""

_STEP = timedelta(days=1)

_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})
_NOT_IN_PARAMETERS = re.compile(r'[\x00-\x1f\x7f"]')
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


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
    # Put together here, as text: a library's objects took most of the time of writing a mail.
    who = [_line("ORGANIZER", *_mailbox(organizer))]
    if attendee:
        # The person booked it, so there is nothing left to accept.
        name, address = _mailbox(attendee)
        who.append(
            _line("ATTENDEE", f"{name};PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE", address)
        )
    stamped = _line("DTSTAMP", "", f"{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    lines = ["BEGIN:VCALENDAR\r\n", "VERSION:2.0\r\n", f"PRODID:{PRODUCT}\r\n"]
    lines += ["CALSCALE:GREGORIAN\r\n", f"METHOD:{method}\r\n", *_timezones(entries)]
    for entry in entries:
        lines += ["BEGIN:VEVENT\r\n", *_event(entry), stamped, *who, "END:VEVENT\r\n"]
    lines.append("END:VCALENDAR\r\n")
    return "".join(lines).encode()


def _event(entry: CalendarEntry) -> Iterator[str]:
    rules = zone(entry.tz)
    yield _line("UID", "", calendar_uid(entry.booking_id))
    yield _line("SEQUENCE", "", str(entry.version))
    for name, at in (("DTSTART", entry.start), ("DTEND", entry.end)):
        yield _line(name, f";TZID={entry.tz}", f"{at.astimezone(rules):%Y%m%dT%H%M%S}")
    yield _line("SUMMARY", "", _escaped(entry.summary))
    yield _line("DESCRIPTION", "", _escaped(entry.description))
    if entry.location:
        yield _line("LOCATION", "", _escaped(entry.location))
    if entry.url:
        yield _line("URL", "", _NOT_IN_PARAMETERS.sub("", entry.url))
    yield _line("STATUS", "", entry.status)


def _line(name: str, parameters: str, value: str) -> str:
    """A content line, folded between characters so that no part is longer than `LINE_OCTETS`."""
    text = f"{name}{parameters}:{value}"
    if len(text) <= LINE_OCTETS and text.isascii():
        return f"{text}\r\n"
    coded, parts, begin, room = text.encode(), [], 0, LINE_OCTETS
    while len(coded) - begin > room:
        end = begin + room
        while coded[end] & 0b1100_0000 == 0b1000_0000:
            end -= 1
        parts.append(coded[begin:end])
        # The space before what was folded takes an octet.
        begin, room = end, LINE_OCTETS - 1
    parts.append(coded[begin:])
    return b"\r\n ".join(parts).decode() + "\r\n"


def _escaped(text: str) -> str:
    return _NOT_IN_TEXT.sub(" ", text).translate(_ESCAPED)


def _timezones(entries: Sequence[CalendarEntry]) -> Iterator[str]:
    """The rules of each zone around the years in which the entries need them."""
    years: dict[str, list[int]] = {}
    for entry in entries:
        years.setdefault(entry.tz, []).append(entry.start.astimezone(zone(entry.tz)).year)
    for tz, found in years.items():
        yield _timezone(tz, min(found) - ZONE_MARGIN_YEARS, max(found) + ZONE_MARGIN_YEARS + 1)


def _mailbox(text: str) -> tuple[str, str]:
    """The parameter that names somebody, if there is a name, and their address."""
    name, address = parseaddr(text)
    name = _NOT_IN_PARAMETERS.sub(" ", name).strip()
    return f';CN="{name}"' if name else "", f"mailto:{_NOT_IN_PARAMETERS.sub('', address)}"


@lru_cache(maxsize=256)
def _timezone(tz: str, first_year: int, last_year: int) -> str:
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
    return text.decode()


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
