"""The inbox: an event is handled once, however often it arrives."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from shared.postgres import Transaction

KEPT_FOR = timedelta(days=430)
"""Longer than the longest topic retention plus a month of replay."""


async def first_seen(
    tx: Transaction,
    ids: Sequence[tuple[str, str]],
    clients: Sequence[UUID | None] = (),
    *,
    now: datetime,
) -> set[tuple[str, str]]:
    """Record (source, event id) pairs; returns those never seen before.

    `clients` are whom each is about, where known: of one who was erased nothing is new any more.
    """
    rows = await tx.fetch(
        "insert into inbox (source, event_id, seen_at) select source, event_id, $3"
        " from unnest($1::text[], $2::text[], $4::uuid[]) as e(source, event_id, client_id)"
        " where not exists (select from erased x where x.client_id = e.client_id)"
        " on conflict do nothing returning source, event_id",
        [source for source, _ in ids],
        [event_id for _, event_id in ids],
        now,
        clients,
    )
    return {(row["source"], row["event_id"]) for row in rows}


async def forget_old(tx: Transaction, *, now: datetime) -> None:
    """Delete what no replay can bring again."""
    await tx.execute("delete from inbox where seen_at < $1", now - KEPT_FOR)
