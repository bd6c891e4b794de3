"""Counters of what is limited, shared by all replicas: one row each, one statement a count."""

from datetime import datetime

from services.booking.domain.limits import Limit
from shared.postgres import Transaction


async def count(connection: Transaction, limit: Limit, value: str, *, now: datetime) -> int | None:
    """Count one more of a value; None when it is let through, else the seconds to wait.

    What is not let through costs nothing. A crash may forget the last counts: they are not worth
    a write to disk each.
    """
    key = limit.key(value)
    due_at = await connection.fetchval(
        "with soon as (select set_config('synchronous_commit', 'off', true))"
        " insert into rate_limits as r (key, due_at) select $1, $2::timestamptz + $3 from soon"
        " on conflict (key) do update set due_at = greatest(r.due_at, $2) + $3"
        " where r.due_at <= $2 + $4 returning due_at",
        key,
        now,
        limit.step,
        limit.room,
    )
    return None if due_at is not None else await wait(connection, limit, value, now=now)


async def wait(connection: Transaction, limit: Limit, value: str, *, now: datetime) -> int | None:
    """The seconds until one more of a value would be let through; None when it would be now."""
    due_at = await connection.fetchval(
        "select due_at from rate_limits where key = $1 and due_at > $2",
        limit.key(value),
        now + limit.room,
    )
    return None if due_at is None else limit.wait_s(due_at, now)


async def forgive(connection: Transaction, limit: Limit, value: str) -> None:
    """Take back one count of a value."""
    await connection.execute(
        "update rate_limits set due_at = due_at - $2::interval where key = $1",
        limit.key(value),
        limit.step,
    )


async def forget_old(tx: Transaction, *, now: datetime) -> None:
    """Delete counters that would let everything through again."""
    await tx.execute("delete from rate_limits where due_at <= $1", now)
