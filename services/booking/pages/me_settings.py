"""The client's settings as a page: name, phone, language, zone, and what they agree to be told."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of
from services.booking.api.people import MeFields
from services.booking.api.preferences import QuietFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.consents import KINDS, Kind, allows
from services.booking.domain.links import LinkSigner
from services.booking.handlers import preferences
from services.booking.pages.book import form_of
from services.booking.pages.language import LANGUAGES
from services.booking.pages.me import whose
from services.booking.pages.me_devices import shown
from services.booking.pages.refusals import field_text
from services.booking.pages.shell import Shell
from services.booking.pages.times import zones
from services.booking.store import devices
from shared.clock import Clock
from shared.contracts.contacts import COMPANY_QUIET
from shared.errors import Invalid
from shared.postgres import Database, Transaction

ASKED_HERE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind[1] != "push")
"""A device is allowed on the device itself."""


def routes(
    shell: Shell,
    db: Database,
    clock: Clock,
    writer: Writer,
    signer: LinkSigner,
    push_key: str | None,
) -> APIRouter:
    """The page and its form."""
    router = shell.router()

    async def settings_page(
        request: Request, form: FormData | None = None, errors: dict[str, str] | None = None
    ) -> Response:
        async with db.reading() as connection:
            found = await preferences.read(connection, whose(request))
            known_devices = await devices.of_person(connection, found.person.id)
        person, quiet = found.person, found.preferences.quiet or COMPANY_QUIET
        granted = {_box(kind): allows(found.standing, kind, clock()) for kind in ASKED_HERE}
        known: dict[str, Any] = {
            "name": person.name,
            "phone": person.phone or "",
            "tz": person.tz,
            "language": person.language,
            "digest": found.preferences.digest,
            "quiet_start": quiet.start,
            "quiet_end": quiet.end,
            **granted,
        }
        if form is not None:
            typed = {name: str(value) for name, value in form.items()}
            known |= typed | {name: name in typed for name in (*granted, "digest")}
        return shell.page(
            request,
            "me-settings.html.j2",
            status=422 if errors else 200,
            email=person.email,
            known=known,
            zones=zones(person.tz),
            languages=LANGUAGES,
            boxes={kind: _box(kind) for kind in ASKED_HERE},
            devices=shown(known_devices, shell.words(request), person.tz),
            push_key=push_key,
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
                }
            )
            quiet = QuietFields.model_validate(
                {name: str(form.get(f"quiet_{name}") or "") for name in ("start", "end")}
            ).quiet()
        except ValidationError as wrong:
            return await settings_page(request, form, shell.wrong_fields(request, wrong))

        async def work(tx: Transaction) -> Answer:
            kept = (await preferences.read(tx, client_id)).preferences
            found = await preferences.change(
                tx,
                client_id,
                changes=fields.changes(),
                answers={kind: _box(kind) in form for kind in ASKED_HERE},
                preferences=kept.model_copy(
                    update={
                        "quiet": None if quiet == COMPANY_QUIET else quiet,
                        "digest": "digest" in form,
                    }
                ),
                version=None,
                signer=signer,
                now=clock(),
            )
            return Answer(200, {"language": found.person.language})

        try:
            answer = await writer.done(caller, work)
        except Invalid as no:
            words = shell.words(request)
            errors = {one.field: field_text(one.field, one.message, words) for one in no.fields}
            return await settings_page(request, form, errors)
        return shell.see("/me/settings", saved="1", lang=str(answer["language"]))

    return router


def _box(kind: Kind) -> str:
    """What the form calls a class and channel, such as service-email."""
    return "-".join(kind)
