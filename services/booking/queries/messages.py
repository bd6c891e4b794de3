"""Messages as they are shown: of one person, the newest of all, and how many by their state."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.booking.domain.messages import MessageState
from shared.postgres import Transaction


@dataclass(frozen=True)
class MessageRow:
    """A message with the name of whom it is for; None when booking does not know them."""

    recipient_id: UUID
    recipient_name: str | None
    template: str
    channel: str
    state: MessageState
    due_at: datetime | None
    at: datetime


_SELECT = (
    "select m.recipient_id, p.name as recipient_name, m.template, m.channel, m.state, m.due_at,"
    " m.at from messages m left join people p on p.id = m.recipient_id"
)


async def of_person(connection: Transaction, person_id: UUID, *, limit: int) -> list[MessageRow]:
    """What somebody was sent or is to be sent, the newest first."""
    rows = await connection.fetch(
        f"{_SELECT} where m.recipient_id = $1 order by m.at desc, m.id limit $2", person_id, limit
    )
    return [MessageRow(**row) for row in rows]


async def newest(connection: Transaction, *, limit: int) -> list[MessageRow]:
    """The newest messages that failed or may have, then the newest others; `limit` of each."""
    failed = await connection.fetch(
        f"{_SELECT} where m.state in ('failed', 'unknown') order by m.at desc, m.id limit $1", limit
    )
    others = await connection.fetch(
        f"{_SELECT} where m.state not in ('failed', 'unknown') order by m.at desc, m.id limit $1",
        limit,
    )
    return [MessageRow(**row) for row in (*failed, *others)]


async def counts(connection: Transaction, *, since: datetime) -> dict[MessageState, int]:
    """How many messages came into each state since an instant."""
    rows = await connection.fetch(
        "select state, count(*) as many from messages where at >= $1 group by state", since
    )
    return {row["state"]: row["many"] for row in rows}
