"""Credits as they are answered."""

from uuid import UUID

from services.booking.domain.credits import Entry
from shared.postgres import Transaction


async def balance(connection: Transaction, client_id: UUID) -> dict[str, int]:
    """What is left of each service that the client ever paid for ahead, by service."""
    rows = await connection.fetch(
        "select service, sum(change)::int as left from credits where client_id = $1"
        " group by service order by service",
        client_id,
    )
    return {row["service"]: row["left"] for row in rows}


async def entries(
    connection: Transaction, client_id: UUID, *, before: UUID | None, limit: int
) -> list[Entry]:
    """The lines of a client's credits, newest first, at most `limit + 1`."""
    rows = await connection.fetch(
        "select id, client_id, service, kind, change, booking_id, recorded_by, recorded_at, note"
        " from credits where client_id = $1 and ($2::uuid is null or id < $2)"
        " order by id desc limit $3",
        client_id,
        before,
        limit + 1,
    )
    return [Entry(**row) for row in rows]
