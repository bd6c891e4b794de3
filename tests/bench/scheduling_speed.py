"""Events to scheduled rows: `python -m tests.bench.scheduling_speed DATABASE KAFKA TOPIC`."""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import uvloop
from aiokafka import AIOKafkaProducer

from services.notify.consumers import listen
from shared.consumer import Consumer
from shared.contracts.booking import BookingConfirmed, BookingFact
from shared.contracts.event import Envelope, Event
from shared.handling import Handlers, Together
from shared.postgres import Database, Transaction
from tests.integration.notify.post_office import Notify
from tests.unit.notify.builders import NOW, START, a_booking_access, a_contact, a_fact

ROUNDS = 3
EVENTS = 4_000
CLIENTS, TRAINERS = 500, 20
WITHIN_S = 180.0
SENT_AT_ONCE = 500
SCHEMA = "notify"


async def publish(bootstrap: str, events: list[Event]) -> None:
    """Put events on their topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    for first in range(0, len(events), SENT_AT_ONCE):
        waiting = [
            await producer.send(
                event.topic,
                event.model_dump_json().encode(),
                key=event.key.encode(),
                headers=[
                    ("ce_specversion", b"1.0"),
                    ("ce_id", str(uuid4()).encode()),
                    ("ce_type", event.type.encode()),
                    ("ce_source", b"/limber/bench"),
                    ("ce_time", NOW.isoformat().replace("+00:00", "Z").encode()),
                    ("ce_subject", event.subject.encode()),
                    ("content-type", b"application/json"),
                ],
            )
            for event in events[first : first + SENT_AT_ONCE]
        ]
        await asyncio.gather(*waiting)
    await producer.stop()


def a_round(number: int) -> list[Event]:
    """Bookings that nobody has heard of."""
    return [
        a_fact(
            booking_id=UUID(int=1_000_000 * (number + 1) + n),
            client_id=_client(n % CLIENTS),
            trainer_id=UUID(int=1_000 + n % TRAINERS),
            start=START + timedelta(hours=n % 500),
        )
        for n in range(EVENTS)
    ]


async def consume(db: Database, bootstrap: str, group: str) -> float:
    """Seconds from the first batch to the last commit."""
    began = 0.0
    ended = asyncio.Event()
    together = listen(lambda: NOW, lambda: None).together
    assert together is not None

    async def timed(tx: Transaction, events: Sequence[Envelope[Any]]) -> None:
        nonlocal began
        began = began or time.perf_counter()
        await together.handle(tx, events)

    def committed() -> None:
        if consumer.handled >= EVENTS:
            ended.set()

    consumer = Consumer(
        db,
        bootstrap,
        group=group,
        handlers=Handlers(together=Together(frozenset({BookingConfirmed}), timed)),
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


async def main(url: str, bootstrap: str, topic: str) -> None:
    """Print events and rows a second of each round."""
    # The handlers know the events by their class; only where they are read from is the bench's.
    BookingFact.topic = topic
    group = f"bench-{uuid4().hex}"
    found = defaultdict[str, list[float]](list)
    async with Database(url, SCHEMA).opened() as db:
        notify = Notify(db, [], NOW)
        await notify.hear(
            *(
                a_contact(
                    _client(n), email=f"c{n}@example.org", bookings=(a_booking_access(_client(n)),)
                )
                for n in range(CLIENTS)
            )
        )
        for number in range(ROUNDS):
            before = await _rows(notify)
            await publish(bootstrap, a_round(number))
            worked = time.process_time()
            took = await consume(db, bootstrap, group)
            found["ms_of_processor"].append((time.process_time() - worked) / EVENTS * 1000)
            found["events"].append(EVENTS / took)
            found["rows"].append((await _rows(notify) - before) / took)
    sys.stdout.write(json.dumps(found) + "\n")


async def _rows(notify: Notify) -> int:
    [row] = await notify.rows("select count(*) from deliveries")
    count: int = row["count"]
    return count


def _client(number: int) -> UUID:
    return UUID(int=10_000 + number)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
