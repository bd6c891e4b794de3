"""A series among others who want its times, and what it costs."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.booking.store import series as store
from tests.conftest import MigratedDatabase
from tests.integration.booking import front_door
from tests.integration.booking.front_door import (
    AMARA,
    HOUR,
    TEN,
    FrontDoor,
    Home,
    a_wish,
    problem,
)
from tests.integration.booking.test_series import TORONTO, WEEK, a_series, ann, verdicts
from tests.integration.test_statements import CountedDatabase


async def test_a_series_and_single_bookings_on_its_dates_never_share_a_time(
    door: FrontDoor,
) -> None:
    token, _ = await ann(door)
    for turn in range(5):
        first = TEN + turn * timedelta(days=1)
        answers = await asyncio.gather(
            door.post("/v1/series", a_series(first, count=8), token=token),
            *(
                door.post(
                    "/v1/bookings",
                    a_wish(first + week * WEEK, email=f"{turn}-{week}@example.org"),
                )
                for week in (2, 5)
            ),
        )
        series, *single = [answer.status_code for answer in answers]
        assert series in {201, 409}
        assert ([409, 409] if series == 201 else [201, 201]) == single or (
            series == 409 and 201 in single
        )
        stored = await door.value(
            "select count(*) from bookings b join series s on s.id = b.series_id"
            " where s.local_start = $1",
            first.astimezone(TORONTO).replace(tzinfo=None),
        )
        assert (8 if series == 201 else 0) == stored
    assert 0 == await door.value(
        "select count(*) from bookings a join bookings b on a.trainer_id = b.trainer_id"
        " and a.id < b.id and a.start_at < b.end_at and b.start_at < a.end_at"
    )


async def test_series_without_a_wished_trainer_find_one_each(door: FrontDoor) -> None:
    tokens = [(await ann(door))[0]]
    for name in ("ben", "cat", "dan", "eve", "fay", "gus", "hal"):
        email = f"{name}@example.org"
        await door.book(TEN - 24 * HOUR, trainer=None, email=email)
        tokens.append(await door.sign_in(email))
    # So that nobody has a trainer of their own yet.
    await door.value("update bookings set status = 'cancelled'")

    answers = await asyncio.gather(
        *(door.post("/v1/series", a_series(trainer=None, count=6), token=t) for t in tokens)
    )

    assert [201] * 8 == [answer.status_code for answer in answers]
    assert 8 == len({answer.json()["trainer"]["id"] for answer in answers})


async def test_a_time_taken_without_the_locks_is_answered_as_taken(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = await ann(door)
    take = store.take_times

    async def take_late(tx: Any, taken: Any) -> set[UUID]:
        # Somebody who knows no lock was here a moment ago; only the constraint is left.
        await tx.execute(
            "insert into reservations (id, kind, trainer_id, during, blocked) select $1,"
            " 'booking', $2, tstzrange($3, $4), tstzrange($3, $4)",
            uuid4(), AMARA, TEN + WEEK, TEN + WEEK + HOUR,
        )  # fmt: skip
        return await take(tx, taken)

    monkeypatch.setattr(store, "take_times", take_late)
    found = problem(await door.post("/v1/series", a_series(), token=token), 409, "series-conflict")

    assert ["free", "taken", "free", "free"] == verdicts(found)
    assert 0 == await door.value("select count(*) from series")


async def test_the_number_of_statements_does_not_grow_with_the_dates(home: Home) -> None:
    await home.clear()
    db = CountedDatabase(MigratedDatabase(home.superuser_url), "booking")
    async with db.opened(), front_door.opened(db) as door:
        token, _ = await ann(door)
        for week in range(0, 26, 2):
            await door.book(TEN + HOUR + week * WEEK, email=f"{week}@example.org")
        counted = []
        for first, count in ((TEN, 2), (TEN + 2 * HOUR, 52), (TEN + HOUR, 2), (TEN + HOUR, 52)):
            db.take()
            wish = a_series(first, count=count, trainer=None, skip_conflicts=True)
            await door.made("/v1/series", wish, token=token)
            counted.append(db.take())

    assert counted[0] == counted[1]
    assert counted[2] == counted[3]
    assert counted[1]["statements"] <= 24
    assert counted[3]["statements"] <= 30
