"""The relay and a bare producer by turns: `python -m tests.bench.relaying DATABASE KAFKA TOPIC`."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import uvloop
from aiokafka import AIOKafkaProducer

from shared import outbox
from shared.outbox import BATCH, MAX_EVENT_BYTES, PUBLISH_TIMEOUT_S, Relay
from shared.postgres import Database
from tests.bench.facts import NOW, facts
from tests.bench.setting import KIT_SCHEMA

ROUNDS = 3
WARM_UP = 2 * BATCH
SOURCE = "/limber/bench"
WRITTEN_AT_ONCE = 1000

Sent = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value and headers, as the relay sends them."""


async def fill(db: Database, topic: str) -> int:
    """Put all events into the outbox; returns how many."""
    events = facts(topic)
    for first in range(0, len(events), WRITTEN_AT_ONCE):
        async with db.transaction() as tx:
            await outbox.add(tx, events[first : first + WRITTEN_AT_ONCE], now=NOW)
    return len(events)


async def drain(relay: Relay) -> float:
    """Seconds until the outbox is empty."""
    began = time.perf_counter()
    while await relay.publish_batch():
        pass
    return time.perf_counter() - began


async def as_sent(db: Database) -> list[Sent]:
    """The records of the outbox, bytes and all."""
    async with db.reading() as connection:
        rows = await connection.fetch("select * from outbox order by seq")
    return [
        (
            row["key"].encode(),
            row["payload"].encode(),
            [
                ("ce_specversion", b"1.0"),
                ("ce_id", str(row["event_id"]).encode()),
                ("ce_type", row["type"].encode()),
                ("ce_source", SOURCE.encode()),
                ("ce_time", row["occurred_at"].isoformat().replace("+00:00", "Z").encode()),
                ("ce_subject", row["subject"].encode()),
                ("content-type", b"application/json"),
            ],
        )
        for row in rows
    ]


async def send_bare(producer: AIOKafkaProducer, topic: str, records: Sequence[Sent]) -> float:
    """Seconds until the broker has acknowledged all, in batches of the relay's size."""
    began = time.perf_counter()
    for first in range(0, len(records), BATCH):
        acknowledgements = [
            await producer.send(topic, value, key=key, headers=headers)
            for key, value, headers in records[first : first + BATCH]
        ]
        await asyncio.gather(*acknowledgements)
    return time.perf_counter() - began


async def main(url: str, bootstrap: str, topic: str) -> None:
    """Print the seconds of each round."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        max_request_size=2 * MAX_EVENT_BYTES,
        request_timeout_ms=int(PUBLISH_TIMEOUT_S * 1000),
    )
    await producer.start()
    found: dict[str, list[float]] = {"relay": [], "bare": []}
    async with Database(url, KIT_SCHEMA).opened() as db:
        relay = Relay(db, bootstrap, source=SOURCE)
        async with db.transaction() as tx:
            await outbox.add(tx, facts(topic, WARM_UP), now=NOW)
        await drain(relay)
        for _ in range(ROUNDS):
            events = await fill(db, topic)
            records = await as_sent(db)
            found["relay"].append(events / await drain(relay))
            found["bare"].append(events / await send_bare(producer, topic, records))
        await relay.close()
    await producer.stop()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
