"""Limits: counted for all replicas, refused work included, and never in the way of tests."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.booking.api.limits import ROUTES
from services.booking.domain import limits
from services.booking.domain.limits import Limit
from services.booking.handlers.sign_in import WRONG_TRIES
from services.booking.store import limits as counters
from tests.integration.booking.front_door import HOUR, NOW, TEN, FrontDoor, a_time, problem
from tests.integration.booking.test_sign_in import STAFF, another

FIVE = Limit("test", 5, timedelta(hours=1))
CHECK_IN = {"kind": "daily", "pain": 3}


@pytest.fixture
async def outside(door: FrontDoor) -> AsyncIterator[FrontDoor]:
    """The front door as the rest of the world reaches it."""
    async with coming_from(door, "203.0.113.7"):
        yield door


class coming_from:  # noqa: N801 - reads as a sentence
    """Requests of the front door come from that address while the block runs."""

    def __init__(self, door: FrontDoor, host: str) -> None:
        self._door = door
        transport = httpx.ASGITransport(app=door.app, client=(host, 7))
        self._http = httpx.AsyncClient(transport=transport, base_url=door.http.base_url)

    async def __aenter__(self) -> None:
        self._before, self._door.http = self._door.http, self._http

    async def __aexit__(self, *_: object) -> None:
        self._door.http = self._before
        await self._http.aclose()


async def test_as_many_as_the_limit_pass_at_once_however_they_come(door: FrontDoor) -> None:
    async def one() -> int | None:
        async with door.db.reading() as connection:
            return await counters.count(connection, FIVE, "ann", now=NOW)

    waits = await asyncio.gather(*(one() for _ in range(30)))

    assert {None: 5, 720: 25} == Counter(waits)


async def test_one_more_passes_each_time_a_part_of_the_period_has_passed(door: FrontDoor) -> None:
    async with door.db.reading() as connection:
        for _ in range(5):
            assert await counters.count(connection, FIVE, "ann", now=NOW) is None

        later = NOW + timedelta(minutes=12)
        assert 1 == await counters.count(
            connection, FIVE, "ann", now=later - timedelta(microseconds=1)
        )
        assert await counters.count(connection, FIVE, "ann", now=later) is None
        assert 720 == await counters.count(connection, FIVE, "ann", now=later)
        assert await counters.count(connection, FIVE, "ben", now=later) is None


async def test_a_long_silence_saves_up_no_more_than_the_limit(door: FrontDoor) -> None:
    async with door.db.reading() as connection:
        await counters.count(connection, FIVE, "ann", now=NOW - timedelta(days=30))
        waits = [await counters.count(connection, FIVE, "ann", now=NOW) for _ in range(6)]

    assert [None] * 5 + [720] == waits


async def test_counters_that_let_everything_through_are_swept(door: FrontDoor) -> None:
    async with door.db.transaction() as tx:
        await counters.count(tx, FIVE, "old", now=NOW - timedelta(hours=2))
        await counters.count(tx, FIVE, "new", now=NOW)
        await counters.forget_old(tx, now=NOW)

    assert 1 == await door.value("select count(*) from rate_limits")


async def test_the_sixth_code_of_an_hour_has_to_wait_known_or_not(outside: FrontDoor) -> None:
    for email in (STAFF, "nobody@example.org"):
        for _ in range(limits.SIGN_IN_CODES_PER_ADDRESS.times):
            assert 202 == (await outside.post("/v1/sign-in", {"email": email})).status_code

        refused = await outside.post("/v1/sign-in", {"email": email.upper()})

        problem(refused, 429, "too-many-requests")
        assert "720" == refused.headers["retry-after"]
    outside.clock.advance(seconds=720)
    assert 202 == (await outside.post("/v1/sign-in", {"email": STAFF})).status_code


async def test_a_new_code_does_not_give_a_guesser_new_tries(outside: FrontDoor) -> None:
    tries = limits.WRONG_CODES_PER_ADDRESS.times
    answers = []
    for _ in range(tries // WRONG_TRIES + 1):
        await outside.post("/v1/sign-in", {"email": STAFF})
        code = (await outside.published(topic="booking.contacts"))[-1].data["sign_in"]["code"]
        for _ in range(WRONG_TRIES):
            body = {"email": STAFF, "code": another(code)}
            answers.append((await outside.post("/v1/sign-in/verify", body)).status_code)

    assert {401: tries, 429: WRONG_TRIES} == Counter(answers)
    right = await outside.post("/v1/sign-in/verify", {"email": STAFF, "code": code})
    problem(right, 429, "too-many-requests")


async def test_signing_in_spends_no_tries(outside: FrontDoor) -> None:
    for _ in range(limits.WRONG_CODES_PER_ADDRESS.times + 5):
        outside.clock.advance(minutes=12)
        await outside.post("/v1/sign-in", {"email": STAFF})
        code = (await outside.published(topic="booking.contacts"))[-1].data["sign_in"]["code"]
        signed_in = await outside.post("/v1/sign-in/verify", {"email": STAFF, "code": code})
        assert 200 == signed_in.status_code


async def test_holds_of_one_place_are_limited_and_refused_ones_and_trials_count(
    outside: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shrink(monkeypatch, "POST /v1/holds", 4)
    statuses = [
        (await outside.post("/v1/holds", a_time())).status_code,
        (await outside.post("/v1/holds", a_time())).status_code,
        (await outside.post("/v1/holds", a_time() | {"mode": "by phone"})).status_code,
        (await outside.post("/v1/holds?dry_run=true", a_time(TEN + 2 * HOUR))).status_code,
    ]

    assert [201, 409, 422, 201] == statuses
    before = await outside.tables()
    problem(await outside.post("/v1/holds", a_time(TEN + 2 * HOUR)), 429, "too-many-requests")
    assert before == await outside.tables()
    async with coming_from(outside, "203.0.113.8"):
        assert 201 == (await outside.post("/v1/holds", a_time(TEN + 2 * HOUR))).status_code


async def test_reports_are_limited_for_each_person_and_client(
    outside: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = await outside.book()
    path = f"/v1/clients/{booking['client_id']}/check-ins"
    ann, staff = await outside.sign_in("ann@example.org"), await outside.sign_in(STAFF)
    _shrink(monkeypatch, "POST /v1/clients/{client_id}/check-ins", 2)
    for _ in range(4):
        # Strangers spend nothing of what the client may.
        assert (await outside.post(path, CHECK_IN)).status_code in {401, 429}
    mine = [(await outside.post(path, CHECK_IN, token=ann)).status_code for _ in range(3)]

    assert [202, 202, 429] == mine
    assert 202 == (await outside.post(path, CHECK_IN, token=staff)).status_code


async def test_this_machine_is_spared_under_the_test_clock(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shrink(monkeypatch, "POST /v1/holds", 1)

    for number in range(3):
        assert 201 == (await door.post("/v1/holds", a_time(TEN + number * HOUR))).status_code

    assert 0 == await door.value("select count(*) from rate_limits")


def _shrink(monkeypatch: pytest.MonkeyPatch, route: str, times: int) -> None:
    limit, key_of = ROUTES[route]
    small: Any = (Limit(limit.name, times, limit.per), key_of)
    monkeypatch.setitem(ROUTES, route, small)
