"""Holding a time while the form is filled in."""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.domain.people import Caller
from services.booking.handlers import freed, waitlist
from services.booking.handlers.take import take
from services.booking.handlers.times import TimeWish, slot_taken, slot_wish
from services.booking.store import reservations
from services.booking.store.reservations import Hold
from shared.errors import Gone, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction

HOLD_LIVES = timedelta(minutes=10)
"""Time enough to fill in the form in pain; what Square gives as well."""


HELD_LONGEST = timedelta(minutes=60)
"""However often more time is asked for: writing may hurt, and others wait for the time too."""


async def place_hold(
    tx: Transaction, wish: TimeWish, *, client_id: UUID | None = None, now: datetime
) -> tuple[Hold, str]:
    """Hold a time for ten minutes; returns the hold and the trainer's name.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `slot-taken`, with the three nearest alternatives.
    """
    sought = slot_wish(wish, client_id=client_id)
    hold_id, expires_at = new_id(), now + HOLD_LIVES
    found = await take(
        tx, sought, wish.start, reservation_id=hold_id, expires_at=expires_at, now=now
    )
    if found is None:
        why = "That time is not free any more. These are the nearest ones."
        raise await slot_taken(tx, sought, wish.start, now=now, why=why)
    hold = Hold(
        id=hold_id,
        trainer_id=found.trainer_id,
        service=sought.service.id,
        mode=sought.mode,
        area=sought.area,
        postal=sought.postal,
        start=wish.start,
        end=wish.start + sought.service.length,
        expires_at=expires_at,
    )
    return hold, found.name


async def release_hold(tx: Transaction, hold_id: UUID, caller: Caller, *, now: datetime) -> None:
    """Give a held time back. Whoever has the id of a hold holds it, unless it keeps an offer.

    Raises:
        NotFound: there is no such hold.
        Unauthorised, Forbidden: it keeps an offer for somebody else.
    """
    await waitlist.check_may_give_back(tx, hold_id, caller)
    if not await freed.give_back(tx, hold_id, now=now):
        raise NotFound("no-such-hold", "There is no such hold; it may have run out.")


async def extend_hold(tx: Transaction, hold_id: UUID, *, now: datetime) -> datetime:
    """Keep a time for ten more minutes from now; returns until when it is kept.

    An offer is kept as long as its mail says, and nobody keeps a time beyond `HELD_LONGEST`.

    Raises:
        Gone: `hold-expired`; it has run out, or was given back or used.
    """
    hold = await reservations.lock_hold(tx, hold_id)
    if hold is None or hold.expires_at <= now:
        raise Gone("hold-expired", "The held time has run out. Please choose a time again.")
    if hold.waitlist_id is not None:
        return hold.expires_at
    longest = await reservations.held_since(tx, hold_id) + HELD_LONGEST
    until = max(hold.expires_at, min(now + HOLD_LIVES, longest))
    await reservations.keep_hold_until(tx, hold_id, until)
    return until
