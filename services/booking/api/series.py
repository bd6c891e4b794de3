"""Sessions that repeat, over HTTP."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from services.booking.api import documents
from services.booking.api.access import CallerNow, let_in, signed_in
from services.booking.api.documents import BookingDocument, TrainerDocument
from services.booking.api.fields import ModeName, PostalCode, ServiceCode, TimeZoneName
from services.booking.api.wishes import AddressFields
from services.booking.api.writing import Answer, Finish, Writer
from services.booking.domain import series as rules
from services.booking.domain import services
from services.booking.domain.bookings import Booking, Status
from services.booking.domain.links import Links
from services.booking.domain.people import Caller
from services.booking.domain.series import COUNT_MAX, COUNT_MIN, EVERY_WEEKS_MAX, Verdict
from services.booking.handlers import series as handlers
from services.booking.handlers.series import SeriesWish
from services.booking.handlers.series_dates import SeriesPlan
from services.booking.queries import bookings
from services.booking.queries.bookings import BookingRow
from services.booking.queries.trainers import one_trainer
from services.booking.store import series as store
from services.booking.store.series import Series
from shared.clock import Clock, rfc3339
from shared.errors import Forbidden, Invalid, NotFound
from shared.fields import Body, Instant
from shared.postgres import Database, Transaction
from shared.zones import zone

Flag = Annotated[bool, Field(strict=True)]

Scope = Literal["this", "this-and-later"]
"""Whether a change concerns one session of a series, or the later ones as well."""


class SeriesFields(Body):
    """Sessions wished for: `count` of them, every so many weeks from `first` on.

    They keep the wall time of `first`: a visit that of its place, a virtual session that of `tz` or
    else of the client's zone. Trainers and staff name the `client`. With `skip_conflicts` the dates
    that are not free are left out; else one of them refuses all. A `dry_run` books nothing.
    """

    service: ServiceCode
    mode: ModeName
    trainer: UUID | None = None
    first: Instant
    every_weeks: Annotated[int, Field(strict=True, ge=1, le=EVERY_WEEKS_MAX)]
    count: Annotated[int, Field(strict=True, ge=COUNT_MIN, le=COUNT_MAX)]
    dry_run: Flag = False
    skip_conflicts: Flag = False
    postal: PostalCode | None = None
    address: AddressFields | None = None
    client: UUID | None = None
    tz: TimeZoneName | None = None

    def wish(self, client_id: UUID) -> SeriesWish:
        """The wish as handlers take it."""
        return SeriesWish(
            client_id=client_id,
            service=self.service,
            mode=self.mode,
            first=self.first,
            every_weeks=self.every_weeks,
            count=self.count,
            trainer_id=self.trainer,
            postal=self.postal,
            address=self.address.model_dump(exclude_none=True) if self.address else None,
            tz=self.tz,
            skip_conflicts=self.skip_conflicts,
        )


class AlternativeDocument(BaseModel):
    """Another start with the same trainer."""

    start: str
    end: str
    trainer: TrainerDocument


class DateDocument(BaseModel):
    """A date as it was judged; `local` and `zone` show the wall time that is kept.

    `detail` says why it is not free. Where a change of the clocks leaves the wall time out, `start`
    is the moment that the clock shows instead.
    """

    number: int
    start: str
    end: str
    local: str
    zone: str
    verdict: Verdict
    alternatives: list[AlternativeDocument]
    detail: str | None = None


class PlannedSeriesDocument(BaseModel):
    """A series as it was planned; `id` is null and nothing is booked in a dry run."""

    id: UUID | None
    client_id: UUID
    trainer: TrainerDocument
    service: str
    mode: str
    tz: str
    every_weeks: int
    count: int
    dates: list[DateDocument]
    bookings: list[BookingDocument]


class StandingDateDocument(BaseModel):
    """A date as it stands: `booking` and its `status` are null where it was left out."""

    number: int
    start: str
    end: str
    local: str
    zone: str
    booking: UUID | None
    status: Status | None


class SeriesDocument(BaseModel):
    """A series as it stands."""

    id: UUID
    client_id: UUID
    trainer: TrainerDocument
    service: str
    mode: str
    tz: str
    every_weeks: int
    count: int
    dates: list[StandingDateDocument]
    bookings: list[BookingDocument]


class OtherDocument(BaseModel):
    """A later booking that changed together with the named one."""

    id: UUID
    version: int
    start: str
    status: Status


class ChangedBookingDocument(BookingDocument):
    """A booking after a change; `others` are the later ones of its series that it concerned."""

    others: list[OtherDocument] | None = None


def others(changed: Sequence[Booking]) -> dict[str, Any]:
    """The bookings that changed together with a named one, as its answer holds them."""
    return {
        "others": [
            {
                "id": str(one.id),
                "version": one.version,
                "start": rfc3339(one.start),
                "status": one.status,
            }
            for one in changed
        ]
    }


def routes(db: Database, clock: Clock, writer: Writer, links: Links, public_url: str) -> APIRouter:
    """Series."""
    router = APIRouter(prefix="/v1/series", tags=["booking"])

    def linked_for(caller: Caller) -> Finish:
        def finish(body: dict[str, Any]) -> dict[str, Any]:
            if str(caller.person_id) != body["client_id"]:
                return body
            shown = [documents.with_links(b, links.signer, public_url) for b in body["bookings"]]
            return body | {"bookings": shown}

        return finish

    @router.post(
        "",
        status_code=201,
        response_model=PlannedSeriesDocument,
        responses={
            200: {"model": PlannedSeriesDocument, "description": "A dry run: nothing is booked"}
        },
    )
    async def make_series(body: SeriesFields, request: Request, caller: CallerNow) -> Response:
        """Book sessions that repeat, all or none of them; or see which dates are free."""
        client_id = _client_of(body, caller)
        wish = body.wish(client_id)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            by = (await let_in(tx, caller, client_id, "bookings", now=now)).actor_id
            if body.dry_run:
                plan = await handlers.plan_series(tx, wish, now=now)
                return Answer(200, _planned(None, wish, plan, []))
            series_id, plan = await handlers.book_series(tx, wish, by=by, links=links, now=now)
            rows = await bookings.of_series(tx, series_id)
            return Answer(201, _planned(series_id, wish, plan, rows))

        # A dry run stores nothing, so the real call may come with the same key.
        return await writer.commit(
            request, caller, work, finish=linked_for(caller), keep_answer=not body.dry_run
        )

    @router.get("/{series_id}", response_model=SeriesDocument)
    async def read_series(series_id: UUID, caller: CallerNow) -> JSONResponse:
        """A series, for its client, their trainer and staff."""
        signed_in(caller)
        async with db.reading() as connection:
            series = await store.find_series(connection, series_id)
            if series is None:
                raise NotFound("no-such-series", "There is no such series.")
            await let_in(connection, caller, series.client_id, "bookings", now=clock())
            rows = await bookings.of_series(connection, series_id)
            numbers = await store.numbers(connection, series_id)
            trainer = await one_trainer(connection, series.trainer_id)
        body = {
            **_series(series.id, series, {"id": str(trainer.id), "name": trainer.name}),
            "tz": series.tz,
            "dates": _standing(series, {row.id: row for row in rows}, numbers),
            "bookings": [documents.booking(row) for row in rows],
        }
        return JSONResponse(linked_for(caller)(body))

    return router


def _client_of(body: SeriesFields, caller: Caller) -> UUID:
    """Who the series is for.

    Raises:
        Unauthorised: nobody is signed in.
        Invalid: a trainer or staff names nobody.
        Forbidden: a client names somebody else.
    """
    person_id = signed_in(caller)
    if caller.role == "client":
        if body.client not in {None, person_id}:
            raise Forbidden("not-your-client", "Only the client and their trainer may do that.")
        return person_id
    if body.client is None:
        raise Invalid.field("client", "say who the sessions are for")
    return body.client


def _planned(
    series_id: UUID | None, wish: SeriesWish, plan: SeriesPlan, rows: Sequence[BookingRow]
) -> dict[str, Any]:
    return {
        **_series(series_id, wish, plan.trainer_document()),
        "tz": plan.tz,
        "dates": plan.documents(),
        "bookings": [documents.booking(row) for row in rows],
    }


def _series(
    series_id: UUID | None, series: Series | SeriesWish, trainer: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": None if series_id is None else str(series_id),
        "client_id": str(series.client_id),
        "trainer": trainer,
        "service": series.service,
        "mode": series.mode,
        "every_weeks": series.every_weeks,
        "count": series.count,
    }


def _standing(
    series: Series, rows: dict[UUID, BookingRow], numbers: dict[int, UUID]
) -> list[dict[str, Any]]:
    dates = rules.dates(
        series.first,
        series.tz,
        every_weeks=series.every_weeks,
        numbers=range(1, series.count + 1),
    )
    length: timedelta = services.find(series.service).length
    shown = []
    for date in dates:
        row = rows.get(numbers[date.number]) if date.number in numbers else None
        start, end = (date.start, date.start + length) if row is None else (row.start, row.end)
        local = start.astimezone(zone(series.tz))
        shown.append(
            {
                "number": date.number,
                "start": rfc3339(start),
                "end": rfc3339(end),
                "local": local.isoformat(),
                "zone": local.tzname(),
                "booking": None if row is None else str(row.id),
                "status": None if row is None else row.status,
            }
        )
    return shown
