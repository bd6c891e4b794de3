"""What clients told and reached, as codes: it is summed up weekly, and invitations end with it."""

from datetime import datetime, timedelta
from uuid import UUID

from services.notify.domain.plan_training import milestone_id
from shared.contracts.conclusions import ClearanceDecided, ClearanceRequested, MilestoneReached
from shared.contracts.progress import CheckInRecorded
from shared.postgres import Transaction

KEPT_FOR = timedelta(days=60)
"""Longer than any invitation or summary looks back."""


async def note_check_in(tx: Transaction, fact: CheckInRecorded, *, heard_at: datetime) -> None:
    """A check-in was given; its kind and whether it says why, never a value."""
    await tx.execute(
        "insert into happenings (client_id, kind, id, code, booking_id, why, at, heard_at)"
        " values ($1, 'check-in', $2, $3, $4, $5, $6, $7) on conflict do nothing",
        fact.client_id,
        fact.check_in_id,
        fact.kind,
        fact.booking_id,
        bool(fact.why),
        fact.at,
        heard_at,
    )


async def note_milestone(tx: Transaction, fact: MilestoneReached, *, heard_at: datetime) -> None:
    """A milestone was reached."""
    await tx.execute(
        "insert into happenings (client_id, kind, id, code, sort, at, heard_at)"
        " values ($1, 'milestone', $2, $3, $4, $5, $6) on conflict do nothing",
        fact.client_id,
        milestone_id(fact),
        fact.code,
        fact.kind,
        fact.at,
        heard_at,
    )


async def note_clearance(tx: Transaction, fact: ClearanceRequested) -> bool:
    """A clinician's word is waited for; False when it was given already."""
    decided_at = await tx.fetchval(
        "insert into clearances (clearance_id, client_id, at) values ($1, $2, $3)"
        " on conflict (clearance_id) do update set at = excluded.at returning decided_at",
        fact.clearance_id,
        fact.client_id,
        fact.at,
    )
    return decided_at is None


async def note_decision(tx: Transaction, fact: ClearanceDecided) -> None:
    """The clinician's word is there."""
    await tx.execute(
        "insert into clearances (clearance_id, client_id, at, decided_at) values ($1, $2, $3, $3)"
        " on conflict (clearance_id) do update set decided_at = excluded.decided_at",
        fact.clearance_id,
        fact.client_id,
        fact.at,
    )


async def clearances_waiting(tx: Transaction, client_id: UUID, since: datetime) -> list[UUID]:
    """The clearances asked for after an instant that still wait."""
    rows = await tx.fetch(
        "select clearance_id from clearances"
        " where client_id = $1 and at > $2 and decided_at is null order by at",
        client_id,
        since,
    )
    return [row["clearance_id"] for row in rows]


async def forget_old(tx: Transaction, now: datetime) -> None:
    """Delete what nothing looks back on."""
    await tx.execute(
        "with happened as (delete from happenings where heard_at < $1),"
        " cleared as (delete from clearances where at < $1)"
        " delete from acknowledgements where at < $1",
        now - KEPT_FOR,
    )
