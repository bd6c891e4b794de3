"""Taking a trainer's time: judged again under the trainer's lock, then reserved."""

from datetime import datetime
from uuid import UUID

from services.booking.handlers import freed
from services.booking.queries import slots
from services.booking.queries.slots import Candidate, SlotWish
from services.booking.store import reservations
from services.booking.store.reservations import Reservation
from services.booking.store.trainers import lock_trainers
from shared.postgres import Transaction


async def take(
    tx: Transaction,
    wish: SlotWish,
    start: datetime,
    *,
    reservation_id: UUID,
    client_id: UUID | None = None,
    expires_at: datetime | None = None,
    moving: bool = False,
    now: datetime,
) -> Candidate | None:
    """Reserve a start with the best trainer who is free; None when nobody is.

    The reservation is a hold when `expires_at` is given, else a booking's. With `moving` the
    reservation of that id gives up its old time for the new one, or keeps it when nobody is free.

    Raises:
        Invalid: no trainer has the wished id; names the field `trainer`.
    """
    for candidate in await slots.candidates(tx, wish, start, now=now):
        await lock_trainers(tx, [candidate.trainer_id])
        since, until = candidate.blocked
        await freed.clear_run_out(tx, candidate.trainer_id, since, until, now=now)
        taken = Reservation(
            id=reservation_id,
            trainer_id=candidate.trainer_id,
            client_id=client_id,
            start=start,
            end=start + wish.service.length,
            blocked=candidate.blocked,
            area=wish.area,
            postal=wish.postal,
        )
        if await _reserve(tx, wish, taken, expires_at, moving=moving, now=now):
            return candidate
    return None


async def _reserve(
    tx: Transaction,
    wish: SlotWish,
    taken: Reservation,
    expires_at: datetime | None,
    *,
    moving: bool,
    now: datetime,
) -> bool:
    if moving:
        return await reservations.move_reservation(tx, taken)
    if expires_at is None:
        return await reservations.add_reservation(tx, taken)
    return await reservations.add_hold(
        tx, taken, wish.service.id, wish.mode, expires_at=expires_at, now=now
    )
