"""Booking as pages: where and what hurts, times, details, done. Works without scripts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api import documents
from services.booking.api.access import caller_of
from services.booking.api.limits import Limits
from services.booking.api.wishes import BookingFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain import limits as figures
from services.booking.domain.links import Links
from services.booking.handlers import book, holds
from services.booking.pages.shell import Shell, unreadable
from services.booking.pages.times import COMPANY_TZ, Search, id_in, read_search, week_of, zones
from services.booking.queries.holds import HeldTime, held_time
from shared.clock import Clock
from shared.errors import FieldError, Gone, Invalid, Refused
from shared.postgres import Database, Transaction
from shared.zones import zone

FORM_FIELDS = 40
"""A page of ours has under 20."""


def routes(
    shell: Shell, db: Database, clock: Clock, writer: Writer, links: Links, limits: Limits
) -> APIRouter:
    """The booking journey."""
    router = shell.router()

    async def search_page(
        request: Request, search: Search, *, refusal: Refused | None = None
    ) -> Response:
        words = shell.words(request)
        caller = caller_of(request)
        client_id = caller.person_id if caller.role == "client" else None
        async with db.reading() as connection:
            week = await week_of(connection, search, words, client_id=client_id, now=clock())
        return shell.page(
            request,
            "book.html.j2",
            status=refusal.status if refusal else 200,
            search=search,
            week=week,
            zones=zones(search.tz),
            alternatives=alternatives(refusal),
            refused=refusal is not None,
            choose="/hold",
            here_again="/",
        )

    @router.get("/")
    async def first(request: Request) -> Response:
        """Where, what hurts, and the times that fit; mails link here with a time that is kept."""
        hold_id = id_in(request.query_params.get("hold"))
        if hold_id is not None:
            async with db.reading() as connection:
                held = await held_time(connection, hold_id)
            search = _search_of(held) if held else Search()
            return shell.see(f"/hold/{hold_id}", **search.query())
        return await search_page(request, read_search(request))

    @router.post("/hold")
    async def hold(request: Request) -> Response:
        """Keep the chosen time; a taken one brings the nearest others."""
        await limits.check(request, (figures.HOLDS_PER_ORIGIN, limits.origin(request)))
        form = await form_of(request)
        search = read_search(request, form)
        start, trainer = chosen_start(form)

        async def work(tx: Transaction) -> Answer:
            kept, name = await holds.place_hold(
                tx,
                search.wish(start, trainer or search.trainer),
                client_id=caller_of(request).person_id,
                now=clock(),
            )
            return Answer(201, documents.hold(kept, name))

        try:
            answer = await writer.done(caller_of(request), work)
        except Refused as no:
            if no.code != "slot-taken":
                raise
            return await search_page(request, search, refusal=no)
        return shell.see(f"/hold/{answer['id']}", **search.query())

    @router.get("/hold/{hold_id}")
    async def details(hold_id: UUID, request: Request) -> Response:
        """Who the kept time is for."""
        return await details_page(request, hold_id, read_search(request), {}, {})

    @router.post("/hold/{hold_id}/extend")
    async def extend(hold_id: UUID, request: Request) -> Response:
        """Keep the time a little longer."""
        search = read_search(request, await form_of(request))

        async def work(tx: Transaction) -> Answer:
            until = await holds.extend_hold(tx, hold_id, now=clock())
            return Answer(200, {"until": until.isoformat()})

        await writer.done(caller_of(request), work)
        return shell.see(f"/hold/{hold_id}", **search.query())

    @router.post("/hold/{hold_id}/release")
    async def release(hold_id: UUID, request: Request) -> Response:
        """Choose another time."""
        search = read_search(request, await form_of(request))

        async def work(tx: Transaction) -> Answer:
            await holds.release_hold(tx, hold_id, caller_of(request), now=clock())
            return Answer(200, {})

        try:
            await writer.done(caller_of(request), work)
        except Refused as no:
            if no.status != 404:
                raise
        return shell.see("/", **search.query())

    @router.post("/hold/{hold_id}/book")
    async def confirm(hold_id: UUID, request: Request) -> Response:
        """Turn the kept time into a booking."""
        await limits.check(request, (figures.BOOKINGS_PER_ORIGIN, limits.origin(request)))
        form = await form_of(request)
        search = read_search(request, form)
        typed = {name: str(value) for name, value in form.items()}
        language = shell.words(request).language
        async with db.reading() as connection:
            held = await held_time(connection, hold_id)
        # A form that is sent twice finds its hold used, and is answered as the first time.
        visit = (held.mode if held else search.mode) == "in-person"
        try:
            fields = BookingFields.model_validate(
                _booking(hold_id, search, typed, language, visit=visit)
            )
        except ValidationError as wrong:
            errors = shell.wrong_fields(request, wrong)
            return await details_page(request, hold_id, search, typed, errors)

        async def work(tx: Transaction) -> Answer:
            booked = await book.book(
                tx, fields.wish(writer.keys), caller_of(request), links=links, now=clock()
            )
            return Answer(201, {"booking": str(booked.id)})

        try:
            answer = await writer.done(caller_of(request), work, once=f"book {hold_id}")
        except Invalid as no:
            told = {one.field.rpartition(".")[2]: one.message for one in no.fields}
            return await details_page(request, hold_id, search, typed, told)
        token = links.signer.token("manage", UUID(answer["booking"]))
        return shell.see(f"/manage/{token}", booked="1")

    async def held_now(hold_id: UUID) -> HeldTime:
        async with db.reading() as connection:
            held = await held_time(connection, hold_id)
        if held is None or held.expires_at <= clock():
            raise Gone("hold-expired", "The held time has run out. Please choose a time again.")
        return held

    async def details_page(
        request: Request,
        hold_id: UUID,
        search: Search,
        typed: dict[str, str],
        errors: dict[str, str],
    ) -> Response:
        held = await held_now(hold_id)
        rules = search.zone if held.mode == "virtual" else zone(COMPANY_TZ)
        return shell.page(
            request,
            "details.html.j2",
            status=422 if errors else 200,
            held=held,
            search=search,
            when=shell.words(request).moment(held.start, rules),
            seconds_left=int((held.expires_at - clock()).total_seconds()),
            longest=int((held.created_at + holds.HELD_LONGEST - clock()).total_seconds()),
            typed=typed,
            errors=errors,
        )

    return router


def _search_of(held: HeldTime) -> Search:
    """The search that a kept time answers."""
    return Search(
        service=held.service,
        virtual=held.mode == "virtual",
        postal=held.postal or "",
        tz=held.tz or COMPANY_TZ,
    )


async def form_of(request: Request, *, max_fields: int = FORM_FIELDS) -> FormData:
    """The fields of a form.

    Raises:
        Malformed: it is not one of ours.
    """
    try:
        return await request.form(max_fields=max_fields, max_files=0)
    except ValueError:
        raise unreadable() from None


def chosen_start(form: FormData) -> tuple[datetime, UUID | None]:
    """Start and trainer of the pressed button.

    Raises:
        Invalid: it is not one of ours.
    """
    start, _, trainer = str(form.get("slot") or "").partition(" ")
    try:
        at = datetime.fromisoformat(start)
        chosen = UUID(trainer) if trainer else None
    except ValueError:
        raise Invalid("invalid", "Choose a time.", fields=[FieldError("slot", "")]) from None
    if at.tzinfo is None:
        raise Invalid("invalid", "Choose a time.", fields=[FieldError("slot", "")])
    return at, chosen


def _booking(
    hold_id: UUID, search: Search, typed: dict[str, str], language: str, *, visit: bool
) -> dict[str, Any]:
    """The form as the API's body, so that both are checked in one place."""
    body: dict[str, Any] = {
        "hold": str(hold_id),
        "client": {
            "name": typed.get("name", ""),
            "email": typed.get("email", ""),
            "tz": search.zone.key,
            "language": language,
        },
        "consent": {"reminders": "reminders" in typed, "marketing": "marketing" in typed},
    }
    if phone := typed.get("phone", "").strip():
        body["client"]["phone"] = phone
    if goal := typed.get("goal", "").strip():
        body["goal"] = goal
    if search.condition:
        body["conditions"] = [search.condition]
    if visit:
        body["address"] = {
            "street": typed.get("street", ""),
            "postal": typed.get("visit_postal") or search.postal,
        }
        for name in ("city", "note"):
            if text := typed.get(name, "").strip():
                body["address"][name] = text
    return body


def alternatives(refusal: Refused | None) -> list[dict[str, Any]]:
    """The nearest free times that a refused one comes with."""
    found = refusal.extra.get("alternatives", []) if refusal else []
    return [
        {
            "value": f"{one['start']} {one['trainer']['id']}",
            "at": datetime.fromisoformat(one["start"]),
            "trainer": one["trainer"]["name"],
        }
        for one in found
    ]
