"""What a trainer's days hold: bookings, holds and time off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.booking import Area, Mode
from shared.postgres import Transaction

Kind = Literal["booking", "hold", "time-off"]


@dataclass(frozen=True)
class Coming:
    """A booking that has not ended and takes a trainer's time."""

    id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Entry:
    """One thing on an agenda; what does not belong to its kind is null."""

    kind: Kind
    id: UUID
    start: datetime
    end: datetime
    service: str | None
    mode: Mode | None
    status: str | None
    client_id: UUID | None
    client_name: str | None
    area: Area | None
    postal: str | None
    address: dict[str, Any] | None
    join_url: str | None
    reason: str | None


async def coming(tx: Transaction, trainer_id: UUID, *, now: datetime) -> list[Coming]:
    """A trainer's bookings that stand and have not ended, by start."""
    rows = await tx.fetch(
        'select id, start_at as start, end_at as "end" from bookings where trainer_id = $1'
        " and end_at > $2 and status in ('confirmed', 'frozen') order by start_at, id",
        trainer_id,
        now,
    )
    return [Coming(**row) for row in rows]


async def entries(
    connection: Transaction, trainer_id: UUID, since: datetime, until: datetime, *, now: datetime
) -> Sequence[Entry]:
    """All that takes a trainer's time in a range, by start; run-out holds take none."""
    rows = await connection.fetch(
        'select r.kind, r.id, lower(r.during) as start, upper(r.during) as "end",'
        " coalesce(b.service, h.service) as service, coalesce(b.mode, h.mode) as mode,"
        " b.status, b.client_id, p.name as client_name, r.area, r.postal, b.address, b.join_url,"
        " null as reason"
        " from reservations r left join bookings b on b.id = r.id"
        " left join people p on p.id = b.client_id left join holds h on h.id = r.id"
        " where r.trainer_id = $1 and r.during && tstzrange($2, $3)"
        " and (r.kind = 'booking' or r.expires_at > $4)"
        " union all"
        " select 'time-off', id, lower(during), upper(during), null, null, null, null, null, null,"
        " null, null, null, reason"
        " from time_off where trainer_id = $1 and during && tstzrange($2, $3)"
        " order by start, kind, id",
        trainer_id,
        since,
        until,
        now,
    )
    return [Entry(**row) for row in rows]
