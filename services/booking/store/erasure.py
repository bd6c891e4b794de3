"""What booking keeps of a client, deleted or emptied; the row of a person stays as a number."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain import limits
from services.booking.domain.people import email_key
from services.booking.store import client_keys
from shared import erased
from shared.postgres import Transaction

_DELETED = (
    "delete from sign_in_codes where person_id = $1",
    "delete from sessions where person_id = $1",
    "delete from preferences where person_id = $1",
    "delete from push_devices where person_id = $1",
    "delete from message_consents where person_id = $1",
    "delete from care_team where client_id = $1 or member_id = $1",
    "delete from progress_views where client_id = $1",
    "delete from safety_holds where client_id = $1",
    "delete from care_items where client_id = $1",
    "delete from submissions where client_id = $1",
    "delete from flares where client_id = $1",
    "delete from messages where recipient_id = $1",
    (
        "update holds set waitlist_id = null"
        " where waitlist_id in (select id from waitlist where client_id = $1)"
    ),
    (
        "delete from waitlist_offers"
        " where waitlist_id in (select id from waitlist where client_id = $1)"
    ),
    "delete from waitlist where client_id = $1",
    # Who took part when stays, for hours worked and sessions paid; where, why and of what goes.
    (
        "update bookings set address = null, postal = null, goal = null, conditions = '{}',"
        " join_url = null, cancel_reason = null, cancelled_because = null, once_key = null"
        " where client_id = $1"
    ),
    "update reservations set postal = null where client_id = $1",
    "update credits set note = null where client_id = $1",
    (
        "delete from idempotency_keys where client_id = $1 or caller in ("
        " select 'person:' || $1::text"
        " union all select 'booking:' || id::text from bookings where client_id = $1)"
    ),
)


async def scrub(tx: Transaction, client_id: UUID, email: str, *, now: datetime) -> None:
    """Forget a client whose row is locked; their places on the waitlist are closed already."""
    await client_keys.forget(tx, client_id)
    await _forget_counters(tx, email)
    await sweep(tx, client_id)
    await tx.execute(
        "update people set name = '', email = '', email_key = 'erased:' || id, phone = null,"
        " tz = 'UTC', language = 'en', erased_at = $2 where id = $1",
        client_id,
        now,
    )
    await erased.note(tx, client_id, now=now)


async def sweep(tx: Transaction, client_id: UUID) -> None:
    """Delete what hangs on an erased client; done again later, for what was under way meanwhile."""
    for statement in _DELETED:
        await tx.execute(statement, client_id)


async def waiting_of(tx: Transaction, client_id: UUID) -> list[tuple[UUID, UUID | None]]:
    """A client's open places on the waitlist, each with the hold of its offer."""
    rows = await tx.fetch(
        "select w.id, o.hold_id from waitlist w"
        " left join waitlist_offers o on o.waitlist_id = w.id and o.status = 'open'"
        " where w.client_id = $1 and w.status in ('waiting', 'offered') order by w.id",
        client_id,
    )
    return [(row["id"], row["hold_id"]) for row in rows]


async def trainers_of_holds(tx: Transaction, holds: Sequence[UUID]) -> list[UUID]:
    """Whose time these holds keep."""
    rows = await tx.fetch("select trainer_id from reservations where id = any($1)", holds)
    return [row["trainer_id"] for row in rows]


async def _forget_counters(tx: Transaction, email: str) -> None:
    # Hashes of an address can be guessed, and they would outlive it by a day.
    keys = [
        limit.key(email_key(email))
        for limit in (limits.SIGN_IN_CODES_PER_ADDRESS, limits.WRONG_CODES_PER_ADDRESS)
    ]
    await tx.execute("delete from rate_limits where key = any($1)", keys)
