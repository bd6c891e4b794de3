"""Reports on their way to progress, and what came back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.submissions import Submission
from shared.postgres import Transaction

CHANNEL = "client_changed"
"""NOTIFY channel that wakes open streams; the payload is the client's id. A hint, never data."""


async def add_submission(tx: Transaction, submission: Submission, kind: str) -> None:
    """Remember a report until progress has answered."""
    await tx.execute(
        "insert into submissions (id, client_id, kind, submitted_by, submitted_at)"
        " values ($1, $2, $3, $4, $5)",
        submission.submission_id,
        submission.client_id,
        kind,
        submission.submitted_by,
        submission.submitted_at,
    )


async def answer_submission(
    tx: Transaction, submission_id: UUID, status: str, answer: dict[str, Any], *, now: datetime
) -> None:
    """Store progress's answer to a report."""
    await tx.execute(
        "update submissions set status = $2, answer = $3, answered_at = $4 where id = $1",
        submission_id,
        status,
        answer,
        now,
    )


async def store_view(
    tx: Transaction,
    client_id: UUID,
    version: int,
    level: str,
    document: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Keep the newest view of a client; an older one changes nothing."""
    await tx.execute(
        "insert into progress_views (client_id, version, level, document, updated_at)"
        " values ($1, $2, $3, $4, $5) on conflict (client_id) do update set version = $2,"
        " level = $3, document = $4, updated_at = $5 where progress_views.version < $2",
        client_id,
        version,
        level,
        document,
        now,
    )


async def add_safety_hold(
    tx: Transaction, hold_id: UUID, client_id: UUID, kind: str, rule: str, *, placed_at: datetime
) -> None:
    """A safety hold stands on the client."""
    await tx.execute(
        "insert into safety_holds (hold_id, client_id, kind, rule, placed_at)"
        " values ($1, $2, $3, $4, $5) on conflict do nothing",
        hold_id,
        client_id,
        kind,
        rule,
        placed_at,
    )


async def lift_safety_hold(tx: Transaction, hold_id: UUID, *, lifted_at: datetime) -> None:
    """The hold stands no longer."""
    await tx.execute(
        "update safety_holds set lifted_at = $2 where hold_id = $1", hold_id, lifted_at
    )


async def safety_hold_is_known(tx: Transaction, client_id: UUID, hold_id: UUID) -> bool:
    """Whether that hold was placed on that client."""
    known: bool = await tx.fetchval(
        "select exists (select from safety_holds where hold_id = $1 and client_id = $2)",
        hold_id,
        client_id,
    )
    return known


async def forget_view(tx: Transaction, client_id: UUID) -> None:
    """Progress has erased the client."""
    await tx.execute("delete from progress_views where client_id = $1", client_id)


async def wake_streams(tx: Transaction, client_id: UUID) -> None:
    """Wake whoever watches this client, on every replica, when this commits."""
    await tx.execute("select pg_notify($1, $2)", CHANNEL, str(client_id))
