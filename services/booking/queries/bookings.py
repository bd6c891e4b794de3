"""Bookings as they are answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class BookingRow:
    """A booking with all its people may see."""

    id: UUID
    version: int
    status: str
    service: str
    mode: str
    trainer_id: UUID
    trainer_name: str
    client_id: UUID
    client_name: str
    start: datetime
    end: datetime
    tz: str
    join_url: str | None
    address: dict[str, Any] | None
    updated_at: datetime


_SELECT = (
    "select b.id, b.version, b.status, b.service, b.mode, b.trainer_id, t.name as trainer_name,"
    " b.client_id, c.name as client_name, b.start_at as start,"
    ' b.end_at as "end", b.tz, b.join_url, b.address, b.updated_at'
    " from bookings b join people t on t.id = b.trainer_id join people c on c.id = b.client_id"
)


async def find(connection: Transaction, booking_id: UUID) -> BookingRow | None:
    """One booking."""
    row = await connection.fetchrow(f"{_SELECT} where b.id = $1", booking_id)
    return BookingRow(**row) if row else None


async def versions(connection: Transaction, client_id: UUID) -> dict[UUID, int]:
    """The version of each of a client's bookings, in the order of their last changes."""
    rows = await connection.fetch(
        "select id, version from bookings where client_id = $1 order by updated_at, id", client_id
    )
    return {row["id"]: row["version"] for row in rows}
