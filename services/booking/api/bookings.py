"""Holds and bookings over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, model_validator

from services.booking.api import documents
from services.booking.api.access import CallerNow, caller_for_calendar
from services.booking.api.fields import (
    Body,
    ConditionCode,
    EmailAddress,
    Instant,
    LanguageCode,
    ModeName,
    NotBlank,
    PhoneNumber,
    PostalCode,
    ServiceCode,
    Storable,
    Text,
    TimeZoneName,
)
from services.booking.api.writing import Answer, Finish, Writer, expected_version
from services.booking.domain.bookings import Booking
from services.booking.domain.links import Links
from services.booking.domain.people import Caller
from services.booking.handlers import book, changes, holds
from services.booking.handlers.book import BookingWish, ClientWish
from services.booking.handlers.times import TimeWish
from services.booking.queries import bookings
from shared.clock import Clock
from shared.errors import FieldError, Forbidden, Invalid, NotFound, Unauthorised
from shared.postgres import Database, Transaction

Name = Annotated[str, Field(min_length=1, max_length=120), Storable, NotBlank]
Line = Annotated[str, Field(min_length=1, max_length=200), Storable]


class TimeFields(Body):
    """A wished time."""

    service: ServiceCode
    mode: ModeName
    start: Instant
    trainer: UUID | None = None
    postal: PostalCode | None = None
    condition: ConditionCode | None = None
    language: LanguageCode | None = None

    def wish(self) -> TimeWish:
        """The wish as handlers take it."""
        return TimeWish(
            self.service,
            self.mode,
            self.start,
            self.trainer,
            self.postal,
            conditions=() if self.condition is None else (self.condition,),
            language=self.language,
        )


class ConsentFields(Body):
    """What the client agrees to be told; nothing unless asked."""

    reminders: Annotated[bool, Field(strict=True)] = True
    marketing: Annotated[bool, Field(strict=True)] = False


class ClientFields(Body):
    """Who the booking is for."""

    name: Name
    email: EmailAddress
    phone: PhoneNumber | None = None
    tz: TimeZoneName
    language: LanguageCode = "en"


class AddressFields(Body):
    """Where an in-person session takes place."""

    street: Line
    city: Line | None = None
    postal: PostalCode
    note: Text | None = None


class BookingFields(Body):
    """A booking from a hold, or straight from a time."""

    hold: UUID | None = None
    service: ServiceCode | None = None
    mode: ModeName | None = None
    start: Instant | None = None
    trainer: UUID | None = None
    postal: PostalCode | None = None
    client: ClientFields
    address: AddressFields | None = None
    conditions: Annotated[tuple[ConditionCode, ...], Field(max_length=9)] = ()
    goal: Text | None = None
    consent: ConsentFields = ConsentFields()

    @model_validator(mode="after")
    def _hold_or_time(self) -> "BookingFields":
        time = {"service": self.service, "mode": self.mode, "start": self.start}
        if self.hold is None:
            wrong = [name for name, value in time.items() if value is None]
            message = "is needed where no hold is given"
        else:
            place = {"trainer": self.trainer, "postal": self.postal}
            wrong = [name for name, value in (time | place).items() if value is not None]
            message = "comes with the hold; leave it out"
        if wrong:
            # Raised through pydantic, which would blame the body and not its fields.
            raise Invalid(
                "invalid",
                f"Please correct: {', '.join(wrong)}. Nothing was stored.",
                fields=[FieldError(name, message) for name in wrong],
            )
        return self

    def wish(self) -> BookingWish:
        """The wish as handlers take it."""
        time = None
        if self.service is not None and self.mode is not None and self.start is not None:
            time = TimeWish(self.service, self.mode, self.start, self.trainer, self.postal)
        return BookingWish(
            client=ClientWish(
                name=self.client.name.strip(),
                email=self.client.email,
                phone=self.client.phone,
                tz=self.client.tz,
                language=self.client.language,
                reminders=self.consent.reminders,
                marketing=self.consent.marketing,
            ),
            hold_id=self.hold,
            time=time,
            address=self.address.model_dump(exclude_none=True) if self.address else None,
            conditions=tuple(dict.fromkeys(self.conditions)),
            goal=self.goal,
        )


class RescheduleFields(Body):
    """Where a booking should move."""

    start: Instant
    trainer: UUID | None = None


class CancelFields(Body):
    """A cancellation needs no reason."""

    reason: Text | None = None


def routes(db: Database, clock: Clock, writer: Writer, links: Links, public_url: str) -> APIRouter:
    """Holds and bookings."""
    router = APIRouter(prefix="/v1", tags=["booking"])
    signer = links.signer

    async def answer_with(tx: Transaction, booking: Booking, status: int = 200) -> Answer:
        row = await bookings.find(tx, booking.id)
        if row is None:
            raise NotFound("no-such-booking", "There is no such booking.")
        return Answer(status, documents.booking(row), row.version)

    def linked(body: dict[str, Any]) -> dict[str, Any]:
        return documents.with_links(body, signer, public_url)

    def linked_for(caller: Caller) -> Finish:
        def finish(body: dict[str, Any]) -> dict[str, Any]:
            is_client = _is_client(caller, UUID(body["client_id"]), UUID(body["id"]))
            return linked(body) if is_client else body

        return finish

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
        """Give a held time back. Whoever knows the id of a hold holds it."""

        async def work(tx: Transaction) -> Answer:
            await holds.release_hold(tx, hold_id, now=clock())
            return Answer(204)

        return await writer.commit(request, caller, work)

    @router.post("/bookings", status_code=201, response_model=documents.BookingDocument)
    async def make_booking(body: BookingFields, request: Request, caller: CallerNow) -> Response:
        """Book a session; needs no account."""

        async def work(tx: Transaction) -> Answer:
            booking = await book.book(tx, body.wish(), caller, links=links, now=clock())
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
        return documents.respond(linked_for(caller)(documents.booking(row)), row.version)

    @router.get("/bookings/{booking_id}/calendar.ics", response_class=Response)
    async def calendar(booking_id: UUID, request: Request, token: str | None = None) -> Response:
        """The booking as a calendar file; opens by its own link or the manage token."""
        caller_for_calendar(request, signer, booking_id, token)
        async with db.reading() as connection:
            row = await bookings.find(connection, booking_id)
        if row is None:
            raise NotFound("no-such-booking", "There is no such booking.")
        return documents.calendar(row, signer, public_url)

    @router.post("/bookings/{booking_id}/reschedule", response_model=documents.BookingDocument)
    async def reschedule(
        booking_id: UUID, body: RescheduleFields, request: Request, caller: CallerNow
    ) -> Response:
        """Move a booking; when the new time is taken the old one stays."""
        _known(caller)
        version = expected_version(request)

        async def work(tx: Transaction) -> Answer:
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

    @router.post("/bookings/{booking_id}/cancel", response_model=documents.BookingDocument)
    async def cancel(
        booking_id: UUID,
        request: Request,
        caller: CallerNow,
        body: CancelFields | None = None,  # noqa: ARG001 - a reason is welcome, never needed
    ) -> Response:
        """Cancel a booking, at any time before it begins, without a reason."""
        _known(caller)
        version = expected_version(request)

        async def work(tx: Transaction) -> Answer:
            after = await changes.cancel(
                tx, booking_id, caller, version=version, signer=signer, now=clock()
            )
            return await answer_with(tx, after)

        return await writer.commit(request, caller, work, finish=linked_for(caller))

    return router


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
