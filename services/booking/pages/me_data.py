"""The client's own data as pages: all of it to take away, or to be forgotten."""

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.booking.api.access import caller_of
from services.booking.api.privacy import export_of
from services.booking.api.writing import Answer, Writer
from services.booking.handlers import erasure
from services.booking.pages.book import form_of
from services.booking.pages.me import client_of, whose
from services.booking.pages.session import end_session
from services.booking.pages.shell import Shell
from shared.clock import Clock, rfc3339
from shared.postgres import Database, Transaction
from shared.zones import zone


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """The export as a file, and the two steps to being forgotten."""
    router = shell.router()

    @router.get("/me/data")
    async def look(request: Request) -> Response:
        """What a client can do with their data."""
        whose(request)
        return shell.page(request, "me-data.html.j2")

    @router.get("/me/data/limber-export.json")
    async def take_away(request: Request) -> Response:
        """All that is kept of the client, as a file."""
        return await export_of(db, writer.keys, whose(request))

    @router.get("/me/data/erase")
    async def ask(request: Request) -> Response:
        """What being forgotten means, before it is done."""
        whose(request)
        return shell.page(request, "me-erase.html.j2", unsure=False)

    @router.post("/me/data/erase")
    async def erase(request: Request) -> Response:
        """Forget the client; this page is the last they see signed in."""
        client_id, caller = whose(request), caller_of(request)
        if "sure" not in await form_of(request):
            return shell.page(request, "me-erase.html.j2", status=422, unsure=True)

        async def work(tx: Transaction) -> Answer:
            person = await client_of(tx, client_id)
            done_by = await erasure.erase(tx, client_id, caller, now=clock())
            return Answer(202, {"done_by": rfc3339(done_by), "tz": person.tz})

        answer = await writer.done(caller, work)
        done_by = datetime.fromisoformat(answer["done_by"])
        response = shell.page(
            request,
            "me-erased.html.j2",
            done_by=shell.words(request).moment(done_by, zone(answer["tz"])),
        )
        end_session(response, secure=shell.secure)
        return response

    return router
