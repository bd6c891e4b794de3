"""The outbox's promises: with the state or not at all, none lost, in order per key."""

import asyncio
import json
import random
import sys
from collections import defaultdict
from datetime import timedelta
from itertools import islice

import pytest

from shared import outbox
from shared.outbox import EventTooLargeError, Relay
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.shared.fabric import NOW, Counted, new_counted, read_topic

EVENTS = 20_000
KEYS = 50
RELAYS = 3
KILLS = 12
SEED = 20261122


async def test_an_event_of_a_rolled_back_transaction_is_never_published(
    progress_db: Database, kafka_bootstrap: str
) -> None:
    mine = await new_counted(kafka_bootstrap)

    async def fail() -> None:
        async with progress_db.transaction() as tx:
            await outbox.add(tx, [mine(owner="ann", number=1)], now=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with progress_db.transaction() as tx:
        await outbox.add(tx, [mine(owner="ann", number=2)], now=NOW)
    relay = Relay(progress_db, kafka_bootstrap, source="/limber/test")
    published = await relay.publish_batch()
    await relay.close()

    [record] = await read_topic(kafka_bootstrap, mine.topic)
    assert (1, {"owner": "ann", "number": 2}) == (published, json.loads(record.value))
    told = {name: value.decode() for name, value in record.headers}
    assert {
        "ce_specversion": "1.0",
        "ce_id": told["ce_id"],
        "ce_type": "number.counted.v1",
        "ce_source": "/limber/test",
        "ce_time": "2026-03-02T15:00:00Z",
        "ce_subject": "ann",
        "content-type": "application/json",
    } == told


async def test_events_of_several_times_keep_these_and_their_order(progress_db: Database) -> None:
    times = [NOW + timedelta(hours=hours) for hours in (2, 0, 1)]
    events = [(Counted(owner="ann", number=n), at) for n, at in enumerate(times)]
    async with progress_db.transaction() as tx:
        await outbox.add_caused(tx, [(event, at, None) for event, at in events])

    async with progress_db.reading() as connection:
        rows = await connection.fetch("select payload, occurred_at from outbox order by seq")
    assert [(event.model_dump_json(), at) for event, at in events] == [tuple(row) for row in rows]


async def test_an_event_the_broker_would_refuse_is_refused_before_the_commit(
    progress_db: Database,
) -> None:
    async with progress_db.transaction() as tx:
        with pytest.raises(EventTooLargeError):
            await outbox.add(tx, [Counted(owner="a" * 600_000, number=1)], now=NOW)


@pytest.mark.crash
async def test_three_relays_with_random_kills_lose_nothing_and_keep_order_per_key(
    progress_db: Database, database: MigratedDatabase, kafka_bootstrap: str
) -> None:
    mine = await new_counted(kafka_bootstrap)

    chance = random.Random(SEED)
    url = database.url("progress")

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.shared.relay_process",
            url,
            "progress",
            kafka_bootstrap,
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def write() -> None:
        numbers = iter(range(EVENTS))
        while chunk := list(islice(numbers, 200)):
            async with progress_db.transaction() as tx:
                await outbox.add(
                    tx, [mine(owner=f"owner-{n % KEYS}", number=n) for n in chunk], now=NOW
                )

    async def waiting() -> int:
        async with progress_db.reading() as connection:
            count: int = await connection.fetchval("select count(*) from outbox")
        return count

    relays = [await start() for _ in range(RELAYS)]
    writing = asyncio.create_task(write())
    kills = 0
    try:
        while not writing.done() or await waiting():
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            if kills < KILLS:
                victim = chance.randrange(RELAYS)
                relays[victim].kill()
                await relays[victim].wait()
                relays[victim] = await start()
                kills += 1
        await writing
    finally:
        for relay in relays:
            relay.kill()
            await relay.wait()

    first_seen: dict[str, list[int]] = defaultdict(list)
    ids = set()
    for record in await read_topic(kafka_bootstrap, mine.topic):
        identity = dict(record.headers)["ce_id"]
        if identity not in ids:
            ids.add(identity)
            event = json.loads(record.value)
            first_seen[event["owner"]].append(event["number"])
    assert kills > 0
    assert EVENTS == len(ids)
    assert {f"owner-{k}": list(range(k, EVENTS, KEYS)) for k in range(KEYS)} == first_seen
