"""Slots against an oracle that knows nothing but the wall clock: minute by minute."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.domain import slots
from services.booking.domain.slots import Hours, Range, span
from shared.zones import zone

ZONES = (
    "America/Toronto",
    "America/Vancouver",
    "America/St_Johns",
    "America/Regina",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/London",
)
DAYS_OF_A_ZONE = 40
MINUTE = 60


def change_days(tz: str) -> list[date]:
    """The dates of 2024 to 2030 on which the zone changes its offset."""
    rules, found = zone(tz), []
    day = datetime(2024, 1, 1, tzinfo=UTC)
    while day.year <= 2030:
        following = day + timedelta(days=1)
        if day.astimezone(rules).utcoffset() != following.astimezone(rules).utcoffset():
            found.append(following.astimezone(rules).date())
        day = following
    return found


def random_hours(draw: random.Random) -> Hours:
    spans = []
    for day in range(7):
        for _ in range(draw.choice([0, 1, 1, 1, 2])):
            opens = draw.randrange(0, 24 * 60, draw.choice([5, 15, 30]))
            spans.append(span(day, opens, draw.randrange(0, 24 * 60, 15)))
    return tuple(spans)


def random_taken(draw: random.Random, day: date) -> list[Range]:
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    since = [midnight + draw.randrange(-24 * 60, 48 * 60, 5) * MINUTE for _ in range(4)]
    return [(lo, lo + draw.randrange(5, 120, 5) * MINUTE) for lo in since]


def oracle(
    tz: str, hours: Hours, minutes: int, *, client_tz: str, day: date, taken: list[Range]
) -> Iterator[int]:
    """The offered starts of a date in the client's zone, found by looking at every minute."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    all_minutes = range(noon - 40 * 60 * MINUTE, noon + 40 * 60 * MINUTE, MINUTE)
    works, on_grid = {}, set()
    for minute in all_minutes:
        wall = datetime.fromtimestamp(minute, zone(tz))
        works[minute] = False
        for began in (wall.date(), wall.date() - timedelta(days=1)):
            shown = (wall.date() - began).days * 24 * 60 + wall.hour * 60 + wall.minute
            for weekday, opens, closes in hours:
                if weekday == began.weekday() and opens <= shown < closes:
                    works[minute] = True
                    if (shown - opens) % 30 == 0:
                        on_grid.add(minute)
    for lo, hi in taken:
        for minute in range(lo, hi, MINUTE):
            works[minute] = False
    for start in sorted(on_grid):
        if datetime.fromtimestamp(start, zone(client_tz)).date() != day:
            continue
        if all(works.get(start + m * MINUTE, False) for m in range(minutes)):
            yield start


@pytest.mark.parametrize("tz", ZONES)
def test_the_offered_starts_are_those_a_look_at_every_minute_finds(tz: str) -> None:
    draw = random.Random(f"slots of {tz}")
    changes = change_days(tz)
    assert bool(changes) == (tz != "America/Regina")

    for _ in range(DAYS_OF_A_ZONE):
        day = date(2024, 1, 1) + timedelta(days=draw.randrange(7 * 365))
        if changes and draw.random() < 0.7:
            day = draw.choice(changes) + timedelta(days=draw.choice([-1, 0, 0, 0, 1]))
        client_tz = draw.choice([tz, tz, *ZONES])
        hours, taken = random_hours(draw), random_taken(draw, day)
        minutes = draw.choice([60, 90])

        found = slots.offered(
            tz,
            hours,
            timedelta(minutes=minutes),
            within=slots.local_days(client_tz, day, day),
            taken=taken,
        )

        expected = list(oracle(tz, hours, minutes, client_tz=client_tz, day=day, taken=taken))
        assert expected == found, (tz, client_tz, day, hours, taken, minutes)
