"""The access log as its client reads it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class Look:
    """Somebody's look at something of a client. `id` rises in the order of writing."""

    id: int
    at: datetime
    actor_id: UUID
    actor_name: str
    actor_role: str
    what: str


async def looks(
    connection: Transaction, client_id: UUID, *, before: int | None, limit: int
) -> list[Look]:
    """Who saw what of a client, the newest first; those written before one of that id."""
    rows = await connection.fetch(
        "select l.id, l.at, l.actor_id, p.name as actor_name, l.actor_role, l.what"
        " from access_log l join people p on p.id = l.actor_id"
        " where (l.client_id = $1 or l.clients @> array[$1::uuid])"
        " and ($2::bigint is null or l.id < $2) order by l.id desc limit $3",
        client_id,
        before,
        limit,
    )
    return [Look(**row) for row in rows]
