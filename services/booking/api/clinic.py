"""A clinician's word over HTTP: whether exercise is right."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from services.booking.api.access import CallerNow, let_in, signed_in
from services.booking.api.care_fields import AvoidedCode
from services.booking.api.clients import AcceptedDocument, accepted
from services.booking.api.fields import Day
from services.booking.api.writing import Answer, Writer
from services.booking.handlers import care
from shared.clock import Clock
from shared.contracts.care import ClearanceLimits, Decision
from shared.contracts.submissions import Score
from shared.errors import Invalid
from shared.fields import Body, Text
from shared.postgres import Transaction

MOST_AVOIDED = 40
"""Who may not do more than half of the catalogue is refused, not limited."""


class LimitsFields(Body):
    """What a limited clearance allows: effort at most, and what to avoid."""

    max_effort: Score | None = None
    avoid: Annotated[tuple[AvoidedCode, ...], Field(max_length=MOST_AVOIDED)] = ()
    note: Text | None = None


class DecisionFields(Body):
    """A decision on a clearance; limits belong to `limited` alone."""

    decision: Decision
    limits: LimitsFields | None = None
    valid_until: Day | None = None
    note: Text | None = None

    def limits_given(self) -> ClearanceLimits | None:
        """The limits as progress reads them.

        Raises:
            Invalid: they are missing, or do not belong there.
        """
        if self.decision != "limited":
            if self.limits is not None:
                raise Invalid.field("limits", "belong to the decision `limited` alone")
            return None
        if self.limits is None or (self.limits.max_effort is None and not self.limits.avoid):
            raise Invalid.field("limits", "should say the effort at most, or what to avoid")
        return ClearanceLimits.model_validate(self.limits.model_dump())


def routes(clock: Clock, writer: Writer) -> APIRouter:
    """Decisions of the care team's clinicians."""
    router = APIRouter(prefix="/v1/clearances", tags=["care team"])

    @router.post("/{clearance_id}/decision", status_code=202, response_model=AcceptedDocument)
    async def decide(
        clearance_id: UUID, body: DecisionFields, request: Request, caller: CallerNow
    ) -> Response:
        """Say whether exercise is right, as a clinician of the client's care team."""
        limits = body.limits_given()

        async def work(tx: Transaction) -> Answer:
            now = clock()
            signed_in(caller)
            client_id = await care.client_of(tx, clearance_id, "clearance")
            who = await let_in(tx, caller, client_id, "clear", now=now)
            submission_id = await care.decide_clearance(
                tx,
                writer.keys,
                clearance_id,
                client_id,
                who.actor_id,
                body.decision,
                limits=limits,
                valid_until=body.valid_until,
                note=body.note,
                now=now,
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    return router
