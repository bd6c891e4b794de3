"""How fast the kit for analysts loads: `python -m tests.bench.analytics_load KAFKA [EVENTS]`.

By turns with a bare consumer of the same library that throws the records away, in the same run.
"""

import importlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from shared.contracts.schemas import published

KIT = Path(__file__).parents[2] / "examples" / "analytics"

EVENTS = 20_000
PARTITIONS = 6
ROUNDS = 3
BATCH = 2_000

KINDS = ("checkin.recorded.v1", "booking.confirmed.v1", "message.sent.v1")


def fill(bootstrap: str, events: int) -> str:
    """A topic of so many events, keyed by a hundredth as many clients; returns its name."""
    topic = f"bench.{uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20})
    values = {kind: json.dumps(published()[kind]["examples"][0]) for kind in KINDS}
    clients = [str(uuid4()) for _ in range(max(1, events // 100))]
    for number in range(events):
        kind = KINDS[number % len(KINDS)]
        headers: dict[str, str | bytes | None] = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_type": kind,
            "ce_source": "/limber/bench",
            "ce_time": "2026-12-01T15:00:00Z",
            "content-type": "application/json",
        }
        producer.produce(
            topic, key=clients[number % len(clients)], value=values[kind], headers=headers
        )
        if number % BATCH == 0:
            producer.flush(30)
    producer.flush(30)
    return topic


def thrown_away(bootstrap: str, topic: str, events: int) -> float:
    """Seconds in which the library alone reads the topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "analysts-bench"})
    consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(PARTITIONS)])
    began, read = time.perf_counter(), 0
    while read < events:
        read += len(consumer.consume(BATCH, 0.2))
    took = time.perf_counter() - began
    consumer.close()
    return took


def loaded(kit: Any, bootstrap: str, topic: str, events: int) -> float:
    """Seconds in which the kit has the topic in a file.

    Raises:
        RuntimeError: the file does not hold every event once.
    """
    kit.TOPICS = (topic,)
    with tempfile.TemporaryDirectory() as home:
        consumer = kit.connect(bootstrap, {})
        with kit.open_file(Path(home) / "bench.duckdb") as db:
            began = time.perf_counter()
            kit.load(consumer, db)
            took = time.perf_counter() - began
            held = db.execute("select count(*) from events").fetchall()[0][0]
        consumer.close()
    if held != events:
        raise RuntimeError(f"{held} of {events} events are in the file")
    return took


def main(bootstrap: str, events: int = EVENTS) -> None:
    """Measure by turns and say the best of each."""
    sys.path.insert(0, str(KIT))
    kit = importlib.import_module("load")
    topic = fill(bootstrap, events)
    bare, into_file = [], []
    for _ in range(ROUNDS):
        bare.append(events / thrown_away(bootstrap, topic, events))
        into_file.append(events / loaded(kit, bootstrap, topic, events))
    sys.stdout.write(
        f"{events:,} events: {max(into_file):,.0f}/s into DuckDB,"
        f" {max(bare):,.0f}/s thrown away, ratio {max(into_file) / max(bare):.2f}\n"
    )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
