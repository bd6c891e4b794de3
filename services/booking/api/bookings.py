"""Holds and bookings over HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from services.booking.api import documents
from services.booking.api.access import CallerNow, caller_for_calendar, let_in
from services.booking.api.documents import BookingDocument
from services.booking.api.fields import Day
from services.booking.api.series import ChangedBookingDocument, Scope, others
from services.booking.api.wishes import BookingFields, TimeFields
from services.booking.api.writing import Answer, Finish, Writer, expected_version
from services.booking.domain.bookings import Booking, Status
from services.booking.domain.links import Links
from services.booking.domain.people import Caller
from services.booking.handlers import book, changes, holds, series_changes
from services.booking.queries import bookings
from services.booking.store import people
from shared.clock import Clock
from shared.contracts.booking import Because
from shared.errors import Forbidden, NotFound, Unauthorised
from shared.fields import Body, Instant, Text
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction
from shared.zones import zone


class RescheduleFields(Body):
    """Where a booking should move; with its scope the later ones of its series after it."""

    start: Instant
    trainer: UUID | None = None
    scope: Scope = "this"


class CancelFields(Body):
    """A cancellation needs no reason; who has one may give it to trainer and staff alone.

    A flare is never late: say so with `because`.
    """

    reason: Text | None = None
    because: Because | None = None
    scope: Scope = "this"


def routes(db: Database, clock: Clock, writer: Writer, links: Links, public_url: str) -> APIRouter:
    """Holds and bookings."""
    router = APIRouter(prefix="/v1", tags=["booking"])
    signer = links.signer

    async def answer_with(tx: Transaction, booking: Booking, status: int = 200) -> Answer:
        row = await bookings.find(tx, booking.id)
        if row is None:
            raise NotFound("no-such-booking", "There is no such booking.")
        return Answer(status, documents.booking(row), row.version)

    async def answer_with_others(tx: Transaction, changed: Sequence[Booking]) -> Answer:
        named, *later = changed
        answer = await answer_with(tx, named)
        return replace(answer, body=(answer.body or {}) | others(later))

    def linked(body: dict[str, Any]) -> dict[str, Any]:
        return documents.with_links(body, signer, public_url)

    def linked_for(caller: Caller) -> Finish:
        def finish(body: dict[str, Any]) -> dict[str, Any]:
            is_client = _is_client(caller, UUID(body["client_id"]), UUID(body["id"]))
            return linked(body) if is_client else body

        return finish

    def shown_to(caller: Caller, row: bookings.BookingRow) -> dict[str, Any]:
        body = documents.booking(row)
        if _is_client(caller, row.client_id, row.id):
            return linked(body)
        opened = writer.keys.open_note
        return documents.with_notes(body, goal=opened(row.goal), reason=opened(row.cancel_reason))

    @router.post("/holds", status_code=201, response_model=documents.HoldDocument)
    async def place_hold(body: TimeFields, request: Request, caller: CallerNow) -> Response:
        """Keep a time for ten minutes while the form is filled in."""

        async def work(tx: Transaction) -> Answer:
            hold, trainer = await holds.place_hold(
                tx, body.wish(), client_id=caller.person_id, now=clock()
            )
            return Answer(201, documents.hold(hold, trainer))

        return await writer.commit(request, caller, work)

    @router.delete("/holds/{hold_id}", status_code=204, response_class=Response)
    async def release_hold(hold_id: UUID, request: Request, caller: CallerNow) -> Response:
        """Give a held time back. Whoever has the id of a hold holds it, unless it is an offer."""

        async def work(tx: Transaction) -> Answer:
            await holds.release_hold(tx, hold_id, caller, now=clock())
            return Answer(204)

        return await writer.commit(request, caller, work)

    @router.post("/bookings", status_code=201, response_model=documents.BookingDocument)
    async def make_booking(body: BookingFields, request: Request, caller: CallerNow) -> Response:
        """Book a session; needs no account."""

        async def work(tx: Transaction) -> Answer:
            wish = body.wish(writer.keys)
            booking = await book.book(tx, wish, caller, links=links, now=clock())
            return await answer_with(tx, booking, 201)

        return await writer.commit(request, caller, work, finish=linked)

    @router.get("/bookings/{booking_id}", response_model=documents.BookingDocument)
    async def read_booking(booking_id: UUID, caller: CallerNow) -> Response:
        """A booking, for its people."""
        async with db.reading() as connection:
            row = await bookings.find(connection, booking_id)
        _let_pass(caller, row)
        if row is None:
            raise NotFound("no-such-booking", "There is no such booking.")
        return documents.respond(shown_to(caller, row), row.version)

    @router.get("/clients/{client_id}/bookings", response_model=PageDocument[BookingDocument])
    async def of_client(
        client_id: UUID,
        caller: CallerNow,
        page: PageNow,
        first: Annotated[Day | None, Query(alias="from")] = None,
        last: Annotated[Day | None, Query(alias="to")] = None,
        status: Annotated[tuple[Status, ...], Query()] = (),
    ) -> JSONResponse:
        """A client's bookings, newest first, for the client, their trainer and staff.

        Dates are those of the client's zone, both included.
        """
        before = page.after(datetime, UUID)
        async with db.reading() as connection:
            await let_in(connection, caller, client_id, "bookings", now=clock())
            client = await people.find_person(connection, client_id)
            if client is None:
                raise NotFound("no-such-client", "There is no such client.")
            rows = await bookings.of_client(
                connection,
                client_id,
                since=None if first is None else _midnight(first, client.tz),
                until=None if last is None else _midnight(last + timedelta(days=1), client.tz),
                statuses=status,
                before=before,
                limit=page.limit,
            )
        return JSONResponse(
            page.answer(
                rows, key=lambda row: (row.start, row.id), show=lambda row: shown_to(caller, row)
            )
        )

    @router.get("/bookings/{booking_id}/calendar.ics", response_class=Response)
    async def calendar(booking_id: UUID, request: Request, token: str | None = None) -> Response:
        """The booking as a calendar file; opens by its own link or the manage token."""
        caller_for_calendar(request, signer, booking_id, token)
        async with db.reading() as connection:
            row = await bookings.find(connection, booking_id)
        if row is None:
            raise NotFound("no-such-booking", "There is no such booking.")
        return documents.calendar(row, signer, public_url)

    @router.post("/bookings/{booking_id}/reschedule", response_model=ChangedBookingDocument)
    async def reschedule(
        booking_id: UUID, body: RescheduleFields, request: Request, caller: CallerNow
    ) -> Response:
        """Move a booking; when the new time is taken the old one stays."""
        _known(caller)
        version = expected_version(request)

        async def work(tx: Transaction) -> Answer:
            if body.scope == "this-and-later":
                all_moved = await series_changes.reschedule_later(
                    tx,
                    booking_id,
                    caller,
                    start=body.start,
                    trainer_id=body.trainer,
                    version=version,
                    signer=signer,
                    now=clock(),
                )
                return await answer_with_others(tx, all_moved)
            moved = await changes.reschedule(
                tx,
                booking_id,
                caller,
                start=body.start,
                trainer_id=body.trainer,
                version=version,
                signer=signer,
                now=clock(),
            )
            return await answer_with(tx, moved)

        return await writer.commit(request, caller, work, finish=linked_for(caller))

    async def outcome(
        booking_id: UUID,
        request: Request,
        caller: Caller,
        result: Literal["completed", "missed"],
    ) -> Response:
        _known(caller)
        version = expected_version(request)

        async def work(tx: Transaction) -> Answer:
            after = await changes.record_outcome(
                tx, booking_id, caller, result, version=version, signer=signer, now=clock()
            )
            return await answer_with(tx, after)

        return await writer.commit(request, caller, work, finish=linked_for(caller))

    @router.post("/bookings/{booking_id}/complete", response_model=documents.BookingDocument)
    async def complete(booking_id: UUID, request: Request, caller: CallerNow) -> Response:
        """The session took place."""
        return await outcome(booking_id, request, caller, "completed")

    @router.post("/bookings/{booking_id}/no-show", response_model=documents.BookingDocument)
    async def no_show(booking_id: UUID, request: Request, caller: CallerNow) -> Response:
        """The client did not come."""
        return await outcome(booking_id, request, caller, "missed")

    @router.post("/bookings/{booking_id}/cancel", response_model=ChangedBookingDocument)
    async def cancel(
        booking_id: UUID,
        request: Request,
        caller: CallerNow,
        body: CancelFields | None = None,
    ) -> Response:
        """Cancel a booking, at any time before it begins, without a reason."""
        _known(caller)
        version = expected_version(request)
        said = body or CancelFields()

        async def work(tx: Transaction) -> Answer:
            if said.scope == "this-and-later":
                all_cancelled = await series_changes.cancel_later(
                    tx,
                    booking_id,
                    caller,
                    because=said.because,
                    reason=writer.keys.seal_note(said.reason),
                    version=version,
                    signer=signer,
                    now=clock(),
                )
                return await answer_with_others(tx, all_cancelled)
            after = await changes.cancel(
                tx,
                booking_id,
                caller,
                because=said.because,
                reason=writer.keys.seal_note(said.reason),
                version=version,
                signer=signer,
                now=clock(),
            )
            return await answer_with(tx, after)

        return await writer.commit(request, caller, work, finish=linked_for(caller))

    return router


def _midnight(day: date, tz: str) -> datetime:
    return datetime.combine(day, time.min, zone(tz)).astimezone(UTC)


def _known(caller: Caller) -> None:
    if caller == Caller():
        raise Unauthorised("sign-in-first", "Use the booking's manage token, or sign in.")


def _is_client(caller: Caller, client_id: UUID, booking_id: UUID) -> bool:
    return caller.booking_id == booking_id or caller.person_id == client_id


def _let_pass(caller: Caller, row: bookings.BookingRow | None) -> None:
    _known(caller)
    if row is None or caller.works_here or _is_client(caller, row.client_id, row.id):
        return
    if caller.person_id is None or caller.person_id != row.trainer_id:
        raise Forbidden("not-your-booking", "This booking belongs to somebody else.")
