"""Kafka: brokers, topics as the catalogue has them, and how far each group has come."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from deploy.doctor import Finding, fail, ok, warn
from deploy.migrate import SERVICES
from deploy.topics import topic_config
from shared.contracts.catalogue import PARTITIONS, TOPICS
from shared.kafka import KafkaAccess

ANSWER_TIMEOUT_S = 8.0

LAG = 1000
"""As the alert ConsumerLagging: five full batches."""

SAFE_BROKERS = 3
"""From three on a topic can live on three of them."""


Described = Mapping[str, Any]
"""A topic as the broker describes it."""


async def look(kafka: KafkaAccess) -> AsyncIterator[Finding]:
    """All checks of the brokers; only the first where none answers."""
    admin = AIOKafkaAdminClient(**kafka.client(), request_timeout_ms=int(ANSWER_TIMEOUT_S * 1000))
    try:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await admin.start()
                cluster = await admin.describe_cluster()
                found = {one["topic"]: one for one in await admin.describe_topics()}
                configs = await _configs(admin, found)
        except (KafkaError, OSError, TimeoutError) as fault:
            yield fail(
                "kafka",
                f"does not answer ({type(fault).__name__})",
                "Start it, or set LIMBER_KAFKA_BOOTSTRAP; docs/runbooks/part-unreachable.md.",
            )
            return
        brokers = len(cluster["brokers"])
        yield ok("kafka", f"{brokers} broker{'s' if brokers > 1 else ''}")
        for topic in TOPICS:
            yield _topic(topic.name, found.get(topic.name), configs.get(topic.name, {}), brokers)
        if all(topic.name in found for topic in TOPICS):
            async for finding in _groups(admin, kafka):
                yield finding
    finally:
        await admin.close()


async def _configs(
    admin: AIOKafkaAdminClient, found: Mapping[str, Described]
) -> dict[str, dict[str, str]]:
    wanted = [
        ConfigResource(ConfigResourceType.TOPIC, one.name) for one in TOPICS if one.name in found
    ]
    answers = await admin.describe_configs(wanted) if wanted else []
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }


def _topic(name: str, found: Described | None, config: dict[str, str], brokers: int) -> Finding:
    check = f"topic {name}"
    if found is None:
        return fail(check, "is missing", "Run the topics job: python -m deploy.topics.")
    partitions = found["partitions"]
    if len(partitions) != PARTITIONS:
        told = f"has {len(partitions)} partitions, not {PARTITIONS}"
        return fail(check, told, "Never add any: keys would lose their order. Make it anew.")
    thin = [one["partition"] for one in partitions if len(one["isr"]) < len(one["replicas"])]
    if thin:
        return fail(
            check,
            f"partitions {thin} miss a replica",
            "Bring the missing broker back before another one goes.",
        )
    topic = next(one for one in TOPICS if one.name == name)
    wanted = topic_config(topic, int(config.get("min.insync.replicas", "1")))
    if other := {key for key, value in wanted.items() if config.get(key) != value}:
        told = ", ".join(f"{key}={config.get(key)} not {wanted[key]}" for key in sorted(other))
        return fail(check, told, "Run the topics job: python -m deploy.topics.")
    replicas = len(partitions[0]["replicas"])
    if brokers >= SAFE_BROKERS and (replicas < SAFE_BROKERS or wanted["min.insync.replicas"] < "2"):
        return warn(
            check,
            f"{replicas} replicas, {wanted['min.insync.replicas']} in sync at least",
            "Set LIMBER_KAFKA_REPLICATION=3 and LIMBER_KAFKA_MIN_INSYNC_REPLICAS=2.",
        )
    return ok(check, f"{PARTITIONS} partitions, {replicas} replica{'s' if replicas > 1 else ''}")


async def _groups(admin: AIOKafkaAdminClient, kafka: KafkaAccess) -> AsyncIterator[Finding]:
    consumer = AIOKafkaConsumer(**kafka.client(), group_id=None)
    await consumer.start()
    try:
        for service in SERVICES:
            topics = [topic.name for topic in TOPICS if service in topic.readers]
            places = [TopicPartition(name, n) for name in topics for n in range(PARTITIONS)]
            ends = await consumer.end_offsets(places)
            firsts = await consumer.beginning_offsets(places)
            reached = await admin.list_consumer_group_offsets(service)
            lag = sum(
                max(
                    end - (reached[place].offset if place in reached else firsts[place]),
                    0,
                )
                for place, end in ends.items()
            )
            yield _group(service, lag, await _members(admin, service))
    except (KafkaError, TimeoutError) as fault:
        yield warn("groups", f"cannot be read ({type(fault).__name__})", "Look again in a moment.")
    finally:
        await consumer.stop()


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    [answer] = await admin.describe_consumer_groups([group])
    return sum(len(found[5]) for found in answer.groups)


def _group(service: str, lag: int, members: int) -> Finding:
    check = f"{service} consumer"
    if not members:
        return fail(
            check,
            f"nobody is in the group; {lag} records wait",
            f"Start {service}; docs/runbooks/service-down.md.",
        )
    if lag > LAG:
        return warn(check, f"{lag} records wait", "docs/runbooks/consumer-lagging.md")
    return ok(check, f"{members} in the group, {lag} records wait")
