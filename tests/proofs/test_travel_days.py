"""Ways between visits against a brute-force look at every five minutes of random days."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from services.booking.domain import slots
from services.booking.domain.slots import Block, Rules, Session, SlotSettings, Taken, Timetable
from services.booking.domain.travel import Stop, TravelTimes, from_file
from tests.proofs.scale import cases
from tests.proofs.wall import ZONES, Spans, Week, wall_of

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

DAYS = 10_000
FILLED_DAYS = 1_000

STEP = 5 * 60
"""All times and ways here are whole steps."""

HORIZON = 36 * 60 * 60
DAY = 24 * 60 * 60

PLACES = (
    Stop("toronto", "M5V 2T6"),
    Stop("toronto", "M5A"),
    Stop("toronto", "M1B"),
    Stop("hamilton", "L8P"),
    Stop("hamilton", None),
    Stop("collingwood", "L9Y"),
    Stop("ottawa", "K1N"),
)


class NoWays:
    """Everything is next door."""

    def minutes(self, origin: Stop, to: Stop, month: int) -> int:  # noqa: ARG002 - all the same
        """No time at all."""
        return 0


@dataclass(frozen=True)
class DrawnWays:
    """Ways of no reason: other ones there and back, and in each month."""

    seed: int

    def minutes(self, origin: Stop, to: Stop, month: int) -> int:
        """Drawn once for all time."""
        draw = random.Random(f"{self.seed} {origin} {to} {month}")
        return 5 * draw.choice([1, 2, 4, 9, 13, 20, 40])


@dataclass(frozen=True)
class Trip:
    """A stop in time: a visit, or the base for no time."""

    since: int
    until: int
    stop: Stop
    is_base: bool = False


@dataclass
class Case:
    """A trainer's day as it is, and what is to be placed in it."""

    week: Week
    day: date
    base: Stop | None
    taken: list[Block]
    stop: Stop | None
    length: int
    before: int
    after: int
    ways: TravelTimes


def a_case(number: int) -> Case:
    draw = random.Random(f"travel {number}")
    day = date(2024, 1, 2) + timedelta(days=draw.randrange(7 * 365))
    if draw.random() < 0.15:
        turn = draw.choice([(3, 31), (4, 1), (10, 31), (11, 1), (11, 30), (12, 1)])
        day = date(day.year, *turn)
    ways: list[TravelTimes] = [from_file(), DrawnWays(number)]
    places = draw.sample(PLACES, draw.choice([2, 3, len(PLACES)]))
    return Case(
        week=Week(draw.choice(ZONES[:4]), {weekday: some_hours(draw) for weekday in range(7)}),
        day=day,
        base=draw.choice([None, *places]),
        taken=some_taken(draw, day, places),
        stop=draw.choice([None, *places]),
        length=draw.choice([60, 90]) * 60,
        before=draw.choice([0, 0, 10, 15]) * 60,
        after=draw.choice([0, 0, 5, 30]) * 60,
        ways=draw.choice(ways),
    )


def some_hours(draw: random.Random) -> Spans:
    return draw.choice(
        [
            [(9 * 60, 17 * 60)],
            [(8 * 60, 12 * 60), (13 * 60, 19 * 60)],
            [(7 * 60, 12 * 60), (12 * 60 + 10, 15 * 60)],
            [(14 * 60, 26 * 60)],
            [(22 * 60, 31 * 60)],
            [(0, 24 * 60)],
            [],
        ]
    )


def some_taken(draw: random.Random, day: date, places: list[Stop]) -> list[Block]:
    """Sessions that do not overlap; now and then one that nobody could reach."""
    at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - HORIZON // 2
    found, end = [], at + DAY + HORIZON
    busy = draw.choice([20, 90, 300, 700])
    while at < end:
        at += draw.randrange(0, busy, 5) * 60
        until = at + draw.choice([30, 60, 60, 90, 105]) * 60
        found.append(Block(at, until, draw.choice([None, None, *places])))
        at = until
    return found


def offered(case: Case, ways: TravelTimes) -> list[int]:
    """What the slots say, by the given ways."""
    weekly = [slots.Span(day, *span) for day, spans in case.week.weekly.items() for span in spans]
    return slots.offered(
        Rules(
            Timetable(case.week.tz, tuple(weekly)),
            SlotSettings(0, 400, case.before // 60, case.after // 60),
            case.base,
        ),
        Session(timedelta(seconds=case.length), case.stop),
        Taken(case.taken),
        within=slots.local_days(case.week.tz, case.day, case.day),
        now=datetime(case.day.year, case.day.month, case.day.day, tzinfo=UTC) - timedelta(days=9),
        times=ways,
    )


def working_days(case: Case, around: int) -> list[tuple[int, int]]:
    """The runs of working time around an instant that are no longer than a day."""
    steps = range(around - 3 * DAY, around + 3 * DAY, STEP)
    runs: list[tuple[int, int]] = []
    for at in steps:
        if case.week.minutes_since_opening(at):
            if runs and runs[-1][1] == at:
                runs[-1] = runs[-1][0], at + STEP
            else:
                runs.append((at, at + STEP))
    return [(lo, hi) for lo, hi in runs if hi - lo <= DAY]


def trips_of(case: Case, days: list[tuple[int, int]]) -> list[Trip]:
    """All stops, in time order; the base comes first where something begins at the same time."""
    found = [Trip(one.since, one.until, one.stop) for one in case.taken if one.stop is not None]
    if case.base is not None:
        found += [Trip(at, at, case.base, is_base=True) for day in days for at in day]
    return sorted(found, key=lambda trip: (trip.since, not trip.is_base))


def fits(case: Case, origin: Trip, to: Trip, taken: list[Block]) -> bool:
    """Whether the way fits into one run of free steps between two stops."""
    if origin.is_base and to.is_base:
        return True
    month = datetime.fromtimestamp(origin.until, wall_of(case.week.tz)).month
    needed = case.ways.minutes(origin.stop, to.stop, month) * 60
    run = 0
    for at in range(origin.until, to.since, STEP):
        run = 0 if any(one.since <= at < one.until for one in taken) else run + STEP
        if run >= needed:
            return True
    return False


def is_reachable(case: Case, days: list[tuple[int, int]], start: int) -> bool:
    """Whether every way that the new session touches can be made."""
    new = Block(start - case.before, start + case.length + case.after, case.stop)
    with_it = replace_taken(case, [*case.taken, new])
    trips = trips_of(with_it, days)
    legs = list(pairwise(trips))
    if case.stop is not None:
        own = Trip(new.since, new.until, case.stop)
        return all(fits(with_it, *leg, with_it.taken) for leg in legs if own in leg)
    # A virtual session spoils nothing that could not be made before.
    return all(
        fits(with_it, *leg, with_it.taken) or not fits(case, *leg, case.taken)
        for leg in legs
        if leg[0].until < new.until and new.since < leg[1].since
    )


def replace_taken(case: Case, taken: list[Block]) -> Case:
    return replace(case, taken=sorted(taken, key=lambda one: one.since))


def test_every_reachable_start_is_offered_and_no_other() -> None:
    hidden = told = 0
    for number in range(cases(DAYS)):
        case = a_case(number)
        free = offered(case, NoWays())
        days = working_days(case, free[0]) if free and case.base is not None else []

        found = offered(case, case.ways)

        assert [at for at in free if is_reachable(case, days, at)] == found, (number, case)
        hidden += len(free) - len(found)
        told += len(found)
    assert min(hidden, told) > cases(DAYS)


def test_a_day_filled_with_offered_sessions_can_be_driven() -> None:
    for number in range(cases(FILLED_DAYS)):
        draw = random.Random(f"filled {number}")
        case = replace(a_case(number), taken=[])
        while found := offered(case, case.ways):
            start = draw.choice(found)
            new = Block(start - case.before, start + case.length + case.after, case.stop)
            case = replace_taken(case, [*case.taken, new])
            case = replace(case, stop=draw.choice([None, *PLACES]))

        days = working_days(case, case.taken[0].since) if case.taken else []
        trips = trips_of(case, days)

        for leg in pairwise(trips):
            assert fits(case, *leg, case.taken), (number, leg, case)
