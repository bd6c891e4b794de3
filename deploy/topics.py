"""The topics job: makes missing topics and brings the settings of existing ones up to date."""

import asyncio
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from pydantic_settings import SettingsConfigDict

from shared.contracts.catalogue import PARTITIONS, TOPICS, Topic
from shared.settings import KafkaSettings

MAX_MESSAGE_BYTES = 1024 * 1024
"""Twice the largest event that `shared.outbox` lets through."""


COMPACTED_WITHIN_MS = 24 * 3600 * 1000
"""Milliseconds: an erased person's old document is gone from the disk a day after its tombstone.
Without a bound Kafka may keep it for as long as little is written. A segment lives as long, for
the one that is written to is never compacted."""

TOMBSTONES_KEPT_MS = 7 * 24 * 3600 * 1000
"""Milliseconds: a consumer that was away for a week still learns who was erased."""


class TopicSettings(KafkaSettings):
    """Where to make the topics (LIMBER_*). A cluster of three sets replication 3, min ISR 2."""

    model_config = SettingsConfigDict(env_prefix="LIMBER_")

    kafka_replication: int = 1
    kafka_min_insync_replicas: int = 1


class WrongPartitionsError(Exception):
    """A topic has another number of partitions; changing it would reorder its keys."""


def topic_config(topic: Topic, min_insync: int) -> dict[str, str]:
    """The broker's settings of a topic."""
    config = {
        "min.insync.replicas": str(min_insync),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
    }
    if topic.compacted:
        return config | {
            "cleanup.policy": "compact",
            "max.compaction.lag.ms": str(COMPACTED_WITHIN_MS),
            "segment.ms": str(COMPACTED_WITHIN_MS),
            "delete.retention.ms": str(TOMBSTONES_KEPT_MS),
        }
    return config | {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_days * 24 * 3600 * 1000),
    }


async def make_topics(settings: TopicSettings) -> list[str]:
    """Make what is missing; returns the names made.

    Raises:
        WrongPartitionsError: an existing topic has another number of partitions.
    """
    admin = AIOKafkaAdminClient(**settings.kafka.client())
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in TOPICS if topic.name not in existing]
        if missing:
            answer = await admin.create_topics(
                [
                    NewTopic(
                        topic.name,
                        PARTITIONS,
                        settings.kafka_replication,
                        topic_configs=topic_config(topic, settings.kafka_min_insync_replicas),
                    )
                    for topic in missing
                ]
            )
            for name, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise for_code(code)(name)
        for found in await admin.describe_topics([topic.name for topic in TOPICS]):
            if len(found["partitions"]) not in (0, PARTITIONS):
                raise WrongPartitionsError(
                    f"{found['topic']} has {len(found['partitions'])} partitions, not {PARTITIONS}"
                )
        await admin.alter_configs(
            [
                ConfigResource(
                    ConfigResourceType.TOPIC,
                    topic.name,
                    configs=topic_config(topic, settings.kafka_min_insync_replicas),
                )
                for topic in TOPICS
            ]
        )
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def main() -> None:
    """Make the topics, and say which were missing."""
    try:
        made = asyncio.run(make_topics(TopicSettings()))
    except WrongPartitionsError as fault:
        sys.exit(f"topics: {fault}")
    print("\n".join(made) or "all topics are there")


if __name__ == "__main__":
    main()
