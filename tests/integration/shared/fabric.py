"""Events, topics and records of the kit's own tests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.contracts.event import Event

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)

Header = tuple[str, bytes | None]


class Counted(Event):
    """A test event: the n-th of its key."""

    topic: ClassVar[str] = "test.counted"
    type: ClassVar[str] = "number.counted.v1"

    owner: str
    number: int

    @property
    def key(self) -> str:
        return self.owner


def headers(event: Event, identity: str | None = None) -> list[Header]:
    """The CloudEvents headers of an event."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", (identity or str(uuid4())).encode()),
        ("ce_type", event.type.encode()),
        ("ce_source", b"/limber/test"),
        ("ce_time", b"2026-03-02T15:00:00Z"),
        ("content-type", b"application/json"),
    ]


def record(
    event: Event,
    offset: int,
    *,
    identity: str | None = None,
    given: Sequence[Header] | None = None,
    value: bytes | None = b"",
    topic: str | None = None,
) -> ConsumerRecord:
    """A consumed record of an event; headers and value can be given instead."""
    return ConsumerRecord(
        topic=topic or event.topic,
        partition=0,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=event.key.encode(),
        value=event.model_dump_json().encode() if value == b"" else value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple(headers(event, identity) if given is None else given),
    )


async def make_topic(bootstrap: str, *, partitions: int = 6) -> str:
    """A new topic of a test's own."""
    name = f"test.{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await admin.close()
    return name


async def new_counted(bootstrap: str) -> type[Counted]:
    """The test event, on a topic of its own."""
    name = await make_topic(bootstrap)
    return type("CountedHere", (Counted,), {"topic": name, "__module__": __name__})


async def read_topic(bootstrap: str, topic: str) -> list[ConsumerRecord]:
    """All records of a topic from the beginning to its end as of now, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        numbers = await consumer._client._wait_on_metadata(topic) or ()
        places = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[ConsumerRecord] = []
        for place in places:
            await consumer.seek_to_beginning(place)
        while any([await consumer.position(place) < ends[place] for place in places]):
            batch = await consumer.getmany(timeout_ms=500)
            found += [r for records in batch.values() for r in records]
        return found
    finally:
        await consumer.stop()
