"""The check-in: red flags first, then pain, then what one likes to add; one form, or a screen each.

With a script the form shows one question at a time; without, all of them on one page.
"""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of, seeing
from services.booking.api.clients import CheckInFields, take_check_in
from services.booking.api.writing import Answer, Writer
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import (
    FLARE_FROM,
    SCORES,
    WORSE_BY,
    body_of,
    chosen,
    kind_of,
    page_id,
    pain_before,
    same_form,
    scales,
    signs,
)
from services.booking.pages.me import client_of, whose
from services.booking.pages.me_plan import plan_of
from services.booking.pages.me_view import ClientView
from services.booking.pages.shell import Shell
from services.booking.queries import progress
from shared.clock import Clock
from shared.postgres import Database, Transaction
from shared.zones import zone

MOST_FIELDS = 80
"""Every sign, every reason and every option of a plan ticked, and the scales."""


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """The form and its sending."""
    router = shell.router()

    async def form_page(
        request: Request,
        form: FormData | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        client_id, words = whose(request), shell.words(request)
        caller, now = caller_of(request), clock()
        async with seeing(db, caller, client_id, "progress", now=now) as (connection, _):
            document = await progress.view(connection, client_id)
            person = await client_of(connection, client_id)
        view = ClientView(document, words, zone(person.tz))
        asked = request.query_params if form is None else form
        kind, booking = kind_of(asked.get("kind"), view.document["next"])
        booking = str(asked.get("booking") or "") or booking
        plan = plan_of(view)
        before = pain_before(view.document["check_ins"], booking)
        return shell.page(
            request,
            "check-in.html.j2",
            status=422 if errors else 200,
            kind=kind,
            booking=booking,
            signs=signs(words),
            scales=scales(kind, words),
            options=[one for one in plan.items if not one.waits] if plan and plan.active else [],
            worse_from=None if before is None else before + WORSE_BY,
            flare_from=FLARE_FROM,
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/me/check-in")
    async def first(request: Request) -> Response:
        """The questions of a kind, or of what is asked for next."""
        return await form_page(request)

    @router.post("/me/check-in")
    async def send(request: Request) -> Response:
        """Hand the check-in to progress; the next page tells what it makes of it."""
        client_id, caller = whose(request), caller_of(request)
        form = await form_of(request, max_fields=MOST_FIELDS)
        try:
            fields = CheckInFields.model_validate(body_of(form))
        except ValidationError as wrong:
            errors = shell.wrong_fields(request, wrong)
            choose = shell.words(request).translations.gettext("Please choose a number.")
            errors |= dict.fromkeys(errors.keys() & set(SCORES), choose)
            return await form_page(request, form, errors)

        async def work(tx: Transaction) -> Answer:
            keys, now = writer.keys, clock()
            report_id = await take_check_in(tx, keys, caller, client_id, fields, now=now)
            return Answer(202, {"id": str(report_id)})

        answer = await writer.done(caller, work, once=f"check-in {same_form(form)}")
        return shell.see(f"/me/reports/{UUID(answer['id'])}")

    return router
