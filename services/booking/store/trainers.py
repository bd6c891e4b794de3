"""Trainers' rows: whoever takes or frees a trainer's time holds the lock on theirs."""

from collections.abc import Collection
from uuid import UUID

from shared.postgres import Transaction


async def lock_trainers(tx: Transaction, ids: Collection[UUID]) -> None:
    """Lock trainers until the transaction ends, in an order that lets no two callers cross."""
    await tx.execute("select from trainers where id = any($1) order by id for update", list(ids))


async def lock_trainer_of(tx: Transaction, reservation_id: UUID) -> None:
    """Lock the trainer of a reservation that is not locked yet; nothing when there is none."""
    await tx.execute(
        "select from trainers where id = (select trainer_id from reservations where id = $1)"
        " for update",
        reservation_id,
    )
