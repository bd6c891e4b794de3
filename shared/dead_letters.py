"""Dead letters: a record that cannot be handled parks its key; later records of that key wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from shared.identifiers import new_id
from shared.postgres import Transaction
from shared.records import record_key

Parking = tuple[str, str]
"""(topic, key): the lane that stops when one of its records cannot be handled."""


@dataclass(frozen=True)
class DeadLetter:
    """A parked record as operators see it. `behind` counts the records that wait behind it."""

    id: UUID
    service: str
    topic: str
    partition: int
    offset: int
    key: str | None
    error: str | None
    at: datetime
    behind: int


def lane(record: ConsumerRecord) -> Parking | None:
    """The lane a record travels in; None without a key."""
    key = record_key(record)
    return None if key is None else (record.topic, key)


async def parked_among(tx: Transaction, lanes: Iterable[Parking]) -> set[Parking]:
    """Which of the lanes are parked; they stay so until the transaction ends."""
    wanted = sorted(set(lanes))
    rows = await tx.fetch(
        "select topic, key from parked_keys"
        " where (topic, key) in (select * from unnest($1::text[], $2::text[])) for key share",
        [topic for topic, _ in wanted],
        [key for _, key in wanted],
    )
    return {(row["topic"], row["key"]) for row in rows}


async def park(
    tx: Transaction, record: ConsumerRecord, error: str | None, *, now: datetime
) -> None:
    """Keep a record as it came and stop its lane. `error` is None for one that only waits."""
    key = record_key(record)
    if key is not None:
        await tx.execute(
            "insert into parked_keys (topic, key, parked_at) values ($1, $2, $3)"
            " on conflict do nothing",
            record.topic,
            key,
            now,
        )
    await tx.execute(
        "insert into dead_letters"
        ' (id, topic, partition, "offset", key, raw_key, headers, value, error, failed_at)'
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        ' on conflict (topic, partition, "offset") do nothing',
        new_id(),
        record.topic,
        record.partition,
        record.offset,
        key,
        record.key,
        [[name, None if value is None else value.hex()] for name, value in record.headers],
        record.value,
        error,
        now,
    )


async def forget(tx: Transaction, key: str) -> None:
    """Delete all that is parked under a key, on every topic, and open its lanes."""
    await tx.execute(
        "with gone as (delete from dead_letters where key = $1)"
        " delete from parked_keys where key = $1",
        key,
    )


async def list_parked(connection: asyncpg.Connection, service: str) -> list[DeadLetter]:
    """All parked records in the schema of the connection, oldest first."""
    rows = await connection.fetch(
        'select id, topic, partition, "offset", key, error, failed_at as at,'
        " case when key is null then 0 else"
        ' count(*) over (partition by topic, key order by partition desc, "offset" desc) - 1 end'
        ' as behind from dead_letters order by failed_at, partition, "offset"'
    )
    return [DeadLetter(service=service, **row) for row in rows]


async def show_parked(connection: asyncpg.Connection, letter: UUID) -> dict[str, Any] | None:
    """Raw headers ([name, bytes or None]) and value of one parked record."""
    row = await connection.fetchrow(
        "select headers, value, raw_key from dead_letters where id = $1",
        letter,
    )
    if row is None:
        return None
    return {
        "key": row["raw_key"],
        "headers": [[n, None if v is None else bytes.fromhex(v)] for n, v in row["headers"]],
        "value": row["value"],
    }


async def request_replay(
    connection: asyncpg.Connection,
    *,
    now: datetime,
    letter: UUID | None = None,
    key: str | None = None,
) -> set[UUID]:
    """Ask the service to handle parked records again, in order per key; returns which.

    With `letter` its whole lane is asked for, since order would break otherwise; with `key` every
    lane of that key; with neither all lanes.
    """
    rows = await connection.fetch(
        "update dead_letters set replay_requested_at = $1 where"
        " ($2::uuid is null or id = $2 or (topic, key) in"
        " (select topic, key from dead_letters where id = $2 and key is not null))"
        " and ($3::text is null or key = $3) returning id",
        now,
        letter,
        key,
    )
    return {row["id"] for row in rows}


async def awaiting_replay(connection: asyncpg.Connection) -> set[UUID]:
    """Parked records whose replay was asked for and has not been tried yet."""
    rows = await connection.fetch(
        "select id from dead_letters where replay_requested_at is not null"
    )
    return {row["id"] for row in rows}


async def discard(connection: asyncpg.Connection, letter: UUID) -> bool:
    """Drop one parked record for good; those behind it are asked for again. False if unknown."""
    async with connection.transaction():
        row = await connection.fetchrow(
            "delete from dead_letters where id = $1 returning topic, key",
            letter,
        )
        if row is not None and row["key"] is not None:
            await connection.execute(
                "update dead_letters set replay_requested_at = now() where topic = $1 and key = $2",
                row["topic"],
                row["key"],
            )
            await _open_if_empty(connection, row["topic"], row["key"])
    return row is not None


@dataclass(frozen=True)
class Parked:
    """A parked record with all that is needed to handle it again."""

    id: UUID
    record: ConsumerRecord


async def lanes_to_replay(tx: Transaction) -> list[tuple[str, str | None]]:
    """Lanes with a replay asked for, oldest request first; key None stands for keyless records."""
    rows = await tx.fetch(
        "select topic, key from dead_letters where replay_requested_at is not null"
        " group by topic, key order by min(replay_requested_at)"
    )
    return [(row["topic"], row["key"]) for row in rows]


async def next_to_replay(tx: Transaction, topic: str, key: str | None) -> Parked | None:
    """The first record of a lane if its replay was asked for; the lane is locked meanwhile."""
    if key is not None:
        await tx.execute(
            "select from parked_keys where topic = $1 and key = $2 for update", topic, key
        )
    row = await tx.fetchrow(
        'select id, topic, partition, "offset", raw_key, headers, value, replay_requested_at'
        " from dead_letters where topic = $1 and key is not distinct from $2"
        " and (key is not null or replay_requested_at is not null)"
        ' order by partition, "offset" limit 1 for update',
        topic,
        key,
    )
    if row is None or row["replay_requested_at"] is None:
        return None
    headers: Sequence[tuple[str, bytes | None]] = tuple(
        (name, None if value is None else bytes.fromhex(value)) for name, value in row["headers"]
    )
    record = ConsumerRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        timestamp=0,
        timestamp_type=0,
        key=row["raw_key"],
        value=row["value"],
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=headers,
    )
    return Parked(row["id"], record)


async def handled(tx: Transaction, letter: UUID, topic: str, key: str | None) -> None:
    """Forget a record that was handled; an empty lane is open again."""
    await tx.execute("delete from dead_letters where id = $1", letter)
    if key is not None:
        await _open_if_empty(tx, topic, key)


async def _open_if_empty(connection: asyncpg.Connection, topic: str, key: str) -> None:
    await connection.execute(
        "delete from parked_keys p where topic = $1 and key = $2 and not exists"
        " (select from dead_letters d where d.topic = p.topic and d.key = p.key)",
        topic,
        key,
    )


async def failed_again(tx: Transaction, letter: UUID, error: str, *, now: datetime) -> None:
    """Note why the replay failed; the whole lane waits for the next request."""
    await tx.execute(
        "update dead_letters set error = $2, failed_at = $3 where id = $1", letter, error, now
    )
    await tx.execute(
        "update dead_letters d set replay_requested_at = null from dead_letters f"
        " where f.id = $1 and d.topic = f.topic and d.key is not distinct from f.key"
        " and (d.key is not null or d.id = f.id)",
        letter,
    )
