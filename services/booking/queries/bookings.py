"""Bookings as they are answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class BookingRow:
    """A booking with all its people may see.

    `late` and `because` speak of a cancellation; `goal` and `cancel_reason` are sealed, for trainer
    and staff alone; `credit` is whether a session paid for ahead is used for it.
    """

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
    series_id: UUID | None
    late: bool
    because: str | None
    goal: str | None
    cancel_reason: str | None
    credit: bool
    updated_at: datetime


_SELECT = (
    "select b.id, b.version, b.status, b.service, b.mode, b.trainer_id, t.name as trainer_name,"
    " b.client_id, c.name as client_name, b.start_at as start,"
    ' b.end_at as "end", b.tz, b.join_url, b.address, b.updated_at, b.series_id, b.late,'
    " b.cancelled_because as because, b.goal, b.cancel_reason,"
    " coalesce((select sum(change) from credits where booking_id = b.id), 0) < 0 as credit"
    " from bookings b join people t on t.id = b.trainer_id join people c on c.id = b.client_id"
)


async def find(connection: Transaction, booking_id: UUID) -> BookingRow | None:
    """One booking."""
    row = await connection.fetchrow(f"{_SELECT} where b.id = $1", booking_id)
    return BookingRow(**row) if row else None


async def of_client(
    connection: Transaction,
    client_id: UUID,
    *,
    since: datetime | None,
    until: datetime | None,
    statuses: Sequence[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[BookingRow]:
    """A client's bookings that begin from `since` to before `until`, newest first.

    At most `limit + 1`, after the one with the start and id in `before`; no status means all.
    """
    start, booking_id = before or (None, None)
    rows = await connection.fetch(
        f"{_SELECT} where b.client_id = $1"
        " and ($2::timestamptz is null or b.start_at >= $2)"
        " and ($3::timestamptz is null or b.start_at < $3)"
        " and (cardinality($4::text[]) = 0 or b.status = any($4))"
        " and ($5::timestamptz is null or (b.start_at, b.id) < ($5, $6))"
        " order by b.start_at desc, b.id desc limit $7",
        client_id,
        since,
        until,
        statuses,
        start,
        booking_id,
        limit + 1,
    )
    return [BookingRow(**row) for row in rows]


async def of_series(connection: Transaction, series_id: UUID) -> list[BookingRow]:
    """The bookings of a series, in the order of its dates."""
    rows = await connection.fetch(
        f"{_SELECT} where b.series_id = $1 order by b.series_number", series_id
    )
    return [BookingRow(**row) for row in rows]


async def with_text(connection: Transaction, client_id: UUID, *, limit: int) -> list[BookingRow]:
    """The newest bookings with a goal, or a reason for their cancellation."""
    rows = await connection.fetch(
        f"{_SELECT} where b.client_id = $1 and (b.goal is not null or b.cancel_reason is not null)"
        " order by b.start_at desc, b.id desc limit $2",
        client_id,
        limit,
    )
    return [BookingRow(**row) for row in rows]


async def versions(connection: Transaction, client_id: UUID) -> dict[UUID, int]:
    """The version of each of a client's bookings, in the order of their last changes."""
    rows = await connection.fetch(
        "select id, version from bookings where client_id = $1 order by updated_at, id", client_id
    )
    return {row["id"]: row["version"] for row in rows}
