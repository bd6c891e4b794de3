"""The waitlist under races and crashes: a time has one owner, and nobody is forgotten."""

import asyncio
import signal
import sys
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking import demo
from services.booking.handlers import freed
from services.booking.store import waitlist
from services.booking.store.trainers import lock_trainers
from services.booking.sweeper import Sweeper
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HALF,
    HOUR,
    TEN,
    FrontDoor,
    Home,
    a_time,
    a_wish,
    utc,
)
from tests.integration.booking.test_races import DISAGREEMENTS, OVERLAPS, statuses
from tests.integration.booking.waiting import cancel, join, leave, offers, seen

UNTRUE = (
    "select count(*) from (select * from waitlist where status = 'offered') w"
    " full join (select * from waitlist_offers where status = 'open') o on o.waitlist_id = w.id"
    " full join (select * from holds where waitlist_id is not null) h on h.id = o.hold_id"
    " where w.id is null or o.hold_id is null or h.id is null or h.waitlist_id <> w.id"
)
"""Places that are offered without an open offer and its hold, or the other way round."""

AGAIN = (
    "select count(*) from (select w.client_id, o.trainer_id, o.start_at from waitlist_offers o"
    " join waitlist w on w.id = o.waitlist_id group by 1, 2, 3 having count(*) > 1) twice"
)
"""Times that one client was offered twice."""

TEN_IS_TAKEN = (
    "select count(*) from reservations where trainer_id = $1 and during @> $2::timestamptz"
)


async def all_is_well(door: FrontDoor) -> None:
    """Nobody is in two places, and places, offers and holds tell the same story."""
    assert {"overlaps": 0, "disagreements": 0, "untrue": 0, "again": 0} == {
        "overlaps": await door.value(OVERLAPS),
        "disagreements": await door.value(DISAGREEMENTS),
        "untrue": await door.value(UNTRUE),
        "again": await door.value(AGAIN),
    }


async def visitors(door: FrontDoor, count: int) -> Counter[int]:
    """Visitors who all want ten o'clock at once, or half an hour beside it."""
    shifts = (timedelta(0), HALF, -HALF)
    wishes = [
        door.post("/v1/holds", a_time(TEN + shifts[n % 3]))
        if n % 2
        else door.post("/v1/bookings", a_wish(TEN + shifts[n % 3], email=f"v{n}@example.org"))
        for n in range(count)
    ]
    return statuses(await asyncio.gather(*wishes))


def sweepers(door: FrontDoor) -> tuple[Sweeper, Sweeper]:
    """Two replicas' sweepers."""
    return (
        Sweeper(door.db, door.clock, lambda: None),
        Sweeper(door.db, door.clock, lambda: None),
    )


async def test_a_freed_time_goes_down_the_line_past_thirty_visitors_at_each_step(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    places = [await join(door, f"w{number}@example.org") for number in range(4)]
    one, other = sweepers(door)
    steps: list[Counter[int]] = []

    steps.append((await asyncio.gather(visitors(door, 30), cancel(door, booking)))[0])
    await all_is_well(door)
    for _ in range(2):
        door.clock.advance(minutes=30)
        steps.append((await asyncio.gather(visitors(door, 30), one.sweep(), other.sweep()))[0])
        await one.sweep()
        await all_is_well(door)
    steps.append((await asyncio.gather(visitors(door, 30), leave(door, places[2])))[0])

    assert [Counter({409: 30})] * 4 == steps
    assert [(place["id"], utc(TEN)) for place in places] == await offers(door)
    assert 1 == await door.value(TEN_IS_TAKEN, AMARA, TEN)
    await all_is_well(door)


async def test_booking_an_offer_while_it_runs_out_gives_it_to_one(door: FrontDoor) -> None:
    booking = await door.book()
    first, second = [await join(door, f"w{number}@example.org") for number in range(2)]
    await cancel(door, booking)
    hold = (await seen(door, first))["offer"]["hold"]
    wish = a_wish(email="w0@example.org")
    booked = {"hold": hold, "client": wish["client"]}
    door.clock.advance(minutes=29, seconds=59)
    one, other = sweepers(door)

    async def turn_the_clock() -> None:
        door.clock.advance(seconds=2)
        await asyncio.gather(one.sweep(), other.sweep())

    answers, *_ = await asyncio.gather(
        asyncio.gather(*(door.post("/v1/bookings", booked) for _ in range(10))),
        turn_the_clock(),
    )

    taken = Counter(answer.status_code for answer in answers)
    assert taken in (Counter({201: 1, 410: 9}), Counter({410: 10}))
    await one.sweep()
    expected = ["booked", "waiting"] if taken[201] else ["waiting", "offered"]
    assert expected == [(await seen(door, place))["status"] for place in (first, second)]
    assert 1 == await door.value(TEN_IS_TAKEN, AMARA, TEN)
    await all_is_well(door)


async def test_times_of_several_trainers_freed_at_once_go_to_as_many_who_wait(
    door: FrontDoor,
) -> None:
    trainers = (AMARA, BENOIT)
    bookings = [
        await door.book(TEN, email=f"b{n}@example.org", trainer=one)
        for n, one in enumerate(trainers)
    ]
    places = [await join(door, f"w{n}@example.org", trainer=None) for n in range(3)]

    await asyncio.gather(*(cancel(door, booking) for booking in bookings))

    assert {place["id"] for place in places[:2]} == {place for place, _ in await offers(door)}
    await all_is_well(door)


async def test_a_place_that_is_being_offered_is_passed_over_by_another_trainers_time(
    door: FrontDoor,
) -> None:
    places = [await join(door, f"w{n}@example.org", trainer=None) for n in range(2)]
    first, second = (UUID(place["id"]) for place in places)

    async with door.db.transaction() as one, door.db.transaction() as other:
        for tx, trainer in ((one, AMARA), (other, BENOIT)):
            await lock_trainers(tx, [trainer])
            await freed.time_freed(tx, trainer, TEN, TEN + HOUR, now=door.clock())
        assert not await waitlist.lock_waiting(other, first)

    assert {str(first), str(second)} == {place for place, _ in await offers(door)}
    async with door.db.transaction() as tx:
        assert not await waitlist.lock_waiting(tx, first)
    await all_is_well(door)


async def test_who_gives_a_hold_back_has_the_trainer_locked(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())

    async with door.db.transaction() as tx:
        assert await freed.give_back(tx, UUID(hold["id"]), now=door.clock())
        assert [] == await _unlocked(door, AMARA)
    assert [AMARA] == await _unlocked(door, AMARA)


async def _unlocked(door: FrontDoor, trainer: UUID) -> list[UUID]:
    async with door.db.transaction() as tx:
        rows = await tx.fetch(
            "select id from trainers where id = $1 for update skip locked", trainer
        )
    return [row["id"] for row in rows]


async def test_who_leaves_while_offers_run_out_is_off_the_list_and_blocks_nobody(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    places = [await join(door, f"w{number}@example.org") for number in range(3)]
    await cancel(door, booking)
    one, other = sweepers(door)

    for _ in range(2):
        door.clock.advance(minutes=30)
        await asyncio.gather(
            one.sweep(), other.sweep(), *(leave(door, place) for place in places[:2])
        )
    await one.sweep()

    assert ["left", "left"] == [(await seen(door, place))["status"] for place in places[:2]]
    assert (await offers(door))[-1] == (places[2]["id"], utc(TEN))
    await all_is_well(door)


@pytest.mark.timeout(60)
async def test_sweepers_killed_at_any_step_lose_nothing_and_give_nothing_twice(
    door: FrontDoor, home: Home
) -> None:
    trainers = [demo.demo_id(f"trainer{n:02}@limber.example") for n in range(5, 10)]
    places: dict[UUID, list[Any]] = {}
    for number, trainer in enumerate(trainers):
        assert 201 == (await door.post("/v1/holds", a_time(trainer=trainer))).status_code
        places[trainer] = [
            await join(door, f"w{number}{n}@example.org", trainer=str(trainer)) for n in range(2)
        ]
    door.clock.advance(minutes=10)

    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.integration.booking.sweeper_process"),
            *(home.url, utc(door.clock()), str(statements)),
        )
        for statements in (2, 6, 11, 14, 17)
    ]
    ends = await asyncio.gather(*(process.wait() for process in processes))

    assert -signal.SIGKILL in ends
    assert set(ends) <= {-signal.SIGKILL, 0}
    one, _ = sweepers(door)
    async with asyncio.timeout(20):
        # A killed process may still be signed in for a moment: its locks go with it.
        while await door.value(
            "select count(*) from reservations where expires_at <= $1", door.clock()
        ):
            await one.sweep()
    assert sorted((first["id"], utc(TEN)) for first, _ in places.values()) == sorted(
        await offers(door)
    )
    for trainer in trainers:
        assert 1 == await door.value(TEN_IS_TAKEN, trainer, TEN)
    await all_is_well(door)
