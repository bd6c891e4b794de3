"""The delay of an offer: from asking to cancel to the freed time's offer on Kafka."""

import asyncio
import json
import time
from datetime import datetime
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer

from shared.contracts.waitlist import WaitlistOffered
from shared.zones import zone
from tests.bench.journeys import free_times
from tests.bench.report import Row, delays
from tests.bench.setting import Setting, reading_from_now
from tests.e2e.reach import eventually

OFFERS, WARM_UP = 100, 10

TARGETS_MS = (250, 2000)
"""Who waits should hear while the one who cancelled still has the page open."""

TORONTO = "America/Toronto"


async def offers(setting: Setting) -> list[Row]:
    """One after the other: somebody books, somebody waits for that very day, the first cancels."""
    arrived: dict[str, float] = {}
    asked: dict[str, float] = {}
    async with (
        reading_from_now(setting.kafka, WaitlistOffered.topic) as kafka,
        setting.reach.http() as visitor,
    ):
        listening = asyncio.create_task(_note_offers(kafka, arrived))
        times = await free_times(visitor)
        for _ in range(WARM_UP + OFFERS):
            start, trainer = next(times)
            booking = await _made(visitor, "/v1/bookings", start=start, trainer=trainer)
            day = str(datetime.fromisoformat(start).astimezone(zone(TORONTO)).date())
            days = {"from": day, "to": day}
            place = await _made(visitor, "/v1/waitlist", trainer=trainer, **days)
            asked[place["id"]] = time.perf_counter()
            answer = await visitor.post(
                f"/v1/bookings/{booking['id']}/cancel",
                headers={"Authorization": f"Bearer {booking['manage_token']}"},
            )
            answer.raise_for_status()

        async def all_arrived() -> bool:
            return asked.keys() <= arrived.keys()

        await eventually(all_arrived, "the offers of all freed times")
        listening.cancel()
    measured = list(asked)[WARM_UP:]
    return [
        delays(
            "cancellation asked for -> offer to who waits on Kafka",
            [arrived[place] - asked[place] for place in measured],
            targets_ms=TARGETS_MS,
        )
    ]


async def _made(visitor: httpx.AsyncClient, path: str, **wish: str) -> dict[str, str]:
    client = {
        "name": "Ada Sample",
        "email": f"bench.{uuid4().hex}@example.org",
        "tz": TORONTO,
    }
    body = {"service": "first-workout", "mode": "virtual", "client": client, **wish}
    answer = await visitor.post(path, json=body)
    answer.raise_for_status()
    made: dict[str, str] = answer.json()
    return made


async def _note_offers(kafka: AIOKafkaConsumer, arrived: dict[str, float]) -> None:
    async for record in kafka:
        if dict(record.headers)["ce_type"].decode() == WaitlistOffered.type:
            arrived.setdefault(json.loads(record.value)["waitlist_id"], time.perf_counter())
