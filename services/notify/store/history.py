"""Messages as staff look at them: what was sent, what is to be sent, and how each attempt ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared import outbox
from shared.contracts.messages import MessageCancelled, MessageSent
from shared.postgres import Transaction

_COLUMNS = (
    "id, template, class as message_class, channel, recipient_id, booking_id, state, reason,"
    " waits_for, due_at, expires_at, created_at, updated_at, sent_at, attempts"
)

CALLED_OFF = "called off by staff"


@dataclass(frozen=True)
class Wanted:
    """Which messages: all that is given must fit."""

    recipient_id: UUID | None = None
    state: str | None = None
    template: str | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Listed:
    """A message without what it says."""

    id: UUID
    template: str
    message_class: str
    channel: str
    recipient_id: UUID
    booking_id: UUID | None
    state: str
    reason: str | None
    waits_for: str | None
    due_at: datetime
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    attempts: int


async def listed(
    connection: Transaction, wanted: Wanted, *, after: UUID | None, limit: int
) -> list[Listed]:
    """Messages, those scheduled last first: ids sort by birth."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from deliveries"  # noqa: S608 - columns of ours
        " where ($1::uuid is null or recipient_id = $1) and ($2::text is null or state = $2)"
        " and ($3::text is null or template = $3) and ($4::text is null or channel = $4)"
        " and ($5::uuid is null or id < $5) order by id desc limit $6",
        wanted.recipient_id,
        wanted.state,
        wanted.template,
        wanted.channel,
        after,
        limit,
    )
    return [Listed(**row) for row in rows]


async def find(connection: Transaction, message_id: UUID) -> Listed | None:
    """A message."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from deliveries where id = $1",  # noqa: S608 - columns of ours
        message_id,
    )
    return None if row is None else Listed(**row)


async def attempts(connection: Transaction, message_id: UUID) -> Sequence[dict[str, Any]]:
    """How each attempt to send a message went, in order."""
    rows = await connection.fetch(
        "select number, provider, started_at, finished_at, outcome, code, status, reference"
        " from attempts where delivery_id = $1 order by number",
        message_id,
    )
    return [dict(row) for row in rows]


async def call_off(tx: Transaction, message_id: UUID, *, now: datetime) -> bool:
    """Call off a message that has not gone out and need not; False when it is too late for that."""
    row = await tx.fetchrow(
        "update deliveries set state = 'cancelled', reason = $2, waits_for = null, updated_at = $3"
        " where id = $1 and state in ('scheduled', 'retrying') and class <> 'essential'"
        " returning id, recipient_id, template, channel, class, booking_id",
        message_id,
        CALLED_OFF,
        now,
    )
    if row is None:
        return False
    fact = MessageCancelled(reason=CALLED_OFF, at=now, **_told(row))
    await outbox.add(tx, [fact], now=now)
    return True


async def by_reference(connection: Transaction, reference: str) -> UUID | None:
    """The message that a provider knows by this name."""
    found: UUID | None = await connection.fetchval(
        "select delivery_id from attempts where reference = $1 limit 1", reference
    )
    return found


async def by_key(
    connection: Transaction,
    template: str,
    subject_id: UUID,
    subject_version: int,
    recipient_id: UUID,
) -> UUID | None:
    """The mail whose Message-ID is made of these."""
    found: UUID | None = await connection.fetchval(
        "select id from deliveries where template = $1 and subject_id = $2"
        " and subject_version = $3 and channel = 'email' and recipient_id = $4",
        template,
        subject_id,
        subject_version,
        recipient_id,
    )
    return found


async def arrived(tx: Transaction, message_id: UUID, *, now: datetime) -> bool:
    """A message whose fate was unknown did arrive; False for every other one."""
    row = await tx.fetchrow(
        "update deliveries set state = 'sent', reason = null, sent_at = coalesce(sent_at, $2),"
        " updated_at = $2 where id = $1 and state = 'unknown'"
        " returning id, recipient_id, template, channel, class, booking_id",
        message_id,
        now,
    )
    if row is None:
        return False
    await outbox.add(tx, [MessageSent(at=now, **_told(row))], now=now)
    return True


async def recipient(
    connection: Transaction, message_id: UUID
) -> tuple[UUID, str, str | None] | None:
    """Who a message is for, by which channel, and that channel's address of theirs today."""
    row = await connection.fetchrow(
        "select d.recipient_id, d.channel,"
        " case d.channel when 'email' then c.email when 'sms' then c.phone end as address"
        " from deliveries d left join contacts c on c.person_id = d.recipient_id where d.id = $1",
        message_id,
    )
    return None if row is None else (row["recipient_id"], row["channel"], row["address"])


def _told(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "message_id": row["id"],
        "recipient_id": row["recipient_id"],
        "template": row["template"],
        "channel": row["channel"],
        "message_class": row["class"],
        "booking_id": row["booking_id"],
    }
