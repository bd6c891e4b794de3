"""Bookings: locked, added, changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.booking.domain.bookings import Booking
from shared.postgres import Transaction
from shared.zones import zone

_COLUMNS = (
    "id, client_id, trainer_id, service, mode, area, status, version, start_at as start,"
    ' end_at as "end", tz, late, cancelled_because as because'
)

_HELD = (
    "exists (select from safety_holds where client_id = $1 and kind = 'session'"
    " and lifted_at is null)"
)

ONCE_PER_PERSON = "once_per_person"
"""The unique index that decides who of several gets what is once per person."""


class UsedUpError(Exception):
    """Somebody with the same mailbox has, or just took, what is once per person."""


@dataclass(frozen=True)
class BookingDetails:
    """What only the people of a booking see.

    `postal` is where a visit goes. `once_key` is set where the service is once per person.
    """

    join_url: str | None
    address: dict[str, Any] | None
    conditions: tuple[str, ...]
    goal: str | None
    postal: str | None = None
    once_key: bytes | None = None
    series_id: UUID | None = None
    series_number: int | None = None


async def lock_booking(tx: Transaction, booking_id: UUID) -> Booking | None:
    """A booking, with its client's row locked first: a client's changes queue up in one order."""
    await tx.execute(
        "select from people where id = (select client_id from bookings where id = $1) for update",
        booking_id,
    )
    row = await tx.fetchrow(
        f"select {_COLUMNS} from bookings where id = $1 for update",  # noqa: S608 - our columns
        booking_id,
    )
    return Booking(**row) if row else None


async def lock_bookings(tx: Transaction, booking_ids: Sequence[UUID]) -> list[Booking]:
    """Bookings of one client whose row is locked already, locked as well."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from bookings where id = any($1) order by id for update",  # noqa: S608
        booking_ids,
    )
    return [Booking(**row) for row in rows]


async def find_booking(tx: Transaction, booking_id: UUID) -> Booking | None:
    """A booking, not locked."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from bookings where id = $1",  # noqa: S608 - our columns
        booking_id,
    )
    return Booking(**row) if row else None


async def lock_coming_bookings(tx: Transaction, client_id: UUID, *, now: datetime) -> list[Booking]:
    """A client's confirmed bookings that have not begun, locked, by start."""
    return await _lock_all(tx, client_id, "status = 'confirmed' and start_at > $2", now)


async def lock_frozen_bookings(tx: Transaction, client_id: UUID, *, now: datetime) -> list[Booking]:
    """A client's frozen bookings that have not ended, locked, by start."""
    return await _lock_all(tx, client_id, "status = 'frozen' and end_at > $2", now)


async def add_bookings(
    tx: Transaction, made: Sequence[tuple[Booking, BookingDetails]], *, now: datetime
) -> None:
    """Store new bookings in one round trip; their times are reserved already.

    Raises:
        UsedUpError: what is once per person was had by the same mailbox.
    """
    rows = [
        (
            booking.id,
            booking.client_id,
            booking.trainer_id,
            booking.service,
            booking.mode,
            booking.area,
            booking.status,
            booking.version,
            booking.start,
            booking.end,
            booking.tz,
            _wall_time(booking),
            details.join_url,
            details.address,
            list(details.conditions),
            details.goal,
            details.series_id,
            details.series_number,
            details.postal,
            details.once_key,
            now,
        )
        for booking, details in made
    ]
    try:
        await tx.executemany(
            "insert into bookings (id, client_id, trainer_id, service, mode, area, status,"
            " version, start_at, end_at, tz, local_start, join_url, address, conditions, goal,"
            " series_id, series_number, postal, once_key, created_at, updated_at) values ($1, $2,"
            " $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
            " $21, $21)",
            rows,
        )
    except asyncpg.UniqueViolationError as violated:
        if violated.constraint_name != ONCE_PER_PERSON:
            raise
        raise UsedUpError from None


async def save_booking(
    tx: Transaction, booking: Booking, *, reason: str | None = None, now: datetime
) -> None:
    """Store a booking as it stands now; see `save_bookings`."""
    await save_bookings(tx, [booking], reason=reason, now=now)


async def save_bookings(
    tx: Transaction, changed: Sequence[Booking], *, reason: str | None = None, now: datetime
) -> None:
    """Store bookings as they stand now, in one round trip.

    `reason` is what was said with a cancellation; it replaces nothing when null.
    """
    await tx.executemany(
        "update bookings set trainer_id = $2, status = $3, version = $4, start_at = $5,"
        " end_at = $6, local_start = $7, updated_at = $8, late = $9, cancelled_because = $10,"
        " cancel_reason = coalesce($11, cancel_reason) where id = $1",
        [
            (
                booking.id,
                booking.trainer_id,
                booking.status,
                booking.version,
                booking.start,
                booking.end,
                _wall_time(booking),
                now,
                booking.late,
                booking.because,
                reason,
            )
            for booking in changed
        ],
    )


@dataclass(frozen=True)
class Obstacles:
    """What stands against another session of a client.

    `held`: a person has to lift a safety hold first. `used_up`: the service is once per person and
    was had. `busy`: the client has another session then.
    """

    held: bool
    used_up: bool
    busy: bool


async def obstacles(
    tx: Transaction,
    client_id: UUID,
    start: datetime,
    end: datetime,
    *,
    once: tuple[str, bytes] | None,
) -> Obstacles:
    """What stands against a session from start to end. Exact while the client's row is locked.

    `once` is a service that is once per person, with the key of the client's mailbox.
    """
    service, once_key = once or (None, None)
    row = await tx.fetchrow(
        f"select {_HELD} as held, exists (select from bookings where service = $4"  # noqa: S608
        " and status <> 'cancelled' and (client_id = $1 or once_key = $5)) as used_up,"
        " exists (select from reservations where client_id = $1"
        " and during && tstzrange($2, $3)) as busy",
        client_id,
        start,
        end,
        service,
        once_key,
    )
    return Obstacles(**row)


async def safety_hold_stands(tx: Transaction, client_id: UUID) -> bool:
    """Whether sessions of the client wait for a person to lift a safety hold."""
    stands: bool = await tx.fetchval(f"select {_HELD}", client_id)
    return stands


async def _lock_all(
    tx: Transaction, client_id: UUID, condition: str, now: datetime
) -> list[Booking]:
    await tx.execute("select from people where id = $1 for update", client_id)
    rows = await tx.fetch(
        f"select {_COLUMNS} from bookings where client_id = $1 and {condition}"  # noqa: S608
        " order by start_at for update",
        client_id,
        now,
    )
    return [Booking(**row) for row in rows]


def _wall_time(booking: Booking) -> datetime:
    return booking.start.astimezone(zone(booking.tz)).replace(tzinfo=None)
