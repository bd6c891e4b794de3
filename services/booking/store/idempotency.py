"""Answers kept for a day, so that a repeated request is carried out once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.postgres import Transaction


@dataclass(frozen=True)
class KeptAnswer:
    """What was answered the first time: sealed text, or as a release before sealing kept it."""

    fingerprint: bytes
    status: int
    body: str | dict[str, Any]


async def claim(
    tx: Transaction,
    caller: str,
    key: str,
    fingerprint: bytes,
    *,
    now: datetime,
    oldest: datetime,
) -> KeptAnswer | None:
    """Take a key for this request, or get the answer kept for it.

    Waits while another request with the same key runs.

    Raises:
        asyncpg.LockNotAvailableError: the other request runs for longer than the lock timeout.
    """
    await tx.execute(
        "delete from idempotency_keys where caller = $1 and key = $2 and created_at < $3",
        caller,
        key,
        oldest,
    )
    status: str = await tx.execute(
        "insert into idempotency_keys (caller, key, fingerprint, status, body, created_at)"
        " values ($1, $2, $3, 0, '{}', $4) on conflict do nothing",
        caller,
        key,
        fingerprint,
        now,
    )
    if status == "INSERT 0 1":
        return None
    row = await tx.fetchrow(
        "select fingerprint, status, body from idempotency_keys where caller = $1 and key = $2",
        caller,
        key,
    )
    return KeptAnswer(**row)


async def keep(
    tx: Transaction, caller: str, key: str, status: int, body: str, *, client_id: UUID | None
) -> None:
    """Keep the sealed answer of the request that holds the key, and whom it speaks of."""
    await tx.execute(
        "update idempotency_keys set status = $3, body = $4, client_id = $5"
        " where caller = $1 and key = $2",
        caller,
        key,
        status,
        body,
        client_id,
    )


async def forget_old(tx: Transaction, *, oldest: datetime) -> None:
    """Delete answers nobody may ask for again."""
    await tx.execute("delete from idempotency_keys where created_at < $1", oldest)
