"""Credits: added to and never changed. Counts are exact while the client is locked."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from uuid import UUID

from services.booking.domain.credits import Entry
from shared.identifiers import new_id
from shared.postgres import Transaction


async def left(tx: Transaction, client_id: UUID, service: str) -> int:
    """How many sessions of a service the client has paid for and not used."""
    count: int = await tx.fetchval(
        "select coalesce(sum(change), 0) from credits where client_id = $1 and service = $2",
        client_id,
        service,
    )
    return count


async def add_entry(tx: Transaction, entry: Entry) -> None:
    """Store one line."""
    await tx.execute(
        "insert into credits (id, client_id, service, kind, change, booking_id, recorded_by,"
        " recorded_at, note) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        *astuple(entry),
    )


async def use_for(
    tx: Transaction,
    client_id: UUID,
    service: str,
    booking_ids: Sequence[UUID],
    *,
    now: datetime,
) -> set[UUID]:
    """Use a credit for each booking as long as some are left; returns the bookings that got one."""
    rows = await tx.fetch(
        "insert into credits (id, client_id, service, kind, change, booking_id, recorded_at)"
        " select id, $1, $2, 'used', -1, booking_id, $5"
        " from unnest($3::uuid[], $4::uuid[]) with ordinality as b (id, booking_id, place)"
        " where place <= (select coalesce(sum(change), 0) from credits"
        " where client_id = $1 and service = $2)"
        " returning booking_id",
        client_id,
        service,
        [new_id() for _ in booking_ids],
        booking_ids,
        now,
    )
    return {row["booking_id"] for row in rows}


async def give_back(tx: Transaction, booking_ids: Sequence[UUID], *, now: datetime) -> None:
    """Return the credits that bookings have used; each at most once."""
    await tx.execute(
        "insert into credits (id, client_id, service, kind, change, booking_id, recorded_at)"
        " select n.id, c.client_id, c.service, 'returned', 1, c.booking_id, $3"
        " from unnest($1::uuid[], $2::uuid[]) as n (id, booking_id)"
        " join credits c on c.booking_id = n.booking_id and c.kind = 'used'"
        " on conflict (booking_id, kind) where booking_id is not null do nothing",
        [new_id() for _ in booking_ids],
        booking_ids,
        now,
    )
