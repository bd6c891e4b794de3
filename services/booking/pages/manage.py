"""A booking by its link: look, move, cancel, add to the calendar."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.booking.api import documents
from services.booking.api.writing import Answer, Writer
from services.booking.domain import areas, policy
from services.booking.domain.addresses import one_line
from services.booking.domain.bookings import STANDING
from services.booking.domain.links import STOPS, Links
from services.booking.domain.people import Caller
from services.booking.handlers import changes
from services.booking.pages.book import alternatives, chosen_start, form_of
from services.booking.pages.shell import Shell
from services.booking.pages.times import Search, day_in, id_in, week_of, zone_name, zones
from services.booking.queries import bookings
from services.booking.queries.bookings import BookingRow
from services.booking.store import reservations
from shared.clock import Clock
from shared.errors import Refused, Unauthorised
from shared.postgres import Database, Transaction
from shared.zones import zone


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer, links: Links) -> APIRouter:
    """The pages behind the link in a booking's mail."""
    router = shell.router()

    def opened(token: str) -> UUID:
        booking_id = links.signer.opened_by("manage", token)
        if booking_id is None:
            raise Unauthorised("bad-token", "This link does not open anything.")
        return booking_id

    async def found(token: str) -> BookingRow:
        async with db.reading() as connection:
            row = await bookings.find(connection, opened(token))
        if row is None:
            raise Unauthorised("bad-token", "This link does not open anything.")
        return row

    @router.get("/manage/{token}")
    async def look(token: str, request: Request) -> Response:
        """The booking as it stands."""
        row = await found(token)
        words, rules, now = shell.words(request), zone(row.tz), clock()
        linked = documents.with_links({"id": str(row.id)}, links.signer, shell.public_url)
        return shell.page(
            request,
            "manage.html.j2",
            row=row,
            token=token,
            just_booked=bool(request.query_params.get("booked")),
            just_moved=bool(request.query_params.get("moved")),
            when=words.moment(row.start, rules),
            address=one_line(row.address),
            calendar_url=linked["calendar_url"],
            stop_token=links.signer.token(STOPS["service", "email"], row.client_id),
            changeable=row.status in STANDING and row.start > now,
            late=row.status in STANDING and now > policy.free_until(row.service, row.start),
        )

    async def move_page(
        request: Request, token: str, search: Search, refusal: Refused | None = None
    ) -> Response:
        async with db.reading() as connection:
            week = await week_of(
                connection, search, shell.words(request), client_id=None, now=clock()
            )
        return shell.page(
            request,
            "move.html.j2",
            status=refusal.status if refusal else 200,
            token=token,
            search=search,
            week=week,
            zones=zones(search.tz),
            alternatives=alternatives(refusal),
            refused=refusal is not None,
            choose=f"/manage/{token}/move",
            here_again=f"/manage/{token}/move",
        )

    async def search_of(token: str, request: Request) -> Search:
        row = await found(token)
        async with db.reading() as connection:
            postal = await reservations.postal_of(connection, row.id)
        asked = request.query_params
        return Search(
            service=row.service,
            virtual=row.mode == "virtual",
            postal=postal or "",
            place=areas.locate(postal) if postal else None,
            trainer=id_in(asked.get("trainer")) or row.trainer_id,
            tz=zone_name(asked.get("tz") or row.tz),
            week=day_in(asked.get("week")),
            besides=row.id,
        )

    @router.get("/manage/{token}/move")
    async def times(token: str, request: Request) -> Response:
        """Other times for the booking."""
        return await move_page(request, token, await search_of(token, request))

    @router.post("/manage/{token}/move")
    async def move(token: str, request: Request) -> Response:
        """Move the booking; when the time is gone it stays where it is."""
        form = await form_of(request)
        search = await search_of(token, request)
        start, trainer = chosen_start(form)
        bearer = Caller(booking_id=opened(token))

        async def work(tx: Transaction) -> Answer:
            moved = await changes.reschedule(
                tx,
                opened(token),
                bearer,
                start=start,
                trainer_id=trainer or id_in(form.get("trainer")),
                version=None,
                signer=links.signer,
                now=clock(),
            )
            return Answer(200, {"version": moved.version})

        try:
            await writer.done(bearer, work)
        except Refused as no:
            if no.code != "slot-taken":
                raise
            return await move_page(request, token, search, no)
        return shell.see(f"/manage/{token}", moved="1")

    @router.post("/manage/{token}/cancel")
    async def cancel(token: str, request: Request) -> Response:
        """Cancel the booking; a reason is not asked for."""
        form = await form_of(request)
        bearer = Caller(booking_id=opened(token))

        async def work(tx: Transaction) -> Answer:
            ended = await changes.cancel(
                tx,
                opened(token),
                bearer,
                because="flare" if form.get("flare") else None,
                version=None,
                signer=links.signer,
                now=clock(),
            )
            return Answer(200, {"version": ended.version})

        await writer.done(bearer, work)
        return shell.see(f"/manage/{token}")

    return router
