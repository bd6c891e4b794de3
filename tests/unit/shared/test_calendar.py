"""Calendar files, read back as a mail program would."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from shared.calendar import calendar_file
from shared.zones import zone

BOOKING = UUID(int=3)
STAMP = datetime(2026, 11, 22, 12, tzinfo=UTC)

ZONES = ("America/Toronto", "America/Vancouver", "Australia/Lord_Howe", "Asia/Tokyo", "UTC")


def a_file(**changes: Any) -> bytes:
    start = changes.pop("start", datetime(2026, 11, 26, 15, tzinfo=UTC))
    values = {
        "booking_id": BOOKING,
        "version": 1,
        "start": start,
        "end": start + timedelta(minutes=45),
        "tz": "America/Toronto",
        "summary": "First workout, with; signs",
        "description": "One\nTwo " + "é" * 100,
        "location": "5 Main Street, Toronto",
        "url": "https://limber.example/manage/x",
        "status": "CONFIRMED",
        "method": "REQUEST",
        "organizer": "Limber <hello@limber.example>",
        "attendee": '"Sample, Ada" <ada@example.org>',
        "stamp": STAMP,
    }
    return calendar_file(**(values | changes))


def event_of(file: bytes) -> Any:
    [event] = Calendar.from_ical(file).walk("VEVENT")
    return event


def test_a_file_has_all_that_a_mail_program_needs() -> None:
    file = a_file(version=7)
    calendar, event = Calendar.from_ical(file), event_of(file)

    assert ("2.0", "GREGORIAN", "REQUEST") == tuple(
        calendar[name] for name in ("VERSION", "CALSCALE", "METHOD")
    )
    assert (f"{BOOKING}@limber", 7, "CONFIRMED", "First workout, with; signs") == tuple(
        event[name] for name in ("UID", "SEQUENCE", "STATUS", "SUMMARY")
    )
    assert STAMP == event["DTSTAMP"].dt
    assert ("mailto:hello@limber.example", "Limber") == (
        event["ORGANIZER"],
        event["ORGANIZER"].params["CN"],
    )
    assert ("mailto:ada@example.org", "Sample, Ada") == (
        event["ATTENDEE"],
        event["ATTENDEE"].params["CN"],
    )
    assert b"DTSTART;TZID=America/Toronto:20261126T100000\r\n" in file
    assert b"DTEND;TZID=America/Toronto:20261126T104500\r\n" in file


def test_lines_are_folded_at_75_octets_and_end_in_crlf() -> None:
    file = a_file()

    assert file.endswith(b"END:VCALENDAR\r\n")
    assert file.count(b"\n") == file.count(b"\r\n")
    assert max(len(line) for line in file.split(b"\r\n")) <= 75


def test_a_published_file_needs_no_attendee() -> None:
    event = event_of(a_file(method="PUBLISH", attendee=None, location=None, url=None))

    assert {"ATTENDEE", "LOCATION", "URL"}.isdisjoint(event)


def offset_by_file(file: bytes, at: datetime) -> timedelta:
    """The offset that the file's own VTIMEZONE gives an instant, by RFC 5545's rule: of the
    observance with the latest onset before it, where an onset is in the offset that was left."""
    rules: Any = Calendar.from_ical(file).walk("VTIMEZONE")[0]
    onsets = [
        (part["DTSTART"].dt.replace(tzinfo=UTC) - part["TZOFFSETFROM"].td, part)
        for part in rules.subcomponents
    ]
    _, last = max(
        ((onset, part) for onset, part in onsets if onset <= at), key=lambda found: found[0]
    )
    offset: timedelta = last["TZOFFSETTO"].td
    return offset


@pytest.mark.parametrize(
    ("tz", "local", "hours"),
    [
        ("America/Toronto", "2026-10-31T12:00", -4),
        ("America/Toronto", "2026-11-01T03:00", -5),
        ("America/Toronto", "2027-03-14T01:59", -5),
        # Just after the jump: an onset written in the new offset would still say -5 here.
        ("America/Toronto", "2027-03-14T03:00", -4),
        ("America/Toronto", "2027-07-01T09:00", -4),
        ("America/Vancouver", "2026-01-15T09:00", -8),
        ("America/Vancouver", "2026-07-01T09:00", -7),
        ("America/Vancouver", "2026-12-01T09:00", -7),
        ("America/Vancouver", "2027-01-15T09:00", -7),
    ],
)
def test_the_files_own_zone_gives_the_right_offset(tz: str, local: str, hours: int) -> None:
    wall = datetime.fromisoformat(local)
    start = wall.replace(tzinfo=zone(tz)).astimezone(UTC)

    file = a_file(tz=tz, start=start)

    assert timedelta(hours=hours) == offset_by_file(file, start)


@settings(max_examples=60)
@given(minutes=st.integers(0, 4 * 365 * 24 * 60), tz=st.sampled_from(ZONES))
def test_the_files_own_zone_agrees_with_the_pinned_rules(minutes: int, tz: str) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = start.astimezone(zone(tz))

    file = a_file(tz=tz, start=start)

    assert local.replace(tzinfo=None) == event_of(file)["DTSTART"].dt.replace(tzinfo=None)
    assert local.utcoffset() == offset_by_file(file, start)
