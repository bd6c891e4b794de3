"""The letter for a client's clinician, and the export as FHIR: what is shared, drawn up anew."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.booking.api.access import Action, CallerNow, seeing
from services.booking.api.fields import LanguageCode
from services.booking.domain import fhir
from services.booking.domain.letter import letter
from services.booking.domain.letter_words import Wording
from services.booking.domain.people import Caller, Language, Person
from services.booking.handlers.letter import read
from shared.clock import Clock
from shared.postgres import Database
from shared.zones import zone

PDF = "application/pdf"
FHIR_JSON = "application/fhir+json"

LanguageAsked = Annotated[
    LanguageCode | None, Query(description="The client's language when left out")
]


def routes(db: Database, clock: Clock) -> APIRouter:
    """Both, for the client and for who may look on; each look is on record."""
    router = APIRouter(prefix="/v1/clients/{client_id}", tags=["care team"])
    # Each keeps a core busy for a while; those who only want a page should not feel it.
    one_at_a_time = asyncio.Lock()

    async def shown(
        client_id: UUID, caller: Caller, action: Action, now: datetime
    ) -> tuple[Person, dict[str, Any]]:
        async with seeing(db, caller, client_id, action, now=now) as (connection, sight):
            whole = await read(connection, client_id)
        return whole.client, sight.view(whole.view)

    @router.get("/letter.pdf", response_class=Response)
    async def pdf(client_id: UUID, caller: CallerNow, lang: LanguageAsked = None) -> Response:
        """One page of facts with their sources; a clinician's shows what the client shares."""
        now = clock()
        client, view = await shown(client_id, caller, "letter", now)
        async with one_at_a_time:
            page = await asyncio.to_thread(_page, client, view, lang or client.language, now)
        headers = {"Content-Disposition": 'inline; filename="limber-letter.pdf"'}
        return Response(page, media_type=PDF, headers=headers)

    @router.get("/fhir", response_class=Response)
    async def export(client_id: UUID, caller: CallerNow, lang: LanguageAsked = None) -> Response:
        """A FHIR R4B bundle of observations, questionnaire responses, goals and the plan."""
        now = clock()
        client, view = await shown(client_id, caller, "fhir", now)
        async with one_at_a_time:
            body = await asyncio.to_thread(_bundle, client, view, lang or client.language, now)
        return Response(body, media_type=FHIR_JSON)

    return router


def _page(client: Person, view: dict[str, Any], language: Language, now: datetime) -> bytes:
    # Half a second and a dozen megabytes that most processes never need.
    from services.booking.api import letter_page  # noqa: PLC0415

    name = letter_page.writable(client.name) or str(client.id)
    text = letter(view, name=name, language=language, zone=zone(client.tz), now=now)
    return letter_page.draw(text)


def _bundle(client: Person, view: dict[str, Any], language: Language, now: datetime) -> bytes:
    # As above.
    from services.booking.domain.fhir_check import checked  # noqa: PLC0415

    words = Wording(language, zone(client.tz))
    whole = fhir.bundle(view, name=client.name, language=client.language, words=words, now=now)
    return checked(whole)
