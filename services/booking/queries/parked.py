"""What booking could not handle: parked records and their keys, newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class ParkedKey:
    """A lane that stands still, and how many records wait in it."""

    topic: str
    key: str
    at: datetime
    waiting: int


@dataclass(frozen=True)
class ParkedRecord:
    """A record that could not be handled; nothing of what is in it."""

    id: UUID
    topic: str
    partition: int
    offset: int
    key: str | None
    error: str
    at: datetime
    replay_requested: bool


async def keys(connection: Transaction, *, limit: int) -> list[ParkedKey]:
    """The parked keys."""
    rows = await connection.fetch(
        "select k.topic, k.key, k.parked_at as at, (select count(*) from dead_letters d"
        "  where d.topic = k.topic and d.key = k.key) as waiting"
        " from parked_keys k order by k.parked_at desc, k.topic, k.key limit $1",
        limit,
    )
    return [ParkedKey(**row) for row in rows]


async def records(connection: Transaction, *, limit: int) -> list[ParkedRecord]:
    """Records with an error of their own; those that only wait behind one are not told."""
    rows = await connection.fetch(
        'select id, topic, partition, "offset", key, error, failed_at as at,'
        " replay_requested_at is not null as replay_requested"
        " from dead_letters where error is not null"
        ' order by failed_at desc, topic, partition, "offset" limit $1',
        limit,
    )
    return [ParkedRecord(**row) for row in rows]
