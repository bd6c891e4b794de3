"""What became of each message, as notify told it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.booking.domain.messages import MessageState
from shared.postgres import Transaction


@dataclass(frozen=True)
class Message:
    """A message to somebody; `at` is when its state began, `due_at` when it was to go out."""

    id: UUID
    recipient_id: UUID
    template: str
    channel: str
    booking_id: UUID | None
    state: MessageState
    due_at: datetime | None
    at: datetime


async def keep(tx: Transaction, messages: Collection[Message]) -> None:
    """Store the newest state of each of these, all in one statement.

    What is older than the stored state changes nothing; a moment once known to be due stays known.
    """
    # In one order, so that two replicas never wait for each other.
    rows = sorted(messages, key=lambda one: one.id)
    await tx.execute(
        "insert into messages as m (id, recipient_id, template, channel, booking_id, state, due_at,"
        " at) select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[],"
        " $6::text[], $7::timestamptz[], $8::timestamptz[])"
        " on conflict (id) do update set state = excluded.state, at = excluded.at,"
        " due_at = coalesce(excluded.due_at, m.due_at) where m.at <= excluded.at",
        [one.id for one in rows],
        [one.recipient_id for one in rows],
        [one.template for one in rows],
        [one.channel for one in rows],
        [one.booking_id for one in rows],
        [one.state for one in rows],
        [one.due_at for one in rows],
        [one.at for one in rows],
    )
