"""An erased person's document leaves a compacted topic, also where nobody else writes."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.topics import TopicSettings, make_topics, topic_config
from services.booking import demo
from services.booking.handlers import erasure
from shared.contracts.catalogue import TOPICS
from shared.contracts.contacts import ContactChanged
from shared.outbox import Relay
from shared.postgres import Database
from tests.integration.booking import front_door
from tests.integration.booking.front_door import FrontDoor
from tests.integration.shared.fabric import read_topic

LAG_MS = 1000
"""In place of a day; all other settings are those of the topics job."""

WITHIN_S = 180.0
"""The broker's cleaner looks every 15 s, on a busy machine later."""

CONTACTS = next(topic for topic in TOPICS if topic.name == ContactChanged.topic)


@pytest.fixture
async def door(booking_db: Database) -> AsyncIterator[FrontDoor]:
    """A front door."""
    async with booking_db.transaction() as tx:
        await demo.add_missing(tx, front_door.SIGNER, now=front_door.NOW)
    async with front_door.opened(booking_db) as opened:
        yield opened


async def quicken(bootstrap: str) -> None:
    """The contacts topic as the job makes it, but for how long a value may stay."""
    settings = TopicSettings.model_validate({"kafka_bootstrap": bootstrap})
    await make_topics(settings)
    short = topic_config(CONTACTS, 1) | {
        "max.compaction.lag.ms": str(LAG_MS),
        "segment.ms": str(LAG_MS),
    }
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, CONTACTS.name, configs=short)]
        )
    finally:
        await admin.close()


async def test_an_erased_persons_document_is_gone_after_the_lag(
    door: FrontDoor, kafka_bootstrap: str
) -> None:
    await quicken(kafka_bootstrap)
    marker = f"zyx{uuid4().hex}"
    relay = Relay(door.db, kafka_bootstrap, source="/limber/booking")
    booked = await door.book(email=f"{marker}@example.org")
    client = UUID(booked["client_id"])
    token = await door.sign_in(f"{marker}@example.org")
    await publish(relay)
    assert await holding(kafka_bootstrap, marker)

    assert 202 == (await door.ask("DELETE", "/v1/me", token=token)).status_code
    deadline = time.monotonic() + WITHIN_S
    while left := await holding(kafka_bootstrap, marker):
        assert time.monotonic() < deadline, f"{left} records still hold the address"
        # What the hourly sweep does.
        async with door.db.transaction() as tx:
            await erasure.sweep_again(tx, now=door.clock())
        await publish(relay)
        await asyncio.sleep(2 * LAG_MS / 1000)
    await relay.close()
    records = await read_topic(kafka_bootstrap, CONTACTS.name)
    assert {None} == {one.value for one in records if one.key == str(client).encode()}


async def publish(relay: Relay) -> None:
    """All that waits."""
    while await relay.publish_batch():
        pass


async def holding(bootstrap: str, marker: str) -> int:
    """How many records of the topic hold a text."""
    return sum(
        marker.encode() in (record.value or b"")
        for record in await read_topic(bootstrap, CONTACTS.name)
    )
