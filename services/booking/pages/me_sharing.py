"""Sharing as pages: who looks on and at what, who has looked, the letter and the export."""

from typing import get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of, let_in
from services.booking.api.care_team import MemberFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.care_team import MemberRole, Purpose
from services.booking.domain.links import LinkSigner
from services.booking.handlers import care_team
from services.booking.handlers.care_team import SharingWish
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen
from services.booking.pages.language import Tongue
from services.booking.pages.me import client_of, whose
from services.booking.pages.refusals import field_text
from services.booking.pages.shell import Shell
from services.booking.queries import access_log, people
from shared.clock import Clock
from shared.errors import Invalid
from shared.postgres import Database, Transaction
from shared.zones import zone

LOOKS_SHOWN = 20
"""Of the access log on one page."""


def routes(
    shell: Shell, db: Database, clock: Clock, writer: Writer, signer: LinkSigner
) -> APIRouter:
    """The care team, changed with forms, and the access log."""
    router = shell.router()

    async def sharing_page(
        request: Request, form: FormData | None = None, errors: dict[str, str] | None = None
    ) -> Response:
        client_id, caller, words = whose(request), caller_of(request), shell.words(request)
        before = request.query_params.get("before", "")
        older = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        async with db.reading() as connection:
            await let_in(connection, caller, client_id, "team", now=clock())
            members = await people.members(connection, client_id)
            looks = await access_log.looks(
                connection, client_id, before=older, limit=LOOKS_SHOWN + 1
            )
            person = await client_of(connection, client_id)
        rules = zone(person.tz)
        return shell.page(
            request,
            "me-sharing.html.j2",
            status=422 if errors else 200,
            client=client_id,
            members=members,
            roles=get_args(MemberRole),
            purposes=get_args(Purpose),
            looks=[
                (words.moment(one.at, rules), one.actor_name, one.actor_role, one.what)
                for one in looks[:LOOKS_SHOWN]
            ],
            seen=_seen(words),
            older=looks[LOOKS_SHOWN - 1].id if len(looks) > LOOKS_SHOWN else None,
            typed=chosen(form),
            errors=errors or {},
        )

    @router.get("/me/sharing")
    async def look(request: Request) -> Response:
        """Who looks on, and who has looked."""
        return await sharing_page(request)

    @router.post("/me/sharing")
    async def share(request: Request) -> Response:
        """Let somebody look on, or change what they see."""
        client_id, caller = whose(request), caller_of(request)
        form = await form_of(request)
        try:
            fields = MemberFields.model_validate(
                {
                    "email": str(form.get("email") or "").strip(),
                    "role": str(form.get("role") or ""),
                    "share": [str(code) for code in form.getlist("share")],
                }
            )
        except ValidationError as wrong:
            return await sharing_page(request, form, shell.wrong_fields(request, wrong))

        async def work(tx: Transaction) -> Answer:
            now = clock()
            await let_in(tx, caller, client_id, "share", now=now)
            wish = SharingWish(fields.email, fields.role, fields.share)
            member, _ = await care_team.share(tx, client_id, wish, signer=signer, now=now)
            return Answer(200, {"id": str(member.id)})

        try:
            await writer.done(caller, work)
        except Invalid as no:
            words = shell.words(request)
            errors = {one.field: field_text(one.field, one.message, words) for one in no.fields}
            return await sharing_page(request, form, errors)
        return shell.see("/me/sharing", done="1")

    @router.post("/me/sharing/{member_id}/remove")
    async def remove(member_id: UUID, request: Request) -> Response:
        """Share nothing with a member any more."""
        client_id, caller = whose(request), caller_of(request)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            await let_in(tx, caller, client_id, "share", now=now)
            await care_team.remove(tx, client_id, member_id, signer=signer, now=now)
            return Answer(200, {})

        await writer.done(caller, work)
        return shell.see("/me/sharing", done="1")

    return router


def _seen(words: Tongue) -> dict[str, str]:
    """What the access log calls a look, in the language of the page."""
    _ = words.translations.gettext
    return {
        "progress": _("how you are doing"),
        "notes": _("what was written about you"),
        "list": _("the list of clients: your level, and why"),
        "stream": _("how you are doing, live"),
        "answer": _("an answer to a report"),
        "letter": _("the letter"),
        "fhir": _("the export"),
    }
