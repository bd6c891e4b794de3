"""Clients: locked, many at once, and found where something waits for them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.progress.domain.care import Care
from services.progress.domain.model import Client
from services.progress.store.changes import Changes, write
from shared.postgres import Transaction

_CLIENT = (
    "client_id as id, version, level, as_of, lifted_version, due_at, reported_version,"
    " reflected_version, care, next"
)


async def lock_clients(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, Client]:
    """These clients' rows, held until the transaction ends; made where it is the first time.

    Erased ones are left out.
    """
    # One statement also for new clients; what it updates is what it found, once it has the locks,
    # which are taken in one order by everybody.
    rows = await tx.fetch(
        "insert into clients (client_id) select id from unnest($1::uuid[]) as w(id) order by id"  # noqa: S608
        " on conflict (client_id) do update set version = clients.version"
        f" returning {_CLIENT}, erased_at is not null as erased",
        list(ids),
    )
    return {row["id"]: _client(row) for row in rows if not row["erased"]}


async def lock_client(tx: Transaction, client_id: UUID) -> Client:
    """One client's row, as `lock_clients` does."""
    [client] = (await lock_clients(tx, [client_id])).values()
    return client


async def read_client(tx: Transaction, client_id: UUID) -> Client:
    """The client as it is now, while others may work on it; it was locked before."""
    row = await tx.fetchrow(
        f"select {_CLIENT} from clients where client_id = $1",  # noqa: S608
        client_id,
    )
    return _client(row)


async def forget_state(tx: Transaction, client_id: UUID) -> Client:
    """Empty all that the log can rebuild; the client as if nothing had happened."""
    for table in ("holds", "check_ins", "bookings"):
        await tx.execute(f"delete from {table} where client_id = $1", client_id)  # noqa: S608
    client = Client(client_id)
    await write(tx, Changes(clients={client_id: client}))
    return client


async def erase(tx: Transaction, client_id: UUID, *, at: datetime) -> None:
    """Delete a client's log and state; the empty row stays, so that it is never made again."""
    await lock_clients(tx, [client_id])
    for table in ("holds", "check_ins", "bookings", "log"):
        await tx.execute(f"delete from {table} where client_id = $1", client_id)  # noqa: S608
    await write(tx, Changes(clients={client_id: Client(client_id)}))
    await tx.execute("update clients set erased_at = $2 where client_id = $1", client_id, at)


async def due_since(connection: Transaction, now: datetime) -> datetime | None:
    """Since when the client that waits longest for what time brings has waited."""
    since: datetime | None = await connection.fetchval(
        "select min(due_at) from clients where due_at <= $1", now
    )
    return since


async def due_clients(tx: Transaction, now: datetime, most: int) -> list[UUID]:
    """Clients for whom time alone changes something, locked; those at work are left to others."""
    rows = await tx.fetch(
        "select client_id from clients where due_at <= $1 order by due_at limit $2"
        " for update skip locked",
        now,
        most,
    )
    return [row["client_id"] for row in rows]


async def unreflected_clients(tx: Transaction, most: int) -> dict[UUID, int]:
    """Clients with reports the statistics have not seen, any of them, with their versions."""
    rows = await tx.fetch(
        "select client_id, version from clients where reported_version > reflected_version"
        " limit $1",
        most,
    )
    return {row["client_id"]: row["version"] for row in rows}


async def claim_reflection(tx: Transaction, client_id: UUID) -> bool:
    """Whether this transaction is the only one that computes for the client, until it ends."""
    claimed: bool = await tx.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 'clients'::regclass::bigint))",
        str(client_id),
    )
    return claimed


def _client(row: Mapping[str, Any]) -> Client:
    known = {name: value for name, value in row.items() if name != "erased"}
    return Client(**{**known, "care": Care.model_validate(row["care"])})
