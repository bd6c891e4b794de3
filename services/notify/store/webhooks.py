"""Partners' webhooks as staff set them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.notify.domain.webhooks import Because
from shared.identifiers import new_id
from shared.postgres import Transaction

_COLUMNS = (
    "id, version, name, url, types, state, paused_because, failing_since, failures, try_at,"
    " created_by, created_at, updated_at"
)


@dataclass(frozen=True)
class Webhook:
    """A partner's address and what it is told; its secret stays in the database."""

    id: UUID
    version: int
    name: str
    url: str
    types: Sequence[str]
    state: str
    paused_because: Because | None
    failing_since: datetime | None
    failures: int
    try_at: datetime | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Wish:
    """What staff want of a webhook."""

    name: str
    url: str
    types: Sequence[str]


async def add(
    tx: Transaction, wish: Wish, secret: str, created_by: UUID, *, most: int, now: datetime
) -> Webhook | None:
    """A new webhook; None when there are `most` already."""
    # Two at once count each other.
    await tx.execute("lock table webhooks in share row exclusive mode")
    row = await tx.fetchrow(
        "insert into webhooks (id, name, url, types, secret, created_by, created_at, updated_at)"  # noqa: S608
        " select $1, $2, $3, $4, $5, $6, $7, $7 where (select count(*) from webhooks) < $8"
        f" returning {_COLUMNS}",
        new_id(),
        wish.name,
        wish.url,
        list(wish.types),
        secret,
        created_by,
        now,
        most,
    )
    return _webhook(row)


async def change(
    tx: Transaction, webhook_id: UUID, changes: dict[str, Any], *, now: datetime
) -> Webhook | None:
    """Set some of name, url, types and paused_because; None when there is no such webhook.

    With a new address or when it goes on, it starts without a history of failures.
    """
    again = "url" in changes or changes.get("paused_because", "") is None
    changes = dict(changes)
    if "paused_because" in changes:
        changes |= {"state": "active" if changes["paused_because"] is None else "paused"}
    if again:
        changes |= {"failing_since": None, "failures": 0, "try_at": None}
    columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(changes, start=3))
    row = await tx.fetchrow(
        f"update webhooks set {columns}, version = version + 1, updated_at = $2 where id = $1"  # noqa: S608 - names of ours
        f" returning {_COLUMNS}",
        webhook_id,
        now,
        *changes.values(),
    )
    if row is not None and again:
        await wake(tx, webhook_id, now=now)
    return _webhook(row)


async def wake(tx: Transaction, webhook_id: UUID, *, now: datetime) -> None:
    """Let what waits after a failure be tried now."""
    await tx.execute(
        "update webhook_deliveries set next_at = $2 where webhook_id = $1 and state = 'waiting'"
        " and next_at > $2",
        webhook_id,
        now,
    )


async def change_secret(
    tx: Transaction, webhook_id: UUID, secret: str, *, old_for: timedelta, now: datetime
) -> Webhook | None:
    """Sign with a new secret; the old one signs too until `old_for` has passed."""
    row = await tx.fetchrow(
        "update webhooks set old_secret = secret, old_secret_until = $3::timestamptz + $4,"  # noqa: S608
        " secret = $2, version = version + 1, updated_at = $3 where id = $1"
        f" returning {_COLUMNS}",
        webhook_id,
        secret,
        now,
        old_for,
    )
    return _webhook(row)


async def remove(tx: Transaction, webhook_id: UUID) -> bool:
    """Forget a webhook with its deliveries; False when there is none."""
    status: str = await tx.execute("delete from webhooks where id = $1", webhook_id)
    return status != "DELETE 0"


async def find(connection: Transaction, webhook_id: UUID) -> Webhook | None:
    """A webhook."""
    return _webhook(
        await connection.fetchrow(f"select {_COLUMNS} from webhooks where id = $1", webhook_id)  # noqa: S608
    )


async def listed(connection: Transaction, *, after: UUID | None, limit: int) -> list[Webhook]:
    """All of them, the newest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from webhooks where $1::uuid is null or id < $1"  # noqa: S608
        " order by id desc limit $2",
        after,
        limit,
    )
    return [Webhook(**row) for row in rows]


async def deliveries(
    connection: Transaction,
    webhook_id: UUID,
    *,
    state: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """What a webhook was sent or is to be sent, the newest first, each with its attempts."""
    rows = await connection.fetch(
        "select d.id, f.event_id, f.type, f.at, d.state, d.attempts, d.next_at, d.give_up_at,"
        " d.created_at, d.updated_at, coalesce(("
        "   select jsonb_agg(jsonb_build_object('number', a.number, 'started_at', a.started_at,"
        "     'finished_at', a.finished_at, 'result', a.result, 'status', a.status,"
        "     'fault', a.fault) order by a.number)"
        "   from webhook_attempts a where a.delivery_id = d.id), '[]') as tries"
        " from webhook_deliveries d join webhook_facts f on f.id = d.fact_id"
        " where d.webhook_id = $1 and ($2::text is null or d.state = $2)"
        " and ($3::timestamptz is null or (d.created_at, d.id) < ($3, $4))"
        " order by d.created_at desc, d.id desc limit $5",
        webhook_id,
        state,
        *(after or (None, None)),
        limit,
    )
    return [dict(row) for row in rows]


def _webhook(row: asyncpg.Record | None) -> Webhook | None:
    return None if row is None else Webhook(**row)
