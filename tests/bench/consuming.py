"""The consumer and bare loops by turns: `python -m tests.bench.consuming DATABASE KAFKA TOPIC`."""

import asyncio
import json
import sys
import time
from contextlib import suppress
from uuid import UUID, uuid4

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.consumer import MAX_RECORDS, Consumer
from shared.contracts.booking import BookingConfirmed
from shared.contracts.event import Envelope
from shared.handling import Handlers
from shared.postgres import Database, Transaction
from tests.bench.facts import EVENTS, NOW, fact_on, facts
from tests.bench.setting import KIT_SCHEMA

ROUNDS = 3
WITHIN_S = 120.0
SENT_AT_ONCE = 500
EFFECT = "insert into effects (owner, number) values ($1, $2)"


async def publish(bootstrap: str, topic: str) -> None:
    """Put all events on the topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    events = facts(topic)
    for first in range(0, len(events), SENT_AT_ONCE):
        acknowledgements = [
            await producer.send(
                topic,
                event.model_dump_json().encode(),
                key=event.key.encode(),
                headers=[
                    ("ce_specversion", b"1.0"),
                    ("ce_id", str(uuid4()).encode()),
                    ("ce_type", event.type.encode()),
                    ("ce_source", b"/limber/bench"),
                    ("ce_time", b"2026-03-02T15:00:00Z"),
                    ("ce_subject", event.subject.encode()),
                    ("content-type", b"application/json"),
                ],
            )
            for event in events[first : first + SENT_AT_ONCE]
        ]
        await asyncio.gather(*acknowledgements)
    await producer.stop()


async def consume(db: Database, bootstrap: str, topic: str) -> float:
    """Seconds from the first batch to the last commit; one row is written for each event."""
    began = 0.0
    ended = asyncio.Event()

    async def handle(tx: Transaction, event: Envelope[BookingConfirmed]) -> None:
        nonlocal began
        began = began or time.perf_counter()
        await tx.execute(EFFECT, event.data.key, event.data.booking_id.int)

    def committed() -> None:
        if consumer.handled >= EVENTS:
            ended.set()

    consumer = Consumer(
        db,
        bootstrap,
        group=f"bench-{uuid4().hex}",
        handlers=Handlers({fact_on(topic): handle}),
        clock=lambda: NOW,
        committed=committed,
    )
    running = asyncio.create_task(consumer.run())
    try:
        await asyncio.wait_for(ended.wait(), WITHIN_S)
        return time.perf_counter() - began
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def read_bare(bootstrap: str, topic: str, db: Database | None = None) -> float:
    """Seconds from the first batch to the last record, in batches of the consumer's size.

    With `db` the same rows are written, a transaction a batch: no inbox, no parking, no schema.
    """
    kafka = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"bench-{uuid4().hex}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await kafka.start()
    began, seen = 0.0, 0
    try:
        async with asyncio.timeout(WITHIN_S):
            while seen < EVENTS:
                batches = await kafka.getmany(timeout_ms=1000, max_records=MAX_RECORDS)
                began = began or (time.perf_counter() if batches else 0.0)
                records = [record for batch in batches.values() for record in batch]
                if db is not None:
                    async with db.transaction() as tx:
                        for record in records:
                            event = json.loads(record.value)
                            number = UUID(event["booking_id"]).int
                            await tx.execute(EFFECT, record.key.decode(), number)
                    await kafka.commit()
                seen += len(records)
        return time.perf_counter() - began
    finally:
        await kafka.stop()


async def check_and_clear(db: Database) -> None:
    """Make room for the next round.

    Raises:
        RuntimeError: not every event had one effect.
    """
    async with db.transaction() as tx:
        effects = await tx.fetchval("select count(distinct number) from effects")
        rows = await tx.fetchval("select count(*) from effects")
        await tx.execute("truncate effects, inbox")
    if not effects == rows == EVENTS:
        raise RuntimeError(f"{EVENTS} events left {rows} rows, {effects} different ones")


async def main(url: str, bootstrap: str, topic: str) -> None:
    """Print the rates of each round."""
    await publish(bootstrap, topic)
    found: dict[str, list[float]] = {"consumer": [], "writing": [], "bare": []}
    async with Database(url, KIT_SCHEMA).opened() as db:
        for _ in range(ROUNDS):
            found["consumer"].append(EVENTS / await consume(db, bootstrap, topic))
            await check_and_clear(db)
            found["writing"].append(EVENTS / await read_bare(bootstrap, topic, db))
            await check_and_clear(db)
            found["bare"].append(EVENTS / await read_bare(bootstrap, topic))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
