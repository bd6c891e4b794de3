"""The client's settings as a page: name, phone, language, zone, and what they agree to be told."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of
from services.booking.api.people import MeFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.links import LinkSigner
from services.booking.handlers import people
from services.booking.pages.book import form_of
from services.booking.pages.language import LANGUAGES
from services.booking.pages.me import client_of, whose
from services.booking.pages.shell import Shell
from services.booking.pages.times import zones
from shared.clock import Clock
from shared.postgres import Database, Transaction


def routes(
    shell: Shell, db: Database, clock: Clock, writer: Writer, signer: LinkSigner
) -> APIRouter:
    """The page and its form."""
    router = shell.router()

    async def settings_page(
        request: Request, form: FormData | None = None, errors: dict[str, str] | None = None
    ) -> Response:
        client_id = whose(request)
        async with db.reading() as connection:
            person = await client_of(connection, client_id)
        known: dict[str, Any] = {
            "name": person.name,
            "phone": person.phone or "",
            "tz": person.tz,
            "language": person.language,
            "reminders": person.reminders,
            "marketing": person.marketing,
        }
        if form is not None:
            typed = {name: str(value) for name, value in form.items()}
            known |= typed | {name: name in typed for name in ("reminders", "marketing")}
        return shell.page(
            request,
            "me-settings.html.j2",
            status=422 if errors else 200,
            email=person.email,
            known=known,
            zones=zones(person.tz),
            languages=LANGUAGES,
            saved=bool(request.query_params.get("saved")),
            errors=errors or {},
        )

    @router.get("/me/settings")
    async def look(request: Request) -> Response:
        """What is known of the client, and what they agreed to."""
        return await settings_page(request)

    @router.post("/me/settings")
    async def save(request: Request) -> Response:
        """Keep what was changed; the page goes on in the chosen language."""
        client_id, caller = whose(request), caller_of(request)
        form = await form_of(request)
        try:
            fields = MeFields.model_validate(
                {
                    "name": str(form.get("name") or ""),
                    "phone": str(form.get("phone") or "").strip() or None,
                    "tz": str(form.get("tz") or ""),
                    "language": str(form.get("language") or ""),
                    "reminders": "reminders" in form,
                    "marketing": "marketing" in form,
                }
            )
        except ValidationError as wrong:
            return await settings_page(request, form, shell.wrong_fields(request, wrong))

        async def work(tx: Transaction) -> Answer:
            person = await people.change_me(
                tx, client_id, fields.changes(), version=None, signer=signer, now=clock()
            )
            return Answer(200, {"language": person.language})

        answer = await writer.done(caller, work)
        return shell.see("/me/settings", saved="1", lang=str(answer["language"]))

    return router
