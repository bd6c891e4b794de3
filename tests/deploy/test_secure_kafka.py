"""Kafka with TLS, names and rights: who may do what, tried on a real broker."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from confluent_kafka import (
    Consumer,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka import (
    KafkaError as Fault,
)
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from faststream.kafka import KafkaBroker
from pydantic import SecretStr

from deploy.acls import give_access
from deploy.kafka.principals import PRINCIPALS
from deploy.topics import make_topics
from shared.contracts.catalogue import TOPICS
from shared.kafka import KafkaAccess
from shared.kafka_broker import broker_arguments
from tests import servers
from tests.deploy import secure_kafka
from tests.deploy.secure_kafka import SecureKafka

pytestmark = pytest.mark.skipif(
    not servers.engine_has_images(), reason="no container engine has Kafka's image"
)

EVERY = {topic.name for topic in TOPICS}
STREAMS = {"booking.events", "progress.events", "notify.events"}

MAY_READ = {
    "booking": {"progress.events", "progress.views", "notify.events"},
    "notify": {"booking.events", "booking.contacts", "progress.events", "notify.events"},
    "progress": {"booking.events", "booking.submissions"},
    "analyst": STREAMS,
    "operator": EVERY,
    "scaler": set[str](),
}
MAY_WRITE = {
    "booking": {"booking.events", "booking.contacts", "booking.submissions"},
    "notify": {"notify.events"},
    "progress": {"progress.events", "progress.views"},
    "analyst": set[str](),
    "operator": set[str](),
    "scaler": set[str](),
}
GROUPS = ("booking", "notify", "progress", "analysts-lead-time", "lead-time")
MAY_JOIN = {
    "booking": {"booking"},
    "notify": {"notify"},
    "progress": {"progress"},
    "analyst": {"analysts-lead-time"},
    "operator": set[str](),
    "scaler": set[str](),
}

ANSWER_S = 60.0
"""Longer than any answer of a broker on this machine takes."""


@pytest.fixture(scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SecureKafka]:
    with secure_kafka.running(tmp_path_factory.mktemp("secure")) as found:
        await make_topics(found.topics())
        give_access(found.access())
        yield found


def readable(access: KafkaAccess) -> set[str]:
    """The topics this name may read, each tried."""
    reader = Consumer({
        **access.librdkafka(),
        "group.id": "analysts-x",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    })  # fmt: skip
    found: set[str | None] = set()
    refused: set[str | None] = set()
    try:
        for topic in EVERY:
            fault = reader.list_topics(topic, timeout=ANSWER_S).topics[topic].error
            if fault is not None and fault.code() == Fault.TOPIC_AUTHORIZATION_FAILED:
                refused.add(topic)
        # What a name may not even see is not fetched by the client; the others are tried.
        reader.assign([TopicPartition(topic, 0, 0) for topic in EVERY - refused])
        while found | refused != EVERY:
            message = reader.poll(ANSWER_S)
            assert message is not None, "the broker did not answer"
            fault = message.error()
            if fault is not None and fault.code() == Fault.TOPIC_AUTHORIZATION_FAILED:
                refused.add(message.topic())
            elif fault is None or fault.code() == Fault._PARTITION_EOF:
                found.add(message.topic())
    finally:
        reader.close()
    return {str(name) for name in found}


def writable(access: KafkaAccess) -> set[str]:
    """The topics this name may write, each tried."""
    found = set()
    writer = Producer(access.librdkafka())

    def answered(fault: Fault | None, message: Message) -> None:
        assert fault is None or fault.code() == Fault.TOPIC_AUTHORIZATION_FAILED
        if fault is None:
            found.add(str(message.topic()))

    for topic in EVERY:
        writer.produce(topic, b"{}", key=b"k", partition=0, on_delivery=answered)
    assert 0 == writer.flush(ANSWER_S)
    return found


def joinable(access: KafkaAccess) -> set[str]:
    """The groups of which this name may be a member, each tried."""
    return {group for group in GROUPS if _joins(access, group)}


def _joins(access: KafkaAccess, group: str) -> bool:
    reader = Consumer({**access.librdkafka(), "group.id": group, "auto.offset.reset": "latest"})
    given = threading.Event()
    try:
        reader.subscribe(["booking.events"], on_assign=lambda *_: given.set())
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            message = reader.poll(0.5)
            fault = message.error() if message is not None else None
            if fault is not None and fault.code() == Fault.GROUP_AUTHORIZATION_FAILED:
                return False
            if given.is_set():
                return True
    finally:
        reader.close()
    raise AssertionError(f"the broker did not answer about {group}")


@pytest.mark.parametrize("name", PRINCIPALS)
async def test_a_name_may_do_what_its_work_needs_and_nothing_more(
    kafka: SecureKafka, name: str
) -> None:
    access = kafka.as_(name)

    assert MAY_WRITE[name] == await asyncio.to_thread(writable, access)
    assert MAY_READ[name] == await asyncio.to_thread(readable, access)


@pytest.mark.parametrize("name", ["analyst", "notify"])
async def test_a_name_is_a_member_of_its_own_groups_alone(kafka: SecureKafka, name: str) -> None:
    # A right on the topic is asked first; both names may read booking.events.
    assert MAY_JOIN[name] == await asyncio.to_thread(joinable, kafka.as_(name))


async def test_a_service_publishes_and_consumes_through_tls(kafka: SecureKafka) -> None:
    heard: asyncio.Queue[object] = asyncio.Queue()
    broker = KafkaBroker(
        **broker_arguments(kafka.as_("notify")), apply_types=False, allow_auto_create_topics=False
    )

    @broker.subscriber("booking.events", group_id="notify", auto_offset_reset="earliest")
    async def hear(message: object) -> None:
        await heard.put(message)

    producer = AIOKafkaProducer(
        **kafka.as_("booking").client(), enable_idempotence=True, acks="all"
    )
    async with broker, producer:
        await broker.start()
        await producer.send_and_wait("booking.events", b'{"n": 1}', key=b"k")

        async with asyncio.timeout(2 * ANSWER_S):
            # Other tests write to this topic, too.
            while await heard.get() != {"n": 1}:
                continue


async def test_a_wrong_password_an_unknown_name_and_a_foreign_authority_are_refused(
    kafka: SecureKafka,
) -> None:
    good = kafka.as_("booking")
    strangers = [
        replace(good, password=SecretStr("guessed")),
        replace(good, user="nobody"),
        replace(good, ca_file=None),
        replace(good, protocol="PLAINTEXT"),
        replace(good, protocol="SSL"),
    ]

    for stranger in strangers:
        producer = AIOKafkaProducer(**stranger.client(), request_timeout_ms=3_000)
        try:
            with pytest.raises((KafkaError, OSError)):
                async with asyncio.timeout(ANSWER_S):
                    await producer.start()
        finally:
            await producer.stop()


async def test_without_a_certificate_nobody_reaches_the_listener_of_brokers_and_jobs(
    kafka: SecureKafka,
) -> None:
    job = kafka.topics().kafka
    producer = AIOKafkaProducer(**replace(job, certificate_file=None).client())
    try:
        with pytest.raises((KafkaError, OSError)):
            async with asyncio.timeout(ANSWER_S):
                await producer.start()
    finally:
        await producer.stop()


async def test_a_second_run_takes_away_what_somebody_gave_by_hand(kafka: SecureKafka) -> None:
    admin = AdminClient({**kafka.topics().kafka.librdkafka()})
    gift = AclBinding(
        ResourceType.TOPIC,
        "booking.contacts",
        ResourcePatternType.LITERAL,
        "User:analyst",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    admin.create_acls([gift])[gift].result(ANSWER_S)

    assert (0, 1) == give_access(kafka.access())
    assert (0, 0) == give_access(kafka.access())
