"""Reports on their way to progress, and what came back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from shared.contracts.submissions import Submission
from shared.postgres import Transaction

CHANNEL = "client_changed"
"""NOTIFY channel that wakes open streams; the payload is the client's id. A hint, never data."""


_NAMED = {"submission_id", "client_id", "status"}
"""What of an answer stands in columns of its own."""


async def add_submission(
    tx: Transaction, submission: Submission, kind: str, report: str, *, typed: bool
) -> None:
    """Remember a report with its sealed copy, and whether somebody typed something in it."""
    await tx.execute(
        "insert into submissions (id, client_id, kind, submitted_by, submitted_at, report,"
        " typed) values ($1, $2, $3, $4, $5, $6, $7)",
        submission.submission_id,
        submission.client_id,
        kind,
        submission.submitted_by,
        submission.submitted_at,
        report,
        typed,
    )


async def keep(
    tx: Transaction,
    answers: Sequence[SubmissionAnswered],
    views: Sequence[ViewUpdated],
    *,
    now: datetime,
) -> None:
    """Store answers to reports and the newest view of each client, and wake who watches them.

    Of a view that is not newer than the stored one nothing is kept.
    """
    newest: dict[UUID, ViewUpdated] = {}
    for view in views:
        known = newest.get(view.client_id)
        if known is None or known.version < view.version:
            newest[view.client_id] = view
    # In one order, so that two replicas never wait for each other.
    shown = [newest[client_id] for client_id in sorted(newest)]
    await tx.execute(
        "with answered as (update submissions s set status = e.status, answer = e.answer,"
        " answered_at = $8 from unnest($1::uuid[], $2::text[], $3::jsonb[])"
        " as e(id, status, answer) where s.id = e.id),"
        " kept as (insert into progress_views (client_id, version, level, document, updated_at)"
        " select e.client_id, e.version, e.level, e.document, $8"
        " from unnest($4::uuid[], $5::integer[], $6::text[], $7::jsonb[])"
        " as e(client_id, version, level, document)"
        " on conflict (client_id) do update set version = excluded.version,"
        " level = excluded.level, document = excluded.document, updated_at = excluded.updated_at"
        " where progress_views.version < excluded.version)"
        " select pg_notify($9, client_id::text) from unnest($10::uuid[]) as e(client_id)",
        [answer.submission_id for answer in answers],
        [answer.status for answer in answers],
        [answer.model_dump(mode="json", exclude=_NAMED, exclude_none=True) for answer in answers],
        [view.client_id for view in shown],
        [view.version for view in shown],
        [view.level for view in shown],
        [view.document for view in shown],
        now,
        CHANNEL,
        sorted({answer.client_id for answer in answers} | {view.client_id for view in views}),
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
