"""The waitlist as it is shown: to its people, and to staff as a list."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.booking.domain.waitlist import Status
from shared.contracts.booking import Mode
from shared.postgres import Transaction


@dataclass(frozen=True)
class Named:
    """Somebody with their name."""

    id: UUID
    name: str


@dataclass(frozen=True)
class OfferRow:
    """A time that is kept for who waited."""

    hold_id: UUID
    trainer: Named
    start: datetime
    end: datetime
    expires_at: datetime


@dataclass(frozen=True)
class WaitingRow:
    """A place on the waitlist with its names and its open offer."""

    id: UUID
    client: Named
    service: str
    mode: Mode
    first_day: date
    last_day: date
    tz: str
    status: Status
    created_at: datetime
    trainer: Named | None
    offer: OfferRow | None


_SELECT = (
    "select w.id, w.service, w.mode, w.first_day, w.last_day, w.tz, w.status, w.created_at,"
    " w.client_id, c.name as client_name, w.trainer_id, t.name as trainer_name,"
    " o.hold_id, o.trainer_id as offer_trainer_id, p.name as offer_trainer_name,"
    " o.start_at, o.end_at, o.expires_at"
    " from waitlist w join people c on c.id = w.client_id"
    " left join people t on t.id = w.trainer_id"
    " left join waitlist_offers o on o.waitlist_id = w.id and o.status = 'open'"
    " left join people p on p.id = o.trainer_id"
)


async def find(tx: Transaction, entry_id: UUID) -> WaitingRow | None:
    """One place on the waitlist."""
    row = await tx.fetchrow(f"{_SELECT} where w.id = $1", entry_id)
    return _waiting(row) if row else None


async def listed(
    tx: Transaction,
    *,
    status: Status | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[WaitingRow]:
    """Places after that one (when it was made, its id), the oldest first."""
    rows = await tx.fetch(
        f"{_SELECT} where ($1::text is null or w.status = $1)"
        " and ($2::timestamptz is null or (w.created_at, w.id) > ($2, $3::uuid))"
        " order by w.created_at, w.id limit $4",
        status,
        *(after or (None, None)),
        limit,
    )
    return [_waiting(row) for row in rows]


def _waiting(row: asyncpg.Record) -> WaitingRow:
    trainer = offer = None
    if row["trainer_id"] is not None:
        trainer = Named(row["trainer_id"], row["trainer_name"])
    if row["hold_id"] is not None:
        offer = OfferRow(
            row["hold_id"],
            Named(row["offer_trainer_id"], row["offer_trainer_name"]),
            row["start_at"],
            row["end_at"],
            row["expires_at"],
        )
    return WaitingRow(
        id=row["id"],
        client=Named(row["client_id"], row["client_name"]),
        service=row["service"],
        mode=row["mode"],
        first_day=row["first_day"],
        last_day=row["last_day"],
        tz=row["tz"],
        status=row["status"],
        created_at=row["created_at"],
        trainer=trainer,
        offer=offer,
    )
