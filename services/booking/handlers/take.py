"""Taking a trainer's time: judged again under the trainer's lock, then reserved."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from services.booking.domain.schedule import BUFFER_MAX_MINUTES
from services.booking.handlers import freed
from services.booking.queries import slots
from services.booking.queries.slots import Candidate, SlotWish
from services.booking.store import reservations
from services.booking.store.reservations import Reservation
from services.booking.store.trainers import lock_trainers
from shared.postgres import Transaction

BUFFERS = timedelta(minutes=BUFFER_MAX_MINUTES)
"""Run-out holds that near to a session may stand in its way."""


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
    taking = partial(
        _take_from,
        tx,
        wish,
        start,
        reservation_id=reservation_id,
        client_id=client_id,
        expires_at=expires_at,
        moving=moving,
        now=now,
    )
    if wish.trainer_id is not None:
        return await taking(wish.trainer_id)
    for candidate in await slots.candidates(tx, wish, start, now=now):
        try:
            # Undone where the time is lost, which gives the lock back: two who go through the same
            # trainers in other orders would wait for each other.
            async with tx.transaction():
                return _found(await taking(candidate.trainer_id))
        except _LostError:
            continue
    return None


def _found(candidate: Candidate | None) -> Candidate:
    if candidate is None:
        raise _LostError
    return candidate


class _LostError(Exception):
    """The trainer is not free after all; somebody was quicker."""


async def _take_from(
    tx: Transaction,
    wish: SlotWish,
    start: datetime,
    trainer_id: UUID,
    *,
    reservation_id: UUID,
    client_id: UUID | None,
    expires_at: datetime | None,
    moving: bool,
    now: datetime,
) -> Candidate | None:
    """Reserve a start with one trainer, judged on a state that nobody else is changing."""
    end = start + wish.service.length
    await lock_trainers(tx, [trainer_id])
    await freed.clear_run_out(tx, trainer_id, start - BUFFERS, end + BUFFERS, now=now)
    judged = await slots.candidates(tx, replace(wish, trainer_id=trainer_id), start, now=now)
    if not judged:
        return None
    taken = Reservation(
        id=reservation_id,
        trainer_id=trainer_id,
        client_id=client_id,
        start=start,
        end=end,
        blocked=judged[0].blocked,
        area=wish.area,
        postal=wish.postal,
    )
    reserved = await _reserve(tx, wish, taken, expires_at, moving=moving, now=now)
    return judged[0] if reserved else None


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
