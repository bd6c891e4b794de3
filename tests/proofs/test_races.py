"""Fifty at once, hundreds of times: one winner each, and nobody ends with none or two."""

import asyncio
import random
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    CHLOE,
    HALF,
    HOUR,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    a_wish,
)
from tests.integration.booking.test_races import OVERLAPS, all_is_well, move, read, statuses
from tests.proofs.scale import cases

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]

ROUNDS, AT_ONCE = 200, 50
MOVES, SWAPS = 20, 100

TIMES = [TEN + 24 * day * HOUR + hour * HOUR for day in range(80) for hour in (0, 2, 4)]
"""Times far enough apart that rounds do not meet, all in working hours."""


async def test_of_fifty_attempts_that_all_overlap_one_wins_every_round(door: FrontDoor) -> None:
    chance = random.Random(20)
    for number in range(cases(ROUNDS)):
        trainer, time = (AMARA, BENOIT, CHLOE)[number % 3], TIMES[number]

        answers = await asyncio.gather(
            *(
                door.post(*_an_attempt(chance, time, trainer, f"r{number}.{n}"))
                for n in range(AT_ONCE)
            )
        )

        assert {201: 1, 409: AT_ONCE - 1} == statuses(answers), number
    assert 0 == await door.value(OVERLAPS)
    assert cases(ROUNDS) == await door.value("select count(*) from reservations")
    await all_is_well(door)


def _an_attempt(
    chance: random.Random, time: datetime, trainer: UUID, who: str
) -> tuple[str, dict[str, Any]]:
    """A hold or a booking of any service that begins then or half an hour later.

    The shortest session takes an hour, so any two of them share the second half hour.
    """
    start = time + chance.choice((0, 1)) * HALF
    service = chance.choice(("training", "assessment", "first-workout"))
    if chance.random() < 0.3:
        return "/v1/holds", a_time(start, trainer=trainer, service=service)
    wish = a_wish(start, trainer=trainer, service=service, email=f"{who}@example.org")
    return "/v1/bookings", wish


async def test_of_fifty_who_turn_holds_into_bookings_while_others_book_each_hold_is_used_once(
    door: FrontDoor,
) -> None:
    for number in range(cases(ROUNDS // 4)):
        start = TIMES[number]
        hold = await door.made("/v1/holds", a_time(start))
        by_hold = [
            door.post(
                "/v1/bookings",
                {"hold": hold["id"], "client": a_client(f"h{number}.{n}@example.org")},
            )
            for n in range(AT_ONCE // 2)
        ]
        by_time = [
            door.post("/v1/bookings", a_wish(start, email=f"t{number}.{n}@example.org"))
            for n in range(AT_ONCE // 2)
        ]

        answers = await asyncio.gather(*by_hold, *by_time)

        assert {201: 1, 410: AT_ONCE // 2 - 1, 409: AT_ONCE // 2} == statuses(answers), number
    await all_is_well(door)


async def test_of_fifty_who_move_to_one_time_one_gets_it_and_all_keep_exactly_one(
    door: FrontDoor,
) -> None:
    mine = [
        await door.book(TIMES[n], email=f"m{n}@example.org", trainer=(AMARA, BENOIT)[n % 2])
        for n in range(AT_ONCE)
    ]
    for number in range(cases(MOVES)):
        goal = TIMES[AT_ONCE + number]

        answers = await asyncio.gather(*(move(door, one, goal, CHLOE) for one in mine))

        assert {200: 1, 409: AT_ONCE - 1} == statuses(answers), number
        assert AT_ONCE == await door.value("select count(*) from reservations")
    await all_is_well(door)


async def test_pairs_who_swap_into_each_others_time_end_with_one_each(door: FrontDoor) -> None:
    pairs = [
        (
            await door.book(TIMES[2 * n], email=f"a{n}@example.org"),
            await door.book(TIMES[2 * n + 1], email=f"b{n}@example.org"),
        )
        for n in range(8)
    ]
    for _ in range(cases(SWAPS)):
        wishes = []
        for ann, ben in pairs:
            starts = [(await read(door, one))["start"] for one in (ann, ben)]
            wishes += [
                move(door, ann, datetime.fromisoformat(starts[1])),
                move(door, ben, datetime.fromisoformat(starts[0])),
            ]

        answers = await asyncio.gather(*wishes)

        assert set(statuses(answers)) <= {200, 409}
        assert 2 * len(pairs) == await door.value("select count(*) from reservations")
    await all_is_well(door)
