"""The trail of one person's consents: all that was granted and withdrawn, and how we know."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.contacts import Basis, Channel, MessageClass
from shared.postgres import Transaction


@dataclass(frozen=True)
class TrailRow:
    """One line of the ledger as it is shown; `id` is its place."""

    id: int
    message_class: MessageClass
    channel: Channel
    granted: bool
    basis: Basis
    source: str
    evidence: str
    at: datetime
    expires_at: datetime | None


async def trail(
    connection: Transaction, person_id: UUID, *, before: int | None, limit: int
) -> list[TrailRow]:
    """A person's lines, the newest first; those before the line of that id."""
    rows = await connection.fetch(
        "select id, message_class, channel, granted, basis, source, evidence, at, expires_at"
        " from message_consents where person_id = $1 and ($2::bigint is null or id < $2)"
        " order by id desc limit $3",
        person_id,
        before,
        limit,
    )
    return [TrailRow(**row) for row in rows]
