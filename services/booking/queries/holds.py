"""Holds as their page shows them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.booking import Area, Mode
from shared.postgres import Transaction


@dataclass(frozen=True)
class HeldTime:
    """A kept time with its trainer's name; `is_offer` when somebody had waited for it.

    `tz` is the zone of who waited.
    """

    id: UUID
    trainer_id: UUID
    trainer_name: str
    service: str
    mode: Mode
    area: Area | None
    postal: str | None
    start: datetime
    end: datetime
    created_at: datetime
    expires_at: datetime
    is_offer: bool
    tz: str | None


async def held_time(connection: Transaction, hold_id: UUID) -> HeldTime | None:
    """A hold, run out or not; None when it was never made, was given back or was used."""
    row = await connection.fetchrow(
        "select r.id, r.trainer_id, p.name as trainer_name, h.service, h.mode, r.area, r.postal,"
        ' lower(r.during) as start, upper(r.during) as "end", h.created_at, r.expires_at,'
        " h.waitlist_id is not null as is_offer, w.tz"
        " from reservations r join holds h on h.id = r.id join people p on p.id = r.trainer_id"
        " left join waitlist w on w.id = h.waitlist_id"
        " where r.id = $1 and r.kind = 'hold'",
        hold_id,
    )
    return HeldTime(**row) if row else None
