"""What nobody needs any more is forgotten, some rows at a time; the figures of booking."""

from datetime import datetime, timedelta

from services.booking.store import access_chain
from shared.postgres import Transaction

AT_ONCE = 5000
"""Rows of one kind in one go; the next hour takes the rest."""

WAITED = timedelta(days=396)
"""Thirteen months after a place on the waitlist ended: as long as messages about it are kept."""

FLARED = timedelta(days=396)
"""A flare excuses a change for days; a year of them is what a client asks about."""

TOLD = timedelta(days=30)
"""Whoever misses a message asks within days; after a month nobody needs to know."""

_EXPIRED = (
    (
        "delete from sessions where token_hash in"
        " (select token_hash from sessions where expires_at < $1 limit $2)"
    ),
    (
        "delete from sign_in_codes where person_id in"
        " (select person_id from sign_in_codes where expires_at < $1 limit $2)"
    ),
)
_WAITED = (
    "with old as (select id from waitlist w where status in ('booked', 'left', 'ended')"
    "  and last_day < $1 and created_at < $1"
    "  and not exists (select from holds h where h.waitlist_id = w.id) limit $2),"
    " offers as (delete from waitlist_offers o using old where o.waitlist_id = old.id)"
    " delete from waitlist w using old where w.id = old.id"
)
_FLARED = (
    "delete from flares where (client_id, reported_at) in"
    " (select client_id, reported_at from flares where reported_at < $1 limit $2)"
)
_TOLD = (
    "delete from messages where id in (select id from messages"
    " where at < $1 and (state <> 'scheduled' or due_at < $1) limit $2)"
)


async def forget_old(tx: Transaction, *, now: datetime) -> None:
    """Delete what its time has passed for."""
    for statement in _EXPIRED:
        await tx.execute(statement, now, AT_ONCE)
    await tx.execute(_WAITED, now - WAITED, AT_ONCE)
    await tx.execute(_FLARED, now - FLARED, AT_ONCE)
    await tx.execute(_TOLD, now - TOLD, AT_ONCE)
    await access_chain.forget_old(tx, now=now)
