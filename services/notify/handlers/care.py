"""A clinician's word is needed, or given."""

from datetime import datetime

from services.notify.domain import plan_people
from services.notify.handlers.telling import Heard
from services.notify.store import happenings, projections
from shared.contracts.conclusions import ClearanceDecided, ClearanceRequested
from shared.contracts.event import Envelope
from shared.postgres import Transaction


async def clearance_requested(
    tx: Transaction, event: Envelope[ClearanceRequested], now: datetime
) -> Heard:
    """Tell the client what is needed, and ask the clinicians of the care team."""
    fact = event.data
    if not await happenings.note_clearance(tx, fact):
        return Heard()
    team = await projections.care_team(tx, fact.client_id)
    return Heard(plan_people.clearance_asked(fact, team, now=now))


async def clearance_decided(
    tx: Transaction, event: Envelope[ClearanceDecided], _: datetime
) -> Heard:
    """Nobody need be asked any more."""
    await happenings.note_decision(tx, event.data)
    return Heard()
