"""A consumer by somebody else's library reads the streams as the published document says."""

import asyncio
import json
import shutil
import time
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Message

from shared.postgres import Database
from tests.integration.analytics.published import judged, kinds_of, publish, sample

KINDS = kinds_of("booking.events")

READ_WITHIN_S = 30.0


def read_by_confluent(bootstrap: str, topic: str, count: int) -> list[Message]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"analysts-{uuid4().hex}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    found: list[Message] = []
    until = time.monotonic() + READ_WITHIN_S
    try:
        consumer.subscribe([topic])
        while len(found) < count and time.monotonic() < until:
            found += consumer.consume(count, 1.0)
    finally:
        consumer.close()
    assert [None] * count == [message.error() for message in found]
    return found


def text(raw: str | bytes | None) -> str:
    assert raw is not None
    return raw if isinstance(raw, str) else raw.decode()


async def test_confluent_kafka_reads_every_booking_event_as_documented(
    booking_db: Database, kafka_bootstrap: str
) -> None:
    topic = await publish(booking_db, kafka_bootstrap, KINDS)

    records = await asyncio.to_thread(read_by_confluent, kafka_bootstrap, topic, len(KINDS))

    told = {}
    for record in records:
        headers = {name: text(value) for name, value in dict(record.headers() or ()).items()}
        kind, value = headers["ce_type"], text(record.value())
        assert [] == judged(kind, text(record.key()), headers, value), kind
        told[kind] = json.loads(value)
    assert {kind: sample(kind) for kind in KINDS} == told


async def test_records_of_a_key_reach_confluent_kafka_in_the_order_they_were_written(
    booking_db: Database, kafka_bootstrap: str
) -> None:
    lives = ["booking.confirmed.v1", "booking.rescheduled.v1", "booking.completed.v1"]
    topic = await publish(booking_db, kafka_bootstrap, lives)

    records = await asyncio.to_thread(read_by_confluent, kafka_bootstrap, topic, len(lives))

    assert lives == [text(dict(record.headers() or ())["ce_type"]) for record in records]
    assert 1 == len({record.partition() for record in records})


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
async def test_kcat_reads_every_booking_event_as_documented(
    booking_db: Database, kafka_bootstrap: str
) -> None:
    topic = await publish(booking_db, kafka_bootstrap, KINDS)

    kcat = await asyncio.create_subprocess_exec(
        *("kcat", "-C", "-q", "-e", "-J", "-b", kafka_bootstrap, "-t", topic, "-o", "beginning"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(kcat.communicate(), READ_WITHIN_S)

    lines = [json.loads(line) for line in out.splitlines()]
    assert (0, len(KINDS)) == (kcat.returncode, len(lines))
    for line in lines:
        names, values = line["headers"][::2], line["headers"][1::2]
        headers = dict(zip(names, values, strict=True))
        assert [] == judged(headers["ce_type"], line["key"], headers, line["payload"])
    assert set(KINDS) == {line["headers"][line["headers"].index("ce_type") + 1] for line in lines}
