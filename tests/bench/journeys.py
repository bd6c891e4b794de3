"""Delays of the whole system: a booking on Kafka and in the inbox, a check-in answered."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer

from services.booking.store.progress import CHANNEL
from tests.bench.report import Row, delays
from tests.bench.setting import Setting, reading_from_now
from tests.e2e.reach import eventually

BOOKINGS, CHECK_INS = 300, 300
WARM_UP = 20
"""Requests before the measured ones: connections open, caches fill, plans are made."""

BOOKING_EVERY_S = 0.05
"""One booking after the other at a moderate rate: 20 a second."""

REPORTING_CLIENTS = 10
POLL_S = 0.002
ANSWER_WITHIN_S = 20.0

BOOKING_TARGETS_MS = (25, 100)
CHECK_IN_TARGETS_MS = (60, 250)

SLOT_DAYS = 14
MAIL_WITHIN_S = 60.0
MAIL_PAGE = 100
MAIL_SETTLE_S = 2.0
"""Trainers get mails too, so the number of mails does not tell that all are there."""


@dataclass(frozen=True)
class Booked:
    """A booking that was answered: when on both clocks, and how long it took."""

    id: str
    email: str
    client_id: str
    asked: float
    took: float
    asked_at: datetime


async def bookings(setting: Setting) -> list[Row]:
    """Bookings one after the other; this process sees each request, commit and arrival.

    Postgres delivers a NOTIFY when its transaction commits, and each booking sends one about its
    client: that moment is taken for the commit.
    """
    arrived: dict[str, float] = {}
    committed: dict[str, float] = {}
    async with (
        _noting_commits(setting.database_url, committed),
        reading_from_now(setting.kafka, "booking.events") as kafka,
        setting.reach.http() as visitor,
    ):
        listening = asyncio.create_task(_note_arrivals(kafka, arrived))
        times = await free_times(visitor)
        booked = []
        for _ in range(WARM_UP + BOOKINGS):
            tick = asyncio.create_task(asyncio.sleep(BOOKING_EVERY_S))
            booked.append(await _book(visitor, *next(times)))
            await tick

        async def all_arrived() -> bool:
            return all(booking.id in arrived for booking in booked)

        await eventually(all_arrived, "the events of all bookings")
        listening.cancel()
    measured = booked[WARM_UP:]
    mailed = await _mail_times(setting, [booking.email for booking in measured])
    return [
        delays(
            "booking commit -> event on Kafka",
            [arrived[b.id] - committed[b.client_id] for b in measured],
            targets_ms=BOOKING_TARGETS_MS,
        ),
        delays(
            "booking asked for -> event on Kafka",
            [arrived[b.id] - b.asked for b in measured],
            targets_ms=None,
        ),
        delays("booking asked for -> answered", [b.took for b in measured], targets_ms=None),
        delays(
            "booking asked for -> mail in the inbox",
            [(mailed[b.email] - b.asked_at).total_seconds() for b in measured],
            targets_ms=None,
        ),
    ]


async def check_ins(setting: Setting) -> list[Row]:
    """Check-ins of several clients in turn; the answer's address is asked every 2 ms."""
    async with setting.reach.http() as visitor:
        times = await free_times(visitor)
        people = [await _book(visitor, *next(times)) for _ in range(REPORTING_CLIENTS)]
        tokens = [await setting.reach.token(person.email) for person in people]
        seconds = []
        for number in range(WARM_UP + CHECK_INS):
            which = number % REPORTING_CLIENTS
            headers = {"Authorization": f"Bearer {tokens[which]}"}
            seconds.append(await _check_in(visitor, people[which].client_id, headers))
    return [
        delays(
            "check-in -> level readable through the API",
            seconds[WARM_UP:],
            targets_ms=CHECK_IN_TARGETS_MS,
        )
    ]


async def free_times(visitor: httpx.AsyncClient) -> Iterator[tuple[str, str]]:
    """(start, trainer) of first workouts that do not overlap."""
    first = datetime.now(UTC).date() + timedelta(days=3)
    answer = await visitor.get(
        "/v1/slots",
        params={
            "service": "first-workout",
            "mode": "virtual",
            "from": str(first),
            "to": str(first + timedelta(days=SLOT_DAYS - 1)),
            "tz": "America/Toronto",
        },
    )
    answer.raise_for_status()
    free_from: dict[str, str] = {}
    found = []
    for slot in answer.json()["slots"]:
        for trainer in slot["trainers"]:
            if free_from.get(trainer["id"], "") <= slot["start"]:
                free_from[trainer["id"]] = slot["end"]
                found.append((slot["start"], trainer["id"]))
    return iter(found)


async def _book(visitor: httpx.AsyncClient, start: str, trainer: str) -> Booked:
    email = f"bench.{uuid4().hex}@example.org"
    body = {
        "service": "first-workout",
        "mode": "virtual",
        "start": start,
        "trainer": trainer,
        "client": {"name": "Ada Sample", "email": email, "tz": "America/Toronto"},
        "conditions": ["back-pain"],
        "consent": {"reminders": True, "marketing": False},
    }
    headers = {"Idempotency-Key": uuid4().hex}
    asked, asked_at = time.perf_counter(), datetime.now(UTC)
    answer = await visitor.post("/v1/bookings", json=body, headers=headers)
    took = time.perf_counter() - asked
    answer.raise_for_status()
    made = answer.json()
    return Booked(made["id"], email, made["client_id"], asked, took, asked_at)


async def _note_arrivals(kafka: AIOKafkaConsumer, arrived: dict[str, float]) -> None:
    async for record in kafka:
        now = time.perf_counter()
        booking_id = json.loads(record.value).get("booking_id")
        if booking_id is not None:
            arrived.setdefault(booking_id, now)


@asynccontextmanager
async def _noting_commits(url: str, committed: dict[str, float]) -> AsyncIterator[None]:
    connection = await asyncpg.connect(url)
    try:
        await connection.add_listener(
            CHANNEL, lambda _c, _p, _n, client: committed.setdefault(client, time.perf_counter())
        )
        yield
    finally:
        await connection.close()


async def _mail_times(setting: Setting, emails: list[str]) -> dict[str, datetime]:
    """When the inbox took the first mail to each address, by the machine's clock."""
    async with httpx.AsyncClient(base_url=setting.mail_url, timeout=MAIL_WITHIN_S) as inbox:

        async def page(start: int, limit: int) -> Any:
            params = {"start": start, "limit": limit}
            return (await inbox.get("/api/v1/messages", params=params)).json()

        async def look() -> dict[str, datetime] | None:
            # Only counted while they come: reading them all would slow the inbox down.
            if (await page(0, 1))["total"] < len(emails):
                return None
            taken: dict[str, datetime] = {}
            read = 0
            while found := (await page(read, MAIL_PAGE))["messages"]:
                read += len(found)
                for mail in found:
                    at = datetime.fromisoformat(mail["Created"])
                    for to in mail["To"]:
                        taken[to["Address"]] = min(at, taken.get(to["Address"], at))
            return taken if set(emails) <= set(taken) else None

        await asyncio.sleep(MAIL_SETTLE_S)
        return await eventually(look, "the mails of all bookings", within_s=MAIL_WITHIN_S)


async def _check_in(visitor: httpx.AsyncClient, client_id: str, headers: dict[str, str]) -> float:
    body = {"kind": "daily", "pain": 3, "mood": 6, "energy": 5}
    began = time.perf_counter()
    sent = await visitor.post(f"/v1/clients/{client_id}/check-ins", json=body, headers=headers)
    sent.raise_for_status()

    while True:
        answer = (await visitor.get(sent.json()["url"], headers=headers)).json()
        if "level" in answer:
            return time.perf_counter() - began
        if time.perf_counter() - began > ANSWER_WITHIN_S:
            raise RuntimeError(f"a check-in stays {answer['status']}")
        await asyncio.sleep(POLL_S)
