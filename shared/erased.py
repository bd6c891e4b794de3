"""Clients who were erased: known by id in every service, so that what comes late has no effect."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from shared import dead_letters
from shared.postgres import Transaction

SWEPT_AGAIN_FOR = timedelta(days=2)
"""An effect that was under way on another replica while somebody was erased is swept afterwards;
and a compacted topic is written to once more after the day its files live."""


async def note(tx: Transaction, client_id: UUID, *, now: datetime) -> None:
    """From now on nothing about the client takes effect; parked records about them are gone."""
    await tx.execute(
        "insert into erased (client_id, at) values ($1, $2) on conflict do nothing", client_id, now
    )
    await dead_letters.forget(tx, str(client_id))


async def among(connection: Transaction, client_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these were erased."""
    rows = await connection.fetch(
        "select client_id from erased where client_id = any($1)", list(client_ids)
    )
    return {row["client_id"] for row in rows}


async def lately(connection: Transaction, *, now: datetime) -> list[UUID]:
    """Who was erased in the last days."""
    rows = await connection.fetch(
        "select client_id from erased where at > $1 order by client_id", now - SWEPT_AGAIN_FOR
    )
    return [row["client_id"] for row in rows]


def client_of(key: str) -> UUID | None:
    """The client of a record's key; None where the key is something else."""
    try:
        return UUID(key)
    except ValueError:
        return None
