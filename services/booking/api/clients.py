"""A client's reports and progress over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.booking.api.access import CallerNow, let_in, seeing
from services.booking.api.fields import OptionCode
from services.booking.api.writing import Answer, Writer
from services.booking.domain.people import Caller
from services.booking.handlers import submissions
from services.booking.queries import progress
from services.booking.store.client_keys import ClientKeys
from shared.clock import Clock, rfc3339
from shared.contracts.progress import Level
from shared.contracts.submissions import CheckIn, CheckInKind, RedFlag, Score, Why
from shared.errors import Forbidden, NotFound
from shared.fields import Body, Instant, NotBlank, Storable, Text
from shared.postgres import Database, Transaction

MOST_EXERCISES = 40


class ExerciseFields(Body):
    """One exercise of the session."""

    option: OptionCode
    done: Annotated[bool, Field(strict=True)]
    worst_pain: Score | None = None
    enjoyment: Score | None = None


class CheckInFields(Body):
    """How it feels: pain from 0 (none) to 10 (the worst imaginable), and what goes with it."""

    kind: CheckInKind
    booking: UUID | None = None
    pain: Score
    stiffness: Score | None = None
    energy: Score | None = None
    mood: Score | None = None
    confidence: Score | None = None
    effort: Score | None = None
    enjoyment: Score | None = None
    worst_pain: Score | None = None
    exercises: Annotated[tuple[ExerciseFields, ...], Field(max_length=MOST_EXERCISES)] = ()
    red_flags: Annotated[tuple[RedFlag, ...], Field(max_length=17)] = ()
    why: Annotated[tuple[Why, ...], Field(max_length=11)] = ()
    flare: Annotated[bool, Field(strict=True)] = False
    note: Text | None = None
    at: Instant | None = None

    def check_in(self, now: datetime) -> CheckIn:
        """The check-in as progress reads it; without a time it is for now."""
        return CheckIn.model_validate({**self.model_dump(), "at": self.at or now})


class LiftFields(Body):
    """Why a safety hold may end."""

    reason: Annotated[str, Field(min_length=1, max_length=500), Storable, NotBlank]


class AcceptedDocument(BaseModel):
    """A report that progress works on; ask `url` for the answer."""

    id: UUID
    url: str


class AcknowledgedDocument(BaseModel):
    """Who looks after the client's alert, and since when."""

    client_id: UUID
    acknowledged_by: UUID
    at: str


class AnswerDocument(BaseModel):
    """What became of a report."""

    id: UUID
    status: Literal["pending", "done", "rejected"]
    level: Level | None = None
    actions: list[dict[str, Any]] | None = None
    rule: str | None = None
    reason: str | None = None


def accepted(client_id: UUID, submission_id: UUID) -> Answer:
    """Where to ask what became of a report."""
    url = f"/v1/clients/{client_id}/submissions/{submission_id}"
    return Answer(202, {"id": str(submission_id), "url": url})


async def take_check_in(
    tx: Transaction,
    keys: ClientKeys,
    caller: Caller,
    client_id: UUID,
    fields: CheckInFields,
    *,
    now: datetime,
) -> UUID:
    """Hand a check-in to progress for who may report about this client; returns its id.

    Raises:
        Unauthorised, Forbidden: the caller may not.
    """
    who = await let_in(tx, caller, client_id, "report", now=now)
    return await submissions.submit_check_in(
        tx, keys, client_id, who.actor_id, fields.check_in(now), now=now
    )


def routes(db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """What a client reports and sees."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["client"])

    @router.post("/check-ins", status_code=202, response_model=AcceptedDocument)
    async def check_in(
        client_id: UUID, body: CheckInFields, request: Request, caller: CallerNow
    ) -> Response:
        """Check in before, after, the next morning, or on any day."""

        async def work(tx: Transaction) -> Answer:
            keys, now = writer.keys, clock()
            return accepted(
                client_id, await take_check_in(tx, keys, caller, client_id, body, now=now)
            )

        return await writer.commit(request, caller, work)

    @router.post("/safety-holds/{hold_id}/lift", status_code=202, response_model=AcceptedDocument)
    async def lift(
        client_id: UUID, hold_id: UUID, body: LiftFields, request: Request, caller: CallerNow
    ) -> Response:
        """End a safety hold, after speaking with the client."""

        async def work(tx: Transaction) -> Answer:
            now = clock()
            await let_in(tx, caller, client_id, "lift", now=now)
            submission_id = await submissions.submit_hold_lift(
                tx, writer.keys, client_id, caller, hold_id, body.reason, now=now
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    @router.post("/safety-acknowledgement", response_model=AcknowledgedDocument)
    async def acknowledge(client_id: UUID, request: Request, caller: CallerNow) -> Response:
        """Say that one looks after the client's alert, so that nobody else is called."""

        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, "acknowledge", now=now)
            await submissions.acknowledge(tx, client_id, who.actor_id, now=now)
            by = {"client_id": str(client_id), "acknowledged_by": str(who.actor_id)}
            return Answer(200, by | {"at": rfc3339(now)})

        return await writer.commit(request, caller, work)

    @router.get(
        "/submissions/{submission_id}",
        response_model=AnswerDocument,
        response_model_exclude_none=True,
    )
    async def answer(client_id: UUID, submission_id: UUID, caller: CallerNow) -> dict[str, Any]:
        """What became of a report; the care team is told of its own."""
        async with seeing(db, caller, client_id, "answer", now=clock()) as (connection, sight):
            found = await progress.submission(connection, client_id, submission_id)
            by_member = sight.share is not None
            if by_member and (found is None or found.submitted_by != sight.actor_id):
                raise Forbidden("not-shared", "The client has not opened that to you.")
            if found is None:
                raise NotFound("no-such-submission", "There is no such report of this client.")
        return sight.answer(found.document)

    @router.get("/progress")
    async def view(client_id: UUID, caller: CallerNow) -> JSONResponse:
        """All that the client's page shows; the care team sees what the client shares."""
        async with seeing(db, caller, client_id, "progress", now=clock()) as (connection, sight):
            document = await progress.view(connection, client_id)
        return JSONResponse(sight.view(document), headers={"ETag": f'"{document["version"]}"'})

    return router
