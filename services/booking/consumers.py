"""Kafka in: what progress and notify tell the front door."""

from collections.abc import Sequence
from uuid import UUID

from services.booking.domain.links import LinkSigner
from services.booking.handlers import care, consents, messages, read_model
from shared.clock import Clock
from shared.contracts.conclusions import (
    ClearanceDecided,
    ClearanceExpired,
    ClearanceRequested,
    PlanDrafted,
)
from shared.contracts.event import Envelope
from shared.contracts.messages import MessageFact, RecipientRestored, RecipientSuppressed
from shared.contracts.progress import (
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SubmissionAnswered,
    ViewUpdated,
)
from shared.handling import Handlers, Together
from shared.postgres import Transaction
from shared.records import Tombstone


def handlers(signer: LinkSigner, clock: Clock) -> Handlers:
    """What booking does with each event."""

    async def on_news(
        tx: Transaction,
        events: Sequence[
            Envelope[SubmissionAnswered] | Envelope[ViewUpdated] | Envelope[MessageFact]
        ],
    ) -> None:
        told = [event.data for event in events]
        await read_model.keep(
            tx, [one for one in told if not isinstance(one, MessageFact)], now=clock()
        )
        await messages.keep(tx, [one for one in told if isinstance(one, MessageFact)])

    async def on_hold(tx: Transaction, event: Envelope[SafetyHoldPlaced]) -> None:
        await read_model.place_hold(tx, event, signer=signer, now=clock())

    async def on_lift(tx: Transaction, event: Envelope[SafetyHoldLifted]) -> None:
        await read_model.lift_hold(tx, event, signer=signer, now=clock())

    async def on_clearance(tx: Transaction, event: Envelope[care.ClearanceFact]) -> None:
        await care.keep_clearance(tx, event)

    async def on_plan(tx: Transaction, event: Envelope[PlanDrafted]) -> None:
        await care.keep_plan(tx, event)

    async def on_suppressed(tx: Transaction, event: Envelope[RecipientSuppressed]) -> None:
        await consents.suppressed(tx, event, signer=signer, now=clock())

    async def on_restored(tx: Transaction, event: Envelope[RecipientRestored]) -> None:
        await consents.restored(tx, event, signer=signer, now=clock())

    async def on_erased(tx: Transaction, tombstone: Tombstone) -> None:
        await read_model.forget_view(tx, UUID(tombstone.key))

    return Handlers(
        events={
            SafetyHoldPlaced: on_hold,
            SafetyHoldLifted: on_lift,
            ClearanceRequested: on_clearance,
            ClearanceDecided: on_clearance,
            ClearanceExpired: on_clearance,
            PlanDrafted: on_plan,
            RecipientSuppressed: on_suppressed,
            RecipientRestored: on_restored,
        },
        tombstones={ViewUpdated.topic: on_erased},
        together=Together(frozenset({SubmissionAnswered, ViewUpdated, *messages.STATES}), on_news),
    )
