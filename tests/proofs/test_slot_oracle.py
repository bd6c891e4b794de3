"""Slots against an oracle that knows nothing but the wall clock: minute by minute."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.domain import slots
from services.booking.domain.slots import Block, Rules, Session, SlotSettings, Taken, Timetable
from tests.proofs.scale import cases
from tests.proofs.wall import MINUTE, ZONES, Spans, Week, change_days, wall_of

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

DAYS = 10_000

CHANGES = [(tz, day) for tz in ZONES for day in change_days(tz)]


@dataclass
class Case:
    """One client's date with one trainer."""

    week: Week
    client_tz: str
    day: date
    length: int
    now: int
    notice: int
    window_days: int
    before: int
    after: int
    taken: list[tuple[int, int]]
    off: list[tuple[int, int]]


def a_case(number: int) -> Case:
    """The first cases are all change days; the others are drawn."""
    draw = random.Random(f"slots {number}")
    if number < len(CHANGES):
        tz, day = CHANGES[number]
    else:
        tz = draw.choice(ZONES)
        day = date(2024, 1, 2) + timedelta(days=draw.randrange(7 * 365))
        if draw.random() < 0.3 and change_days(tz):
            day = draw.choice(change_days(tz)) + timedelta(days=draw.choice([-1, 0, 1]))
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    weekly = {weekday: some_spans(draw, [0, 1, 1, 1, 2]) for weekday in range(7)}
    dates = {
        day + timedelta(days=shift): some_spans(draw, [0, 1, 2])
        for shift in (-2, -1, 0, 1)
        if draw.random() < 0.25
    }
    return Case(
        week=Week(tz, weekly, dates),
        client_tz=draw.choice([tz, tz, *ZONES]),
        day=day,
        length=draw.choice([60, 90]),
        now=midnight + draw.randrange(-72 * 60, 12 * 60) * MINUTE,
        notice=draw.choice([0, 45, 120, 120, 1440]),
        window_days=draw.choice([1, 2, 400, 400]),
        before=draw.choice([0, 0, 5, 15, 30]),
        after=draw.choice([0, 0, 10, 15, 45]),
        taken=some_ranges(draw, midnight, draw.randrange(5), 150),
        off=some_ranges(draw, midnight, draw.choice([0, 0, 1, 2]), 600),
    )


def some_spans(draw: random.Random, counts: list[int]) -> Spans:
    spans = []
    for _ in range(draw.choice(counts)):
        opens = draw.randrange(0, 24 * 60, draw.choice([5, 15, 30]))
        closes = draw.randrange(0, 24 * 60, 15)
        spans.append((opens, closes if closes > opens else closes + 24 * 60))
    return spans


def some_ranges(
    draw: random.Random, midnight: int, count: int, longest: int
) -> list[tuple[int, int]]:
    since = [midnight + draw.randrange(-16 * 60, 40 * 60, 5) * MINUTE for _ in range(count)]
    return [(lo, lo + draw.randrange(5, longest, 5) * MINUTE) for lo in since]


def offered(case: Case) -> list[int]:
    """What the slots say."""
    weekly = [
        slots.Span(day, opens, closes)
        for day, spans in sorted(case.week.weekly.items())
        for opens, closes in sorted(spans)
    ]
    overrides = [
        (day.toordinal(), tuple(slots.Span(day.weekday(), *span) for span in sorted(spans)))
        for day, spans in sorted(case.week.dates.items())
    ]
    return slots.offered(
        Rules(
            Timetable(case.week.tz, tuple(weekly), tuple(overrides)),
            SlotSettings(case.notice, case.window_days, case.before, case.after),
        ),
        Session(timedelta(minutes=case.length)),
        Taken([Block(lo, hi, None) for lo, hi in case.taken], case.off),
        within=slots.local_days(case.client_tz, case.day, case.day),
        now=datetime.fromtimestamp(case.now, UTC),
    )


def looked_up(case: Case) -> Iterator[int]:
    """What a look at every minute says."""
    there = wall_of(case.client_tz)
    noon = int(datetime(case.day.year, case.day.month, case.day.day, 12, tzinfo=UTC).timestamp())
    first = noon - 27 * 60 * MINUTE
    while datetime.fromtimestamp(first, there).date() < case.day:
        first += MINUTE
    past = first
    while datetime.fromtimestamp(past, there).date() == case.day:
        past += MINUTE
    minutes = range(first, past + case.length * MINUTE, MINUTE)
    open_for = {at: case.week.minutes_since_opening(at) for at in minutes}
    works = {at for at, spans in open_for.items() if spans}
    for lo, hi in case.off:
        works -= set(range(lo, hi, MINUTE))
    blocked = {at for lo, hi in case.taken for at in range(lo, hi, MINUTE)}
    for start in range(first, past, MINUTE):
        if (
            any(passed % 30 == 0 for passed in open_for[start])
            and start >= case.now + case.notice * MINUTE
            and start <= case.now + case.window_days * 24 * 60 * MINUTE
            and works.issuperset(range(start, start + case.length * MINUTE, MINUTE))
            and blocked.isdisjoint(
                range(
                    start - case.before * MINUTE,
                    start + (case.length + case.after) * MINUTE,
                    MINUTE,
                )
            )
        ):
            yield start


def test_the_offered_starts_are_those_a_look_at_every_minute_finds() -> None:
    with_starts = 0
    for number in range(max(cases(DAYS), len(CHANGES))):
        case = a_case(number)

        found = offered(case)

        assert list(looked_up(case)) == found, (number, case)
        with_starts += bool(found)
    assert with_starts > len(CHANGES) / 4


def test_every_zone_but_the_one_without_changes_has_its_change_days_tried() -> None:
    assert set(ZONES) - {"America/Regina"} == {tz for tz, _ in CHANGES}
    assert 2026 == max(day.year for tz, day in CHANGES if tz == "America/Vancouver")
