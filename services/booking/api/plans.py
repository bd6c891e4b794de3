"""Plans over HTTP: asked for, begun and spoken about."""

from collections import Counter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from services.booking.api.access import CallerNow, let_in, signed_in
from services.booking.api.care_fields import SOME, KnownOption, Some
from services.booking.api.clients import AcceptedDocument, accepted
from services.booking.api.writing import Answer, Writer
from services.booking.handlers import care
from services.booking.handlers.submissions import submit
from shared.clock import Clock
from shared.contracts.care import PlanActivationSubmitted, PlanCommentSubmitted, PlanSubmitted
from shared.errors import FieldError, Invalid
from shared.fields import Body, NotBlank, Storable, Text
from shared.postgres import Transaction

MOST_ITEMS = 20
"""Twice of what a drafted plan has; more than a week has room for."""

MOST_TIMES, MOST_SETS, MOST_REPETITIONS, MOST_MINUTES = 7, 6, 30, 90
"""Times a week; and of one time more than low impact asks of anybody. Beyond is a slip."""


class PlanItemFields(Body):
    """An option with its dose: times a week, and sets of repetitions, or minutes."""

    option: KnownOption
    per_week: Annotated[int, Field(ge=1, le=MOST_TIMES, strict=True)]
    sets: Annotated[int, Field(ge=1, le=MOST_SETS, strict=True)] | None = None
    repetitions: Annotated[int, Field(ge=1, le=MOST_REPETITIONS, strict=True)] | None = None
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES, strict=True)] | None = None


class PlanFields(Body):
    """A plan; without items it is drafted from all that is known of the client."""

    items: (
        Annotated[
            tuple[PlanItemFields, ...],
            Field(max_length=MOST_ITEMS, json_schema_extra=SOME),
            Some,
        ]
        | None
    ) = None
    note: Text | None = None

    def content(self) -> dict[str, Any]:
        """What is sent.

        Raises:
            Invalid: an option is there twice, or its dose counts two ways.
        """
        both = [
            FieldError(f"items.{number}.minutes", "counts beside repetitions: give one of the two")
            for number, item in enumerate(self.items or ())
            if item.minutes is not None and item.repetitions is not None
        ]
        if both:
            raise Invalid("invalid", "A dose is repetitions or minutes, not both.", fields=both)
        options = [item.option for item in self.items or ()]
        times = Counter(options)
        twice = [
            FieldError(f"items.{number}.option", "is in the plan already")
            for number, option in enumerate(options)
            if times[option] > 1 and options.index(option) < number
        ]
        if twice:
            raise Invalid("invalid", "Each option can be in a plan once.", fields=twice)
        return self.model_dump()


class CommentFields(Body):
    """Something to say about a plan."""

    text: Annotated[str, Field(min_length=1, max_length=1000), Storable, NotBlank]


def routes(clock: Clock, writer: Writer) -> APIRouter:
    """Plans of clients. The id of a plan is the one its report was answered with."""
    router = APIRouter(prefix="/v1", tags=["care"])

    @router.post("/clients/{client_id}/plans", status_code=202, response_model=AcceptedDocument)
    async def plan(
        client_id: UUID, request: Request, caller: CallerNow, body: PlanFields | None = None
    ) -> Response:
        """Ask for a plan, as the client's trainer: one's own, or a draft."""
        content = (body or PlanFields()).content()

        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, "coach", now=now)
            plan_id = await submit(
                tx, writer.keys, PlanSubmitted, client_id, who.actor_id, now=now, **content
            )
            return accepted(client_id, plan_id)

        return await writer.commit(request, caller, work)

    @router.post("/plans/{plan_id}/activate", status_code=202, response_model=AcceptedDocument)
    async def activate(plan_id: UUID, request: Request, caller: CallerNow) -> Response:
        """Let a plan begin, as the client's trainer; rules may stand against it."""

        async def work(tx: Transaction) -> Answer:
            now = clock()
            signed_in(caller)
            client_id = await care.client_of(tx, plan_id, "plan")
            who = await let_in(tx, caller, client_id, "coach", now=now)
            submission_id = await submit(
                tx,
                writer.keys,
                PlanActivationSubmitted,
                client_id,
                who.actor_id,
                now=now,
                plan_id=plan_id,
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    @router.post("/plans/{plan_id}/comments", status_code=202, response_model=AcceptedDocument)
    async def comment(
        plan_id: UUID, body: CommentFields, request: Request, caller: CallerNow
    ) -> Response:
        """Say something about a plan, as the client's trainer or as who is shown it."""

        async def work(tx: Transaction) -> Answer:
            now = clock()
            signed_in(caller)
            client_id = await care.client_of(tx, plan_id, "plan")
            who = await let_in(tx, caller, client_id, "comment", now=now)
            submission_id = await submit(
                tx,
                writer.keys,
                PlanCommentSubmitted,
                client_id,
                who.actor_id,
                now=now,
                plan_id=plan_id,
                text=body.text,
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    return router
