"""Reservations: the taken time of trainers and clients. The constraints decide every race."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.contracts.booking import Area, Mode
from shared.postgres import Transaction


@dataclass(frozen=True)
class Reservation:
    """A trainer's time to be taken. `blocked` is from `start` to `end` with the buffers.

    A visit has an area and a postal code; a virtual session has neither.
    """

    id: UUID
    trainer_id: UUID
    client_id: UUID | None
    start: datetime
    end: datetime
    blocked: tuple[datetime, datetime]
    area: Area | None = None
    postal: str | None = None


@dataclass(frozen=True)
class Hold:
    """A time kept for somebody who is filling in the form, or who waited for it."""

    id: UUID
    trainer_id: UUID
    service: str
    mode: Mode
    area: Area | None
    postal: str | None
    start: datetime
    end: datetime
    expires_at: datetime
    waitlist_id: UUID | None = None


async def add_hold(
    tx: Transaction,
    taken: Reservation,
    service: str,
    mode: Mode,
    *,
    expires_at: datetime,
    waitlist_id: UUID | None = None,
    now: datetime,
) -> bool:
    """Reserve a time for a hold; False when it is taken."""
    status: str = await tx.execute(
        "with reserved as (insert into reservations"
        " (id, kind, trainer_id, during, blocked, area, postal, expires_at)"
        " values ($1, 'hold', $2, tstzrange($3, $4), tstzrange($5, $6), $7, $8, $9)"
        " on conflict do nothing returning id)"
        " insert into holds (id, service, mode, waitlist_id, created_at)"
        " select id, $10, $11, $12, $13 from reserved",
        taken.id,
        taken.trainer_id,
        taken.start,
        taken.end,
        *taken.blocked,
        taken.area,
        taken.postal,
        expires_at,
        service,
        mode,
        waitlist_id,
        now,
    )
    return status == "INSERT 0 1"


async def lock_hold(tx: Transaction, hold_id: UUID) -> Hold | None:
    """A hold, locked; None when it was never made, was given back or was used."""
    row = await tx.fetchrow(
        "select r.id, r.trainer_id, h.service, h.mode, r.area, r.postal, lower(r.during) as start,"
        ' upper(r.during) as "end", r.expires_at, h.waitlist_id'
        " from reservations r join holds h on h.id = r.id"
        " where r.id = $1 and r.kind = 'hold' for update of r",
        hold_id,
    )
    return Hold(**row) if row else None


async def held_since(tx: Transaction, hold_id: UUID) -> datetime:
    """When a hold was made. The caller has locked it."""
    since: datetime = await tx.fetchval("select created_at from holds where id = $1", hold_id)
    return since


async def keep_hold_until(tx: Transaction, hold_id: UUID, until: datetime) -> None:
    """Give a hold, which the caller has locked, another end."""
    await tx.execute("update reservations set expires_at = $2 where id = $1", hold_id, until)


async def delete_hold(tx: Transaction, hold_id: UUID) -> bool:
    """Give a hold back; False when there is none."""
    status: str = await tx.execute(
        "delete from reservations where id = $1 and kind = 'hold'", hold_id
    )
    return status == "DELETE 1"


async def add_reservation(tx: Transaction, taken: Reservation) -> bool:
    """Reserve a time for a booking made without a hold; False when it is taken."""
    status: str = await tx.execute(
        "insert into reservations"
        " (id, kind, trainer_id, client_id, during, blocked, area, postal)"
        " values ($1, 'booking', $2, $3, tstzrange($4, $5), tstzrange($6, $7), $8, $9)"
        " on conflict do nothing",
        taken.id,
        taken.trainer_id,
        taken.client_id,
        taken.start,
        taken.end,
        *taken.blocked,
        taken.area,
        taken.postal,
    )
    return status == "INSERT 0 1"


async def turn_hold_into_booking(
    tx: Transaction, hold_id: UUID, booking_id: UUID, client_id: UUID, postal: str | None
) -> None:
    """The hold's reservation becomes the booking's: the time is never free in between.

    `postal` is where the visit goes after all.
    """
    await tx.execute("delete from holds where id = $1", hold_id)
    await tx.execute(
        "update reservations set id = $2, kind = 'booking', client_id = $3, postal = $4,"
        " expires_at = null where id = $1",
        hold_id,
        booking_id,
        client_id,
        postal,
    )


async def client_is_busy(
    tx: Transaction,
    client_id: UUID,
    start: datetime,
    end: datetime,
    *,
    besides: UUID | None = None,
) -> bool:
    """Whether the client has another session then. Exact while the client's row is locked."""
    busy: bool = await tx.fetchval(
        "select exists (select from reservations where client_id = $1"
        " and during && tstzrange($2, $3) and id is distinct from $4)",
        client_id,
        start,
        end,
        besides,
    )
    return busy


async def move_reservation(tx: Transaction, taken: Reservation) -> bool:
    """Take the new time and give back the old in one statement; False leaves the old as it was."""
    try:
        async with tx.transaction():
            await tx.execute(
                "update reservations set trainer_id = $2, during = tstzrange($3, $4),"
                " blocked = tstzrange($5, $6), area = $7, postal = $8 where id = $1",
                taken.id,
                taken.trainer_id,
                taken.start,
                taken.end,
                *taken.blocked,
                taken.area,
                taken.postal,
            )
    except asyncpg.ExclusionViolationError:
        return False
    return True


async def postal_of(tx: Transaction, reservation_id: UUID) -> str | None:
    """The postal code a visit goes to; None for a virtual session."""
    postal: str | None = await tx.fetchval(
        "select postal from reservations where id = $1", reservation_id
    )
    return postal


async def delete_reservation(tx: Transaction, booking_id: UUID) -> None:
    """Give a booking's time back."""
    await tx.execute("delete from reservations where id = $1", booking_id)
