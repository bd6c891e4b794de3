"""Bookings as their facts left them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.progress.domain.model import BookingStatus
from shared.contracts import booking
from shared.postgres import Transaction

STATUS_AFTER: dict[type[booking.BookingFact], BookingStatus] = {
    booking.BookingConfirmed: "confirmed",
    booking.BookingRescheduled: "confirmed",
    booking.BookingUnfrozen: "confirmed",
    booking.BookingFrozen: "frozen",
    booking.BookingCancelled: "cancelled",
    booking.BookingCompleted: "completed",
    booking.BookingMissed: "missed",
}
"""What each fact leaves its booking as."""


async def save_bookings(tx: Transaction, facts: Sequence[booking.BookingFact]) -> set[UUID]:
    """Store these bookings' newest states, one fact each; returns those that were not known yet."""
    rows = await tx.fetch(
        "insert into bookings (id, client_id, trainer_id, start_at, end_at, tz, status, version)"
        " select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[],"
        " $5::timestamptz[], $6::text[], $7::text[], $8::int[]) on conflict (id) do update"
        " set trainer_id = excluded.trainer_id, start_at = excluded.start_at,"
        " end_at = excluded.end_at, tz = excluded.tz, status = excluded.status,"
        " version = excluded.version where bookings.version < excluded.version"
        " and bookings.client_id = excluded.client_id returning id",
        [fact.booking_id for fact in facts],
        [fact.client_id for fact in facts],
        [fact.trainer_id for fact in facts],
        [fact.start for fact in facts],
        [fact.end for fact in facts],
        [fact.tz for fact in facts],
        [STATUS_AFTER[type(fact)] for fact in facts],
        [fact.version for fact in facts],
    )
    return {row["id"] for row in rows}


async def count_sessions(tx: Transaction, client_id: UUID, since: datetime, until: datetime) -> int:
    """How many sessions ended between two instants, and were neither cancelled nor missed."""
    found: int = await tx.fetchval(
        "select count(*) from bookings where client_id = $1 and end_at > $2 and end_at <= $3"
        " and status in ('confirmed', 'completed')",
        client_id,
        since,
        until,
    )
    return found
