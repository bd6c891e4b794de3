"""Sessions paid for ahead, over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.booking.api.access import CallerNow, let_in, signed_in
from services.booking.api.fields import ServiceCode
from services.booking.api.writing import Answer, Writer
from services.booking.domain.credits import MOST_AT_ONCE, Entry, Kind
from services.booking.domain.people import Caller
from services.booking.handlers import credits as recording
from services.booking.queries import credits as paid_ahead
from services.booking.store import people
from services.booking.store.client_keys import ClientKeys
from shared.clock import Clock, rfc3339
from shared.errors import Forbidden, NotFound
from shared.fields import Body, Text
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction


class CreditFields(Body):
    """Sessions that were bought; below zero, sessions that are withdrawn."""

    service: ServiceCode
    count: Annotated[int, Field(strict=True, ge=-MOST_AT_ONCE, le=MOST_AT_ONCE)]
    note: Text | None = None


class LeftDocument(BaseModel):
    """How many sessions of a service are left."""

    service: ServiceCode
    left: int


class EntryDocument(BaseModel):
    """One line: `change` sessions of a service; the note is for staff alone."""

    id: UUID
    service: ServiceCode
    kind: Kind
    change: int
    booking: UUID | None = None
    recorded_at: str
    note: str | None = None


class RecordedDocument(EntryDocument):
    """A new line, and how many of its service are left now."""

    left: int


class CreditsDocument(PageDocument[EntryDocument]):
    """What is left of each service, and a page of the lines behind it, newest first."""

    balance: list[LeftDocument]


def routes(db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """What a client has paid for ahead."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["client"])

    @router.post("/credits", status_code=201, response_model=RecordedDocument)
    async def record(
        client_id: UUID, body: CreditFields, request: Request, caller: CallerNow
    ) -> Response:
        """Record sessions that a client has bought, or withdraw some; for staff."""
        by = _staff(caller)

        async def work(tx: Transaction) -> Answer:
            entry, left = await recording.record(
                tx,
                client_id,
                body.service,
                body.count,
                recorded_by=by,
                note=writer.keys.seal_note(body.note),
                now=clock(),
            )
            return Answer(201, _line(entry, caller, writer.keys) | {"left": left})

        return await writer.commit(request, caller, work)

    @router.get("/credits", response_model=CreditsDocument)
    async def read(client_id: UUID, caller: CallerNow, page: PageNow) -> JSONResponse:
        """What a client has left, for the client, their trainer and staff."""
        before = page.after(UUID)
        async with db.reading() as connection:
            await let_in(connection, caller, client_id, "bookings", now=clock())
            if await people.find_person(connection, client_id) is None:
                raise NotFound("no-such-client", "There is no such client.")
            balance = await paid_ahead.balance(connection, client_id)
            entries = await paid_ahead.entries(
                connection, client_id, before=before[0] if before else None, limit=page.limit
            )
        return JSONResponse(
            {
                "balance": [{"service": s, "left": left} for s, left in balance.items()],
                **page.answer(
                    entries,
                    key=lambda entry: (entry.id,),
                    show=lambda entry: _line(entry, caller, writer.keys),
                ),
            }
        )

    return router


def _staff(caller: Caller) -> UUID:
    person_id = signed_in(caller)
    if not caller.works_here:
        raise Forbidden("staff-only", "Only staff can record what a client has paid for.")
    return person_id


def _line(entry: Entry, caller: Caller, keys: ClientKeys) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": str(entry.id),
        "service": entry.service,
        "kind": entry.kind,
        "change": entry.change,
        "recorded_at": rfc3339(entry.recorded_at),
    }
    if entry.booking_id is not None:
        line["booking"] = str(entry.booking_id)
    if entry.note is not None and caller.works_here:
        line["note"] = keys.open_note(entry.note)
    return line
