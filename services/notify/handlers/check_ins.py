"""A client is asked how it is, or has told."""

from datetime import datetime

from services.notify.domain import plan_training
from services.notify.handlers.telling import Heard
from services.notify.store import happenings
from shared.contracts.conclusions import CheckInInvited
from shared.contracts.event import Envelope
from shared.contracts.progress import CheckInRecorded, SubmissionAnswered
from shared.postgres import Transaction


async def invited(_: Transaction, event: Envelope[CheckInInvited], now: datetime) -> Heard:
    """Ask, while the answer is waited for."""
    return Heard(plan_training.invitation(event.data, now=now))


async def recorded(tx: Transaction, event: Envelope[CheckInRecorded], _: datetime) -> Heard:
    """Remember that it was told; open questions find it when they are due."""
    await happenings.note_check_in(tx, event.data, heard_at=event.time)
    return Heard()


async def answered(_: Transaction, event: Envelope[SubmissionAnswered], now: datetime) -> Heard:
    """Ask why it hurt, where the answer called for it."""
    return Heard(plan_training.question_why(event.data, at=event.time, now=now))
