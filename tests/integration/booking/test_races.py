"""Races, on a real database: whatever happens at once, nobody is in two places."""

import asyncio
import random
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import Request
from starlette.types import Message

from services.booking.api.writing import TRIES, Answer, Work
from services.booking.domain.people import Caller
from services.booking.store import idempotency
from shared.postgres import Transaction
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HALF,
    HOUR,
    TEN,
    FrontDoor,
    a_client,
    a_hold,
    a_lift,
    a_time,
    a_wish,
    problem,
    utc,
)

OVERLAPS = (
    "select count(*) from reservations a join reservations b on a.id < b.id and ("
    " (a.trainer_id = b.trainer_id and a.blocked && b.blocked)"
    " or (a.client_id = b.client_id and a.during && b.during))"
)
"""Two reservations that one trainer or one client cannot both keep."""

DISAGREEMENTS = (
    "select count(*) from bookings b full join reservations r on r.id = b.id"
    " where coalesce(b.status in ('confirmed', 'frozen'), false)"
    " <> coalesce(r.kind = 'booking', false)"
    " or (r.kind = 'booking' and (r.trainer_id, r.client_id, r.during)"
    " is distinct from (b.trainer_id, b.client_id, tstzrange(b.start_at, b.end_at)))"
)
"""Standing bookings without their time, or times without their standing booking."""


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(answer.status_code for answer in answers)


async def all_is_well(door: FrontDoor) -> None:
    """Nobody is in two places, rows agree, and each booking's versions were told in order."""
    assert (0, 0) == (await door.value(OVERLAPS), await door.value(DISAGREEMENTS))
    told: dict[str, list[int]] = {}
    for event in await door.published(topic="booking.events"):
        if event.type.startswith("booking."):
            told.setdefault(event.data["booking_id"], []).append(event.data["version"])
    async with door.db.reading() as connection:
        rows = await connection.fetch("select id::text, version from bookings")
    assert {row["id"]: list(range(1, row["version"] + 1)) for row in rows} == told


async def test_of_fifty_wishes_for_one_time_one_is_granted(door: FrontDoor) -> None:
    half = [door.post("/v1/holds", a_time()) for _ in range(25)]
    other = [door.post("/v1/bookings", a_wish(email=f"c{n}@example.org")) for n in range(25)]

    answers = await asyncio.gather(*half, *other)

    assert {201: 1, 409: 49} == statuses(answers)
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "slot-taken")
    assert 1 == await door.value("select count(*) from reservations")
    if await door.value("select count(*) from bookings") == 0:
        assert [] == await door.published()
        assert 0 == await door.value("select count(*) from people where role = 'client'")


async def test_of_fifty_who_turn_one_hold_into_a_booking_one_succeeds(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())

    answers = await asyncio.gather(
        *(
            door.post("/v1/bookings", {"hold": hold["id"], "client": a_client(f"c{n}@example.org")})
            for n in range(50)
        )
    )

    assert {201: 1, 410: 49} == statuses(answers)
    assert 1 == await door.value("select count(*) from people where role = 'client'")
    await all_is_well(door)


async def test_services_of_different_length_never_overlap(door: FrontDoor) -> None:
    chance = random.Random(7)
    wishes = [
        a_wish(
            TEN - HOUR + chance.randrange(14) * HALF,
            service=chance.choice(("training", "assessment")),
            trainer=chance.choice((AMARA, BENOIT)),
            email=f"c{chance.randrange(12)}@example.org",
        )
        for _ in range(120)
    ]

    answers = await asyncio.gather(*(door.post("/v1/bookings", wish) for wish in wishes))

    assert {201, 409} == set(statuses(answers))
    assert len([a for a in answers if a.status_code == 201]) == await door.value(
        "select count(*) from bookings"
    )
    await all_is_well(door)


async def test_one_client_asking_for_ten_trainers_at_once_gets_one(door: FrontDoor) -> None:
    wish = a_wish(trainer=None)

    answers = await asyncio.gather(*(door.post("/v1/bookings", wish) for _ in range(10)))

    assert {201: 1, 409: 9} == statuses(answers)
    await all_is_well(door)


@pytest.mark.parametrize("known", [False, True])
async def test_of_ten_first_workouts_of_one_person_at_once_one_is_given(
    door: FrontDoor, known: bool
) -> None:
    if known:
        await door.book(TEN + 24 * HOUR)
    spellings = ("ann@example.org", "ANN@example.org")

    answers = await asyncio.gather(
        *(
            door.post(
                "/v1/bookings",
                a_wish(
                    TEN + n * HALF,
                    service="first-workout",
                    trainer=None,
                    email=spellings[n % 2],
                ),
            )
            for n in range(10)
        )
    )

    assert {201: 1, 409: 9} == statuses(answers)
    assert 1 == await door.value("select count(*) from people where role = 'client'")
    await all_is_well(door)


async def test_of_those_who_move_to_one_time_one_gets_it_and_the_others_keep_theirs(
    door: FrontDoor,
) -> None:
    mine = [await door.book(TEN + n * HOUR, email=f"c{n}@example.org") for n in range(5)]

    answers = await asyncio.gather(*(move(door, booking, TEN - HOUR) for booking in mine))

    assert {200: 1, 409: 4} == statuses(answers)
    for booking, answer in zip(mine, answers, strict=True):
        now = await read(door, booking)
        expected = answer.json() if answer.status_code == 200 else booking
        assert (expected["start"], expected["version"]) == (now["start"], now["version"])
    await all_is_well(door)


async def test_two_who_swap_into_each_others_time_both_end_with_exactly_one(
    door: FrontDoor,
) -> None:
    ann = await door.book(TEN)
    ben = await door.book(TEN + HOUR, email="ben@example.org")
    for _ in range(8):
        before = [(await read(door, b))["start"] for b in (ann, ben)]

        answers = await asyncio.gather(
            *(
                move(door, booking, datetime.fromisoformat(before[other]))
                for other, booking in ((1, ann), (0, ben))
            )
        )

        assert set(statuses(answers)) <= {200, 409}
        assert before == [(await read(door, b))["start"] for b in (ann, ben)]
        assert 2 == await door.value("select count(*) from reservations")
    await all_is_well(door)


async def test_a_ring_of_moves_into_each_others_half_hours_never_ends_in_a_fault(
    door: FrontDoor,
) -> None:
    mine = [await door.book(TEN + 2 * n * HOUR, email=f"c{n}@example.org") for n in range(3)]
    mine += [
        await door.book(TEN + 2 * n * HOUR, email=f"d{n}@example.org", trainer=BENOIT)
        for n in range(3)
    ]
    chance = random.Random(11)
    for _ in range(6):
        wishes = [
            (booking, TEN - HOUR + chance.randrange(13) * HALF, chance.choice((AMARA, BENOIT)))
            for booking in mine * 2
        ]

        answers = await asyncio.gather(*(move(door, *wish) for wish in wishes))

        assert set(statuses(answers)) <= {200, 409}, statuses(answers)
        assert 6 == await door.value("select count(*) from reservations")
    await all_is_well(door)


async def test_moves_and_cancellations_at_once_are_told_in_one_order(door: FrontDoor) -> None:
    booking = await door.book()
    cancel = door.post(f"/v1/bookings/{booking['id']}/cancel", token=booking["manage_token"])

    answers = await asyncio.gather(
        *(move(door, booking, TEN + n * HALF) for n in range(1, 9)),
        cancel,
        *(move(door, booking, TEN + n * HALF) for n in range(9, 12)),
    )

    assert set(statuses(answers)) <= {200, 409}
    assert 200 == answers[8].status_code
    assert "cancelled" == (await read(door, booking))["status"]
    assert 0 == await door.value("select count(*) from reservations")
    await all_is_well(door)


async def test_of_changes_decided_on_one_version_one_is_made(door: FrontDoor) -> None:
    booking = await door.book()

    answers = await asyncio.gather(
        *(move(door, booking, TEN + n * HALF, version='"1"') for n in range(1, 11))
    )

    assert {200: 1, 412: 9} == statuses(answers)
    await all_is_well(door)


async def test_a_freeze_and_bookings_at_once_leave_no_session_unfrozen(door: FrontDoor) -> None:
    first = await door.book()

    answers, _ = await asyncio.gather(
        asyncio.gather(
            *(
                door.post("/v1/bookings", a_wish(TEN + n * HOUR, trainer=BENOIT))
                for n in range(1, 6)
            )
        ),
        door.hear(a_hold(first["client_id"])),
    )

    assert set(statuses(answers)) <= {201, 409}
    assert ["frozen"] == await door.value("select array_agg(distinct status) from bookings")
    await all_is_well(door)


async def test_moves_and_freezes_of_one_client_queue_up_and_do_not_deadlock(
    door: FrontDoor,
) -> None:
    mine = [await door.book(TEN + 24 * n * HOUR) for n in range(5)]
    client = mine[0]["client_id"]
    for hour in range(1, 5):
        # The consumer would try a deadlocked batch again; handed over here, it would raise.
        moves = (
            move(door, booking, TEN + (24 * n + hour) * HOUR)
            for n, booking in reversed(list(enumerate(mine)))
        )
        heard = door.hear(a_hold(client, hour), a_lift(client, hour))
        answers, _ = await asyncio.gather(asyncio.gather(*moves), heard)
        assert {200: 5} == statuses(answers)

    assert ["confirmed"] == await door.value("select array_agg(distinct status) from bookings")
    await all_is_well(door)


async def test_two_changes_that_wait_for_each_other_are_told_apart_and_both_made(
    door: FrontDoor,
) -> None:
    both_hold_one = asyncio.Barrier(2)
    runs = Counter[str]()

    def crossing(who: str, *rows: UUID) -> Work:
        async def work(tx: Transaction) -> Answer:
            runs[who] += 1
            for row in rows:
                await tx.execute(
                    "update people set contact_version = contact_version + 1 where id = $1", row
                )
                if runs[who] == 1 and row == rows[0]:
                    await both_hold_one.wait()
            return Answer(204)

        return work

    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            door.writer.commit(a_request(), Caller(), crossing("ann", AMARA, BENOIT)),
            door.writer.commit(a_request(), Caller(), crossing("ben", BENOIT, AMARA)),
        )

    assert [204, 204] == [answer.status_code for answer in answers]
    assert [1, 2] == sorted(runs.values())
    versions = "select array_agg(contact_version) from people where id = any($1)"
    assert [2, 2] == await door.value(versions, [AMARA, BENOIT])


async def test_what_stays_deadlocked_is_a_fault_of_the_moment_that_says_when_to_ask_again(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def claims_a_deadlock(*_: Any, **__: Any) -> None:
        nonlocal tries
        tries += 1
        raise asyncpg.DeadlockDetectedError("deadlock detected")

    monkeypatch.setattr(idempotency, "claim", claims_a_deadlock)
    answer = await door.post("/v1/holds", a_time(), key="k")

    assert TRIES == tries
    problem(answer, 503, "temporarily-unavailable")
    assert "1" == answer.headers["retry-after"]


async def move(
    door: FrontDoor, booking: Any, start: datetime, trainer: Any = None, **how: Any
) -> httpx.Response:
    """The answer to a wish to move a booking."""
    body = {"start": utc(start)} | ({"trainer": str(trainer)} if trainer else {})
    return await door.post(
        f"/v1/bookings/{booking['id']}/reschedule", body, token=booking["manage_token"], **how
    )


async def read(door: FrontDoor, booking: Any) -> Any:
    """A booking as its client sees it now."""
    path = f"/v1/bookings/{booking['id']}"
    return (await door.ask("GET", path, token=booking["manage_token"])).json()


def a_request() -> Request:
    """A request without a body, for changes that no route makes."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    place = {"method": "POST", "path": "/", "query_string": b"", "headers": []}
    return Request({"type": "http", **place}, receive)
