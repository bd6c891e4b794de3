"""Something worth saying happened: a milestone, a plan that begins."""

from datetime import datetime

from services.notify.domain import plan_training
from services.notify.handlers.telling import Heard
from services.notify.store import happenings
from shared.contracts.conclusions import MilestoneReached, PlanActivated
from shared.contracts.event import Envelope
from shared.postgres import Transaction


async def milestone_reached(
    tx: Transaction, event: Envelope[MilestoneReached], now: datetime
) -> Heard:
    """Say it, and remember it for the weekly summary."""
    await happenings.note_milestone(tx, event.data, heard_at=event.time)
    return Heard(plan_training.milestone(event.data, now=now))


async def plan_activated(_: Transaction, event: Envelope[PlanActivated], now: datetime) -> Heard:
    """The plan is there to be tried."""
    return Heard(plan_training.plan_ready(event.data, now=now))
