"""Waiting for a time as pages: joining when nothing fits, the place by its link, leaving."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of
from services.booking.api.limits import Limits
from services.booking.api.waitlist import WaitFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain import limits as figures
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from services.booking.domain.waitlist import MOST_DAYS, OFFER_LIVES, OPEN
from services.booking.handlers import waitlist
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form
from services.booking.pages.refusals import field_text
from services.booking.pages.shell import Shell
from services.booking.pages.times import Search, read_search
from services.booking.queries import waitlist as queries
from services.booking.queries.trainers import one_trainer
from services.booking.queries.waitlist import WaitingRow
from shared.clock import Clock
from shared.errors import Invalid, NotFound, Unauthorised
from shared.postgres import Database, Transaction
from shared.zones import zone

DAYS_WISHED = timedelta(days=13)
"""Two weeks from the first day on: what the form proposes."""


def routes(
    shell: Shell, db: Database, clock: Clock, writer: Writer, signer: LinkSigner, limits: Limits
) -> APIRouter:
    """The form, and the pages behind the link of a place on the waitlist."""
    router = shell.router()

    async def form_page(
        request: Request,
        search: Search,
        form: FormData | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        if search.mode is None:
            return shell.see("/", **search.query())
        today = clock().astimezone(search.zone).date()
        first = max(search.week or today, today)
        trainer = None
        if search.trainer is not None:
            async with db.reading() as connection:
                trainer = (await one_trainer(connection, search.trainer)).name
        return shell.page(
            request,
            "wait.html.j2",
            status=422 if errors else 200,
            search=search,
            trainer=trainer,
            first=first.isoformat(),
            last=(first + DAYS_WISHED).isoformat(),
            today=today.isoformat(),
            most_days=MOST_DAYS,
            offer_minutes=int(OFFER_LIVES.total_seconds() // 60),
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/waitlist")
    async def ask(request: Request) -> Response:
        """Which days, and who waits."""
        return await form_page(request, read_search(request))

    @router.post("/waitlist")
    async def join(request: Request) -> Response:
        """Join the waitlist."""
        await limits.check(request, (figures.WAITLIST_PER_ORIGIN, limits.origin(request)))
        caller, form = caller_of(request), await form_of(request)
        search, words = read_search(request, form), shell.words(request)
        try:
            fields = WaitFields.model_validate(_wait(form, search, caller, words.language))
        except ValidationError as wrong:
            return await form_page(request, search, form, shell.wrong_fields(request, wrong))

        async def work(tx: Transaction) -> Answer:
            entry = await waitlist.join(tx, fields.wish(), caller, signer=signer, now=clock())
            return Answer(201, {"id": str(entry.id)})

        try:
            made = await writer.done(caller, work, once=f"waitlist {same_form(form)}")
        except Invalid as no:
            told = {one.field: field_text(one.field, one.message, words) for one in no.fields}
            return await form_page(request, search, form, told)
        return shell.see(f"/waitlist/{signer.token('waitlist', UUID(made['id']))}", joined="1")

    @router.get("/waitlist/{token}")
    async def look(token: str, request: Request) -> Response:
        """The place as it stands, and the time that is kept for it."""
        entry_id = opened(token)
        async with db.reading() as connection:
            row = await queries.find(connection, entry_id)
        if row is None:
            raise NotFound("not-waiting", "There is no such place on the waitlist.")
        words = shell.words(request)
        return shell.page(
            request,
            "waitlist.html.j2",
            row=row,
            token=token,
            joined=bool(request.query_params.get("joined")),
            first=words.day(row.first_day),
            last=words.day(row.last_day),
            offer=_offer(row, request, shell, clock),
            open=row.status in OPEN,
        )

    @router.post("/waitlist/{token}/leave")
    async def leave(token: str) -> Response:
        """Wait no more; a kept time goes to who waits next."""
        entry_id = opened(token)
        bearer = Caller(waitlist_id=entry_id)

        async def work(tx: Transaction) -> Answer:
            await waitlist.leave(tx, entry_id, bearer, now=clock())
            return Answer(200, {})

        await writer.done(bearer, work)
        return shell.see(f"/waitlist/{token}")

    def opened(token: str) -> UUID:
        entry_id = signer.opened_by("waitlist", token)
        if entry_id is None:
            raise Unauthorised("bad-token", "This link does not open anything.")
        return entry_id

    return router


def _offer(row: WaitingRow, request: Request, shell: Shell, clock: Clock) -> dict[str, str] | None:
    if row.offer is None or row.offer.expires_at <= clock():
        return None
    words, rules = shell.words(request), zone(row.tz)
    return {
        "hold": str(row.offer.hold_id),
        "when": words.moment(row.offer.start, rules),
        "until": words.time(row.offer.expires_at, rules),
        "trainer": row.offer.trainer.name,
    }


def _wait(form: FormData, search: Search, caller: Caller, language: str) -> dict[str, Any]:
    """The form as the API's body, so that both are checked in one place."""
    body: dict[str, Any] = {
        "service": search.service,
        "mode": search.mode or "",
        "from": str(form.get("from") or ""),
        "to": str(form.get("to") or ""),
    }
    if search.mode == "in-person":
        body["postal"] = search.postal
    if search.trainer is not None:
        body["trainer"] = str(search.trainer)
    if caller.role != "client":
        body["client"] = {
            "name": str(form.get("name") or ""),
            "email": str(form.get("email") or ""),
            "tz": search.zone.key,
            "language": language,
        }
    return body
