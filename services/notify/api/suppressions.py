"""Addresses that take nothing more, for staff: why, since when, and lifting it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.notify.api.access import StaffNow
from services.notify.api.messages import Why
from services.notify.api.showing import shown
from services.notify.store import suppressions
from shared.clock import Clock
from shared.errors import NotFound
from shared.fields import Body, Storable
from shared.outbox import Relay
from shared.postgres import Database

MOST_SHOWN = 100
"""An address with a longer story than that is for the database."""


class LiftFields(Body):
    """Why the address may be used again: for example, that its owner said so by telephone."""

    reason: Why


class SuppressionDocument(BaseModel):
    """What stands, or stood until `lifted_at`, against an address."""

    id: UUID
    channel: str
    address: str
    reason: str
    evidence: str
    recipient_id: UUID | None
    at: str
    lifted_at: str | None
    lifted_by: str | None
    lifted_why: str | None


class SuppressionsDocument(BaseModel):
    """The newest first."""

    items: list[SuppressionDocument]


def routes(db: Database, clock: Clock, relay: Relay) -> APIRouter:
    """What staff may see and do with suppressed addresses."""
    router = APIRouter(prefix="/v1", tags=["suppressions"])

    @router.get("/suppressions", response_model=SuppressionsDocument)
    async def of_address(
        staff: StaffNow,
        address: Annotated[
            str,
            Query(
                min_length=3,
                max_length=254,
                description="A mail address, a number as E.164, or a push device's id.",
            ),
            Storable,
        ],
    ) -> dict[str, Any]:
        """Why an address takes nothing more, and what stood against it before."""
        async with db.transaction() as tx:
            found = await suppressions.of_address(tx, address, limit=MOST_SHOWN)
            known: set[UUID | None] = {one.recipient_id for one in found}
            for client_id in known or {None}:
                await staff.note(tx, "suppressions", clock, client_id=client_id)
        return {"items": [shown(one) for one in found]}

    @router.post("/suppressions/{suppression_id}/lift", response_model=SuppressionDocument)
    async def lift(suppression_id: UUID, body: LiftFields, staff: StaffNow) -> dict[str, Any]:
        """Let an address be used again. What its owner agreed to stays as it is."""
        async with db.transaction() as tx:
            lifted = await suppressions.lift(
                tx, suppression_id, by=str(staff.id), why=body.reason, now=clock()
            )
            if lifted is None:
                raise NotFound("no-such-suppression", "Nothing of that id stands.")
            await staff.note(
                tx,
                "lift",
                clock,
                client_id=lifted.recipient_id,
                subject_id=suppression_id,
                why=body.reason,
            )
        relay.wake()
        return shown(lifted)

    return router
