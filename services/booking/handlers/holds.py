"""Holding a time while the form is filled in."""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.handlers.times import TimeWish, place_of, slot_taken
from services.booking.queries import slots
from services.booking.store import reservations
from services.booking.store.reservations import Hold
from shared.errors import NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction

HOLD_LIVES = timedelta(minutes=10)
"""Time enough to fill in the form in pain; what Square gives as well."""


async def place_hold(tx: Transaction, wish: TimeWish, *, now: datetime) -> tuple[Hold, str]:
    """Hold a time for ten minutes; returns the hold and the trainer's name.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `slot-taken`, with the three nearest alternatives.
    """
    place = place_of(wish)
    fitting = await slots.candidates(
        tx,
        service=place.service,
        mode=wish.mode,
        area=place.area,
        start=wish.start,
        now=now,
        trainer=wish.trainer_id,
    )
    for candidate in fitting:
        hold = Hold(
            id=new_id(),
            trainer_id=candidate.trainer_id,
            service=place.service.id,
            mode=wish.mode,
            area=place.area,
            postal=wish.postal,
            start=wish.start,
            end=wish.start + timedelta(minutes=place.service.minutes),
            expires_at=now + HOLD_LIVES,
        )
        if await reservations.add_hold(tx, hold, now=now):
            return hold, candidate.name
    raise await slot_taken(
        tx, wish, place, now=now, why="That time is not free any more. These are the nearest ones."
    )


async def release_hold(tx: Transaction, hold_id: UUID) -> None:
    """Give a held time back.

    Raises:
        NotFound: there is no such hold.
    """
    if not await reservations.delete_hold(tx, hold_id):
        raise NotFound("no-such-hold", "There is no such hold; it may have run out.")
