"""Ways: how long they take by the file, and what they bar, told without a private word."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from services.booking.domain import areas, slots
from services.booking.domain.slots import (
    Block,
    Reason,
    Rules,
    Session,
    Taken,
    Timetable,
    span,
)
from services.booking.domain.slots_travel import LOOK_AROUND_S, barred
from services.booking.domain.travel import Stop, from_file
from shared.contracts.booking import Area

TORONTO, HAMILTON = Stop("toronto", "M5V 2T6"), Stop("hamilton", "L8P 4Y5")
MONTHS = range(1, 13)
HOUR = timedelta(hours=1)
NOW = datetime(2026, 5, 1, tzinfo=UTC)
TABLE = Timetable("America/Toronto", tuple(span(day, 9 * 60, 17 * 60) for day in range(7)))


def at(text: str) -> int:
    """An instant of 6 May 2026 by Toronto's wall, which is UTC-4."""
    return int(datetime.fromisoformat(f"2026-05-06T{text}:00-04:00").timestamp())


def starts(stop: Stop | None, *blocks: Block, base: Stop | None = None) -> list[str]:
    """What is offered on that day, by Toronto's wall."""
    found = slots.offered(
        Rules(TABLE, base=base),
        Session(HOUR, stop),
        Taken(list(blocks)),
        within=[(at("00:00"), at("23:59"))],
        now=NOW,
    )
    return [datetime.fromtimestamp(one - 4 * 3600, UTC).strftime("%H:%M") for one in found]


def visit(since: str, until: str, stop: Stop | None) -> Block:
    return Block(at(since), at(until), stop)


@pytest.mark.parametrize("month", MONTHS)
def test_from_toronto_to_hamilton_takes_sixty_to_eighty_minutes(month: int) -> None:
    assert 60 <= from_file().minutes(TORONTO, HAMILTON, month) <= 80


@pytest.mark.parametrize("area", get_args(Area))
def test_next_door_takes_ten_to_fifteen_minutes_outside_winter(area: Area) -> None:
    prefix = {"toronto": "M4C", "collingwood": "L9Y", "ottawa": "K1N", "hamilton": "L8S"}[area]

    minutes = from_file().minutes(Stop(area, f"{prefix} 1A1"), Stop(area, prefix), 6)

    assert minutes in {10, 15}


def test_winter_is_slower_and_slowest_where_snow_squalls_are() -> None:
    def factor(to: Stop) -> float:
        return from_file().minutes(TORONTO, to, 1) / from_file().minutes(TORONTO, to, 7)

    assert 1 < factor(HAMILTON) < factor(Stop("collingwood", "L9Y"))


def test_every_way_is_whole_fives_the_same_there_and_back_and_known_for_every_code() -> None:
    prefixes = [
        Stop(area, prefix) for area in get_args(Area) for prefix in areas.prefixes_of(area)
    ] + [Stop(area, None) for area in get_args(Area)]

    times, longest = from_file(), from_file().longest()
    for month in (1, 7):
        for origin in prefixes:
            for to in prefixes:
                minutes = times.minutes(origin, to, month)
                assert 10 <= minutes <= longest
                assert (0, minutes) == (minutes % 5, times.minutes(to, origin, month))


def test_an_unknown_place_in_an_area_is_as_far_as_any() -> None:
    nowhere = Stop("toronto", None)

    assert from_file().minutes(nowhere, TORONTO, 6) == from_file().minutes(
        Stop("toronto", "M1B"), Stop("toronto", "M9W"), 6
    )


def test_what_is_looked_at_around_a_session_holds_the_longest_way_many_times() -> None:
    assert LOOK_AROUND_S > 6 * from_file().longest() * 60


def test_both_ways_of_a_visit_are_respected() -> None:
    taken = [visit("09:00", "10:00", TORONTO), visit("15:00", "16:00", TORONTO)]

    # 65 minutes from Toronto to Hamilton and back.
    assert ["11:30", "12:00", "12:30"] == starts(HAMILTON, *taken)
    # And 10 within a code, so the half hours next to the visits are left.
    assert ["10:30", "11:00"] == starts(TORONTO, *taken)[:2]
    assert "13:30" == starts(TORONTO, *taken)[-1]


def test_a_virtual_session_needs_no_way() -> None:
    assert "10:00" in starts(None, visit("09:00", "10:00", HAMILTON))


def test_a_virtual_session_leaves_the_neighbours_their_only_gap() -> None:
    taken = [visit("09:00", "10:00", TORONTO), visit("12:00", "13:00", HAMILTON)]

    # Two hours between them hold the way of 65 minutes or an hour's session, not both.
    assert ["13:00", "13:30"] == starts(None, *taken)[:2]


def test_a_way_needs_one_gap_and_not_two_halves() -> None:
    halves = [
        visit("09:00", "10:00", TORONTO),
        visit("10:40", "11:20", None),
        visit("12:00", "12:30", None),
    ]

    # 40 minutes twice are no 65, so Hamilton is reached from 12:30 on alone.
    assert ["14:00", "14:30", "15:00", "15:30", "16:00"] == starts(HAMILTON, *halves)


def test_the_day_begins_and_ends_at_the_base() -> None:
    assert ["10:30", "11:00"] == starts(HAMILTON, base=TORONTO)[:2]
    assert "14:30" == starts(HAMILTON, base=TORONTO)[-1]
    assert "09:00" == starts(HAMILTON)[0]
    assert "09:00" == starts(None, base=TORONTO)[0]


def test_a_range_is_barred_by_the_stop_that_is_told() -> None:
    found = barred(
        [visit("09:00", "10:00", TORONTO)],
        HAMILTON,
        takes=3600,
        tz="America/Toronto",
        times=from_file(),
    )

    assert [(at("10:00"), at("11:05"), TORONTO)] == [
        (lo, hi, halt.stop) for lo, hi, halt, before in found if before
    ]


def explained(
    stop: Stop | None, start: str, *blocks: Block, base: Stop | None = None
) -> list[Reason]:
    return slots.explain(
        Rules(TABLE, base=base),
        Session(HOUR, stop),
        Taken(list(blocks)),
        start=datetime.fromtimestamp(at(start), UTC),
        now=NOW,
    )


@pytest.mark.parametrize(
    ("stop", "start", "block", "base", "detail"),
    [
        (
            HAMILTON,
            "10:30",
            visit("09:00", "10:00", TORONTO),
            None,
            "The way from a visit in Toronto that ends at 10:00 EDT takes longer.",
        ),
        (
            HAMILTON,
            "10:30",
            visit("12:00", "13:00", TORONTO),
            None,
            "The way to a visit in Toronto that begins at 12:00 EDT takes longer.",
        ),
        (
            HAMILTON,
            "09:30",
            visit("14:00", "15:00", None),
            TORONTO,
            "The trainer's day begins at 09:00 EDT, too far away to make the way.",
        ),
        (
            HAMILTON,
            "16:00",
            visit("09:00", "10:00", None),
            TORONTO,
            "The trainer's day ends at 17:00 EDT, too far away to make the way.",
        ),
    ],
)
def test_what_cannot_be_reached_is_told_without_a_private_word(
    stop: Stop, start: str, block: Block, base: Stop | None, detail: str
) -> None:
    assert [Reason("unreachable", detail)] == explained(stop, start, block, base=base)


def test_a_taken_time_is_not_called_unreachable_as_well() -> None:
    found = explained(HAMILTON, "09:30", visit("09:00", "10:00", TORONTO))

    assert ["taken"] == [reason.code for reason in found]


def test_the_gap_that_neighbours_need_is_told() -> None:
    taken = [visit("09:00", "10:00", TORONTO), visit("11:30", "12:30", HAMILTON)]

    assert [
        Reason("unreachable", "The trainer drives to a visit in Hamilton that begins at 11:30 EDT.")
    ] == explained(None, "10:00", *taken)
