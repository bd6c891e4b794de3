"""What progress says, kept for the page; safety holds freeze and free the client's sessions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain.links import LinkSigner
from services.booking.handlers import changes
from services.booking.store import progress
from shared.contracts.event import Envelope
from shared.contracts.progress import (
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SubmissionAnswered,
    ViewUpdated,
)
from shared.postgres import Transaction


async def keep(
    tx: Transaction,
    told: Sequence[SubmissionAnswered | ViewUpdated],
    *,
    now: datetime,
) -> None:
    """Answers to reports and newer views: whoever waits for them may know."""
    if not told:
        return
    await progress.keep(
        tx,
        [one for one in told if isinstance(one, SubmissionAnswered)],
        [one for one in told if isinstance(one, ViewUpdated)],
        now=now,
    )


async def place_hold(
    tx: Transaction, event: Envelope[SafetyHoldPlaced], *, signer: LinkSigner, now: datetime
) -> None:
    """A safety hold was placed: sessions wait, unless it is for one option or joint alone."""
    hold = event.data
    await progress.add_safety_hold(
        tx, hold.hold_id, hold.client_id, hold.kind, hold.rule, placed_at=hold.at
    )
    if hold.kind == "session":
        await changes.freeze_coming(tx, hold.client_id, signer=signer, now=now)


async def lift_hold(
    tx: Transaction, event: Envelope[SafetyHoldLifted], *, signer: LinkSigner, now: datetime
) -> None:
    """A safety hold was lifted: when none is left, sessions take place again."""
    await progress.lift_safety_hold(tx, event.data.hold_id, lifted_at=event.data.at)
    await changes.unfreeze_coming(tx, event.data.client_id, signer=signer, now=now)


async def forget_view(tx: Transaction, client_id: UUID) -> None:
    """Progress has erased the client."""
    await progress.forget_view(tx, client_id)
