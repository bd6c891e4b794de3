"""A client's reports, progress and live stream over HTTP."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.booking.api import documents
from services.booking.api.access import CallerNow, may_lift_holds, may_report_for
from services.booking.api.fields import Body, Instant, NotBlank, OptionCode, Storable, Text
from services.booking.api.writing import Answer, Writer
from services.booking.handlers import submissions
from services.booking.queries import bookings, progress
from services.booking.queries.bookings import BookingRow
from services.booking.streams import Wakeups, ticks
from shared.clock import Clock
from shared.contracts.progress import Level
from shared.contracts.submissions import CheckIn, CheckInKind, RedFlag, Score, Why
from shared.errors import NotFound
from shared.postgres import Database, Transaction

LOOK_AGAIN_S = 15.0
"""A stream that was not woken looks for itself, and its comment keeps proxies from closing it."""

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


class AnswerDocument(BaseModel):
    """What became of a report."""

    id: UUID
    status: Literal["pending", "done", "rejected"]
    level: Level | None = None
    actions: list[dict[str, Any]] | None = None
    rule: str | None = None
    reason: str | None = None


def routes(
    db: Database,
    clock: Clock,
    writer: Writer,
    wakeups: Wakeups,
) -> APIRouter:
    """What a client reports and sees."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["client"])

    def accepted(client_id: UUID, submission_id: UUID) -> Answer:
        url = f"/v1/clients/{client_id}/submissions/{submission_id}"
        return Answer(202, {"id": str(submission_id), "url": url})

    @router.post("/check-ins", status_code=202, response_model=AcceptedDocument)
    async def check_in(
        client_id: UUID, body: CheckInFields, request: Request, caller: CallerNow
    ) -> Response:
        """Check in before, after, the next morning, or on any day."""

        async def work(tx: Transaction) -> Answer:
            caller_id = await may_report_for(tx, caller, client_id)
            now = clock()
            submission_id = await submissions.submit_check_in(
                tx, client_id, caller_id, body.check_in(now), now=now
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    @router.post("/safety-holds/{hold_id}/lift", status_code=202, response_model=AcceptedDocument)
    async def lift(
        client_id: UUID, hold_id: UUID, body: LiftFields, request: Request, caller: CallerNow
    ) -> Response:
        """End a safety hold, after speaking with the client."""

        async def work(tx: Transaction) -> Answer:
            await may_lift_holds(tx, caller, client_id)
            submission_id = await submissions.submit_hold_lift(
                tx, client_id, caller, hold_id, body.reason, now=clock()
            )
            return accepted(client_id, submission_id)

        return await writer.commit(request, caller, work)

    @router.get(
        "/submissions/{submission_id}",
        response_model=AnswerDocument,
        response_model_exclude_none=True,
    )
    async def answer(client_id: UUID, submission_id: UUID, caller: CallerNow) -> dict[str, Any]:
        """What became of a report."""
        async with db.reading() as connection:
            await may_report_for(connection, caller, client_id)
            found = await progress.submission(connection, client_id, submission_id)
        if found is None:
            raise NotFound("no-such-submission", "There is no such report of this client.")
        return found

    @router.get("/progress")
    async def view(client_id: UUID, caller: CallerNow) -> JSONResponse:
        """All that the client's page shows."""
        async with db.reading() as connection:
            await may_report_for(connection, caller, client_id)
            document = await progress.view(connection, client_id)
        return JSONResponse(document, headers={"ETag": f'"{document["version"]}"'})

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(client_id: UUID, caller: CallerNow) -> EventSourceResponse:
        """Follow a client: `progress` and `booking` events as they happen."""
        async with db.reading() as connection:
            await may_report_for(connection, caller, client_id)
        return EventSourceResponse(follow(client_id), ping=int(LOOK_AGAIN_S))

    async def follow(client_id: UUID) -> AsyncIterator[ServerSentEvent]:
        shown = -1
        known: dict[UUID, int] | None = None
        with wakeups.watching(client_id) as woken:
            async for _ in ticks(woken, every_s=LOOK_AGAIN_S):
                async with db.reading() as connection:
                    document = await progress.view(connection, client_id)
                    known, changed = await _changed(connection, client_id, known)
                if document["version"] > shown:
                    shown = document["version"]
                    yield _event("progress", document, str(shown))
                for row in changed:
                    body = documents.booking(row)
                    yield _event("booking", body, f"{row.id}-{row.version}")

    return router


async def _changed(
    connection: Transaction, client_id: UUID, known: dict[UUID, int] | None
) -> tuple[dict[UUID, int], list[BookingRow]]:
    """The versions of a client's bookings now, and the bookings that changed since `known`."""
    # By version, not by time: what was decided first may well be committed last.
    current = await bookings.versions(connection, client_id)
    changed = []
    for booking_id, version in current.items():
        if known is not None and known.get(booking_id) != version:
            row = await bookings.find(connection, booking_id)
            if row is not None:
                current[booking_id] = row.version
                changed.append(row)
    return current, changed


def _event(name: str, body: dict[str, Any], identity: str) -> ServerSentEvent:
    return ServerSentEvent(data=json.dumps(body), event=name, id=identity)
