"""What the care of a client is about: whose a clearance or a plan is, and a clinician's word."""

from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from services.booking.handlers.submissions import submit, zone_of
from services.booking.store import care
from services.booking.store.care import CareItem
from services.booking.store.client_keys import ClientKeys
from shared.contracts.care import ClearanceDecisionSubmitted, ClearanceLimits, Decision
from shared.contracts.conclusions import (
    ClearanceDecided,
    ClearanceExpired,
    ClearanceRequested,
    PlanDrafted,
)
from shared.contracts.event import Envelope
from shared.errors import Invalid, NotFound
from shared.postgres import Transaction
from shared.zones import zone

ClearanceFact: TypeAlias = ClearanceRequested | ClearanceDecided | ClearanceExpired


async def client_of(tx: Transaction, item_id: UUID, kind: CareItem) -> UUID:
    """Whose clearance or plan it is.

    Raises:
        NotFound: there is none of that id.
    """
    client_id = await care.client_of(tx, item_id, kind)
    if client_id is None:
        raise NotFound(f"no-such-{kind}", f"There is no such {kind}.")
    return client_id


async def decide_clearance(
    tx: Transaction,
    keys: ClientKeys,
    clearance_id: UUID,
    client_id: UUID,
    caller_id: UUID,
    decision: Decision,
    *,
    limits: ClearanceLimits | None,
    valid_until: date | None,
    note: str | None,
    now: datetime,
) -> UUID:
    """Hand a clinician's decision to progress; returns the id to wait on.

    Raises:
        NotFound: no such client.
        Invalid: it would have run out already.
    """
    today = now.astimezone(zone(await zone_of(tx, client_id))).date()
    if valid_until is not None and valid_until < today:
        raise Invalid.field("valid_until", "lies in the past")
    return await submit(
        tx,
        keys,
        ClearanceDecisionSubmitted,
        client_id,
        caller_id,
        now=now,
        clearance_id=clearance_id,
        decision=decision,
        limits=limits,
        valid_until=valid_until,
        note=note,
    )


async def keep_clearance(tx: Transaction, event: Envelope[ClearanceFact]) -> None:
    """Progress speaks of a clearance: whichever word of it comes first says whose it is."""
    fact = event.data
    await care.keep_item(tx, fact.clearance_id, "clearance", fact.client_id, told_at=fact.at)


async def keep_plan(tx: Transaction, event: Envelope[PlanDrafted]) -> None:
    """Progress drafted a plan."""
    fact = event.data
    await care.keep_item(tx, fact.plan_id, "plan", fact.client_id, told_at=fact.at)
