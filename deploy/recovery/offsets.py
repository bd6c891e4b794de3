"""A consumer group goes back in its topics, so that a restored database hears it all again."""

from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.kafka import KafkaAccess

MEMBERS = 5
"""Where a described group names its members, in aiokafka's tuple of the answer."""


class GroupBusyError(Exception):
    """The group has members: they would go on from where they are."""


class UnknownGroupError(Exception):
    """Kafka knows no such group, so there is nothing to set back."""


@dataclass(frozen=True)
class Moved:
    """A partition that is read from another place now; `end` is where its newest record is."""

    topic: str
    partition: int
    before: int
    after: int
    end: int

    @property
    def again(self) -> int:
        """How many records will be read again."""
        return max(self.before - self.after, 0)


async def set_back(kafka: KafkaAccess, group: str, to: datetime) -> list[Moved]:
    """Set a group back to the first record written at `to` or later, in each of its partitions.

    A partition that stands earlier already, or has nothing so new, is left where it is.

    Raises:
        GroupBusyError: a service of the group still runs.
        UnknownGroupError: the group never committed anything.
    """
    committed = await _committed(kafka, group)
    # `assign` takes no part in the group, so the offsets can be set while it is empty.
    consumer = AIOKafkaConsumer(**kafka.client(), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(committed))
        moment = int(to.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(committed, moment))
        ends = await consumer.end_offsets(list(committed))
        moved = [
            Moved(place.topic, place.partition, before, min(before, at.offset), ends[place])
            for place, before in sorted(committed.items())
            if (at := found.get(place)) is not None
        ]
        back = {TopicPartition(m.topic, m.partition): m.after for m in moved if m.again}
        if back:
            await consumer.commit(back)
        return moved
    finally:
        await consumer.stop()


async def _committed(kafka: KafkaAccess, group: str) -> dict[TopicPartition, int]:
    admin = AIOKafkaAdminClient(**kafka.client())
    await admin.start()
    try:
        coordinator = await admin.find_coordinator(group)
        [described] = await admin.describe_consumer_groups([group], coordinator)
        if members := described.groups[0][MEMBERS]:
            raise GroupBusyError(f"{group} has {len(members)} running; stop them first")
        offsets = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    found = {place: at.offset for place, at in offsets.items() if at.offset >= 0}
    if not found:
        raise UnknownGroupError(f"Kafka knows no offsets of {group}")
    return found
