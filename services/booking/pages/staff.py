"""The staff's pages: people, a trainer's profile, a client's credits, areas, and what is parked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of, staff_only
from services.booking.api.credits import CreditFields
from services.booking.api.people import PersonFields, ProfileFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.areas import city_of, prefixes_of
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person, Role
from services.booking.domain.services import SERVICES
from services.booking.domain.trainers import Trainer, Wish
from services.booking.handlers import credits as recording
from services.booking.handlers import people as handlers
from services.booking.handlers.people import StaffedRole
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form
from services.booking.pages.language import LANGUAGES
from services.booking.pages.messages import STATES, lines, state_of
from services.booking.pages.refusals import field_text
from services.booking.pages.shell import Shell
from services.booking.pages.sign_in import HOME
from services.booking.pages.times import COMPANY_TZ, zones
from services.booking.queries import credits as paid_ahead
from services.booking.queries import messages as told
from services.booking.queries import parked, people, trainers
from services.booking.store.people import find_person
from shared.clock import Clock
from shared.contracts.booking import Area, Mode
from shared.errors import Conflict, Invalid, NotFound
from shared.postgres import Database, Transaction
from shared.vocabulary.codes import Condition
from shared.zones import zone

PEOPLE_SHOWN, CREDITS_SHOWN, PARKED_SHOWN = 50, 50, 200
"""Rows on one page; of parked records more than this is one fault, not many."""

MESSAGES_SHOWN, COUNTED = 25, timedelta(days=7)
"""Failures, and as many others; a week shows whether something is wrong."""

MOST_SEARCHED = 120


def routes(
    shell: Shell, db: Database, clock: Clock, writer: Writer, signer: LinkSigner
) -> APIRouter:
    """For staff and the duty lead."""
    router = shell.router()

    async def people_page(
        request: Request, form: FormData | None = None, errors: dict[str, str] | None = None
    ) -> Response:
        staff_only(caller_of(request))
        asked = request.query_params
        words = asked.get("q", "").replace("\0", "").strip()[:MOST_SEARCHED]
        role = next((one for one in get_args(Role) if one == asked.get("role")), None)
        async with db.reading() as connection:
            found = await people.listed(
                connection,
                role=role,
                words=words or None,
                after=_after(asked.get("after"), asked.get("id")),
                limit=PEOPLE_SHOWN + 1,
            )
        more = found[PEOPLE_SHOWN - 1] if len(found) > PEOPLE_SHOWN else None
        return shell.page(
            request,
            "staff.html.j2",
            status=422 if errors else 200,
            people=found[:PEOPLE_SHOWN],
            more={"q": words, "role": role or "", "after": more.name, "id": more.id}
            if more
            else None,
            searched=words,
            role=role,
            roles=get_args(Role),
            staffed=get_args(StaffedRole),
            languages=LANGUAGES,
            zones=zones(COMPANY_TZ),
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/staff")
    async def mine(request: Request) -> Response:
        """Everybody, by name; who is no staff is sent to where they begin."""
        caller = caller_of(request)
        if caller.role is None:
            return shell.sign_in_first(request)
        if not caller.works_here:
            return shell.see(HOME[caller.role])
        return await people_page(request)

    @router.post("/staff/people")
    async def add(request: Request) -> Response:
        """Add a trainer, a clinician or staff."""
        staff_only(caller_of(request))
        caller, form = caller_of(request), await form_of(request)
        try:
            fields = PersonFields.model_validate(_person(form))
        except ValidationError as wrong:
            return await people_page(request, form, shell.wrong_fields(request, wrong))

        async def work(tx: Transaction) -> Answer:
            person = await handlers.add(
                tx,
                role=fields.role,
                name=fields.name.strip(),
                email=fields.email,
                phone=fields.phone,
                tz=fields.tz,
                language=fields.language,
                signer=signer,
                now=clock(),
            )
            return Answer(201, {"id": str(person.id)})

        try:
            made = await writer.done(caller, work, once=f"person {same_form(form)}")
        except Conflict:
            text = shell.words(request).translations.gettext(
                "Somebody with that address is known already."
            )
            return await people_page(request, form, {"email": text})
        return shell.see(f"/staff/people/{UUID(made['id'])}")

    async def person_page(
        request: Request,
        person_id: UUID,
        form: FormData | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        staff_only(caller_of(request))
        async with db.reading() as connection:
            person = await find_person(connection, person_id)
            if person is None:
                raise NotFound("not-found", "There is no such person.")
            trainer = await _profile(connection, person)
            balance = await paid_ahead.balance(connection, person_id)
            entries = await paid_ahead.entries(
                connection, person_id, before=None, limit=CREDITS_SHOWN - 1
            )
        words = shell.words(request)
        known = _known(trainer, person) if form is None else chosen(form)
        return shell.page(
            request,
            "staff-person.html.j2",
            status=422 if errors else 200,
            person=person,
            trainer=trainer,
            known=known,
            groups=(
                ("modes", get_args(Mode)),
                ("areas", get_args(Area)),
                ("languages", LANGUAGES),
                ("conditions", get_args(Condition)),
            ),
            zones=zones(known.get("tz", [person.tz])[0]),
            paid_services=[one.id for one in SERVICES if not one.free],
            balance=balance,
            entries=[
                (
                    words.moment(one.recorded_at, zone(person.tz)),
                    replace(one, note=writer.keys.open_note(one.note)),
                )
                for one in entries
            ],
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
            saved=bool(request.query_params.get("saved")),
        )

    @router.get("/staff/people/{person_id}")
    async def look(person_id: UUID, request: Request) -> Response:
        """A person; a trainer's profile, a client's credits."""
        return await person_page(request, person_id)

    @router.post("/staff/people/{person_id}/profile")
    async def save_profile(person_id: UUID, request: Request) -> Response:
        """Say what a trainer does."""
        staff_only(caller_of(request))
        caller, form = caller_of(request), await form_of(request)
        lists = ("areas", "modes", "languages", "conditions")
        try:
            fields = ProfileFields.model_validate(
                {name: [str(one) for one in form.getlist(name)] for name in lists}
                | {"tz": str(form.get("tz") or "")}
            )
        except ValidationError as wrong:
            text = shell.words(request).translations.gettext("Please choose at least one.")
            errors = dict.fromkeys(shell.wrong_fields(request, wrong), text)
            return await person_page(request, person_id, form, errors)

        async def work(tx: Transaction) -> Answer:
            await handlers.save_profile(tx, person_id, fields.profile())
            return Answer(200, {})

        try:
            await writer.done(caller, work)
        except Invalid as no:
            return await person_page(request, person_id, form, _told(shell, request, no))
        return shell.see(f"/staff/people/{person_id}", saved="1")

    @router.post("/staff/people/{person_id}/credits")
    async def record(person_id: UUID, request: Request) -> Response:
        """Record sessions that a client has bought, or withdraw some."""
        by = staff_only(caller_of(request))
        caller, form = caller_of(request), await form_of(request)
        try:
            fields = CreditFields.model_validate(
                {
                    "service": str(form.get("service") or ""),
                    "count": _count(str(form.get("count") or "").strip()),
                    "note": str(form.get("note") or "").strip() or None,
                }
            )
        except ValidationError as wrong:
            return await person_page(request, person_id, form, shell.wrong_fields(request, wrong))

        async def work(tx: Transaction) -> Answer:
            await recording.record(
                tx,
                person_id,
                fields.service,
                fields.count,
                recorded_by=by,
                note=writer.keys.seal_note(fields.note),
                now=clock(),
            )
            return Answer(201, {})

        try:
            await writer.done(caller, work, once=f"credits {person_id} {same_form(form)}")
        except Invalid as no:
            return await person_page(request, person_id, form, _told(shell, request, no))
        except Conflict:
            text = shell.words(request).translations.gettext("The client has fewer left than that.")
            return await person_page(request, person_id, form, {"count": text})
        return shell.see(f"/staff/people/{person_id}", saved="1")

    @router.get("/staff/areas")
    async def areas(request: Request) -> Response:
        """Where visits are offered, and who goes there."""
        staff_only(caller_of(request))
        async with db.reading() as connection:
            everybody = await trainers.trainers(connection, Wish())
        return shell.page(
            request,
            "staff-areas.html.j2",
            areas=[
                (
                    city_of(area),
                    prefixes_of(area),
                    [(one.id, one.name) for one in everybody if area in one.areas],
                )
                for area in get_args(Area)
            ],
        )

    @router.get("/staff/messages")
    async def messages(request: Request) -> Response:
        """What booking could not handle, what waits behind it, and what became of messages."""
        staff_only(caller_of(request))
        async with db.reading() as connection:
            keys = await parked.keys(connection, limit=PARKED_SHOWN)
            records = await parked.records(connection, limit=PARKED_SHOWN)
            counted = await told.counts(connection, since=clock() - COUNTED)
            delivered = await told.newest(connection, limit=MESSAGES_SHOWN)
        words, rules = shell.words(request), zone(COMPANY_TZ)
        return shell.page(
            request,
            "staff-messages.html.j2",
            keys=[(words.moment(one.at, rules), one) for one in keys],
            records=[(words.moment(one.at, rules), one) for one in records],
            counts=[(one, state_of(one, words), counted.get(one, 0)) for one in STATES],
            delivered=lines(delivered, words, rules),
        )

    return router


async def _profile(connection: Transaction, person: Person) -> Trainer | None:
    if person.role != "trainer":
        return None
    try:
        return await trainers.one_trainer(connection, person.id)
    except Invalid:
        return None  # Added, and nobody has said yet what they do.


def _known(trainer: Trainer | None, person: Person) -> dict[str, list[str]]:
    if trainer is None:
        return {"tz": [person.tz], "languages": [person.language], "modes": ["virtual"]}
    return {
        "tz": [trainer.tz],
        "areas": [*trainer.areas],
        "modes": [*trainer.modes],
        "languages": [*trainer.languages],
        "conditions": [*trainer.conditions],
    }


def _person(form: FormData) -> dict[str, Any]:
    body: dict[str, Any] = {
        name: str(form.get(name) or "").strip()
        for name in ("role", "name", "email", "tz", "language")
    }
    return body | {"phone": str(form.get("phone") or "").strip() or None}


def _told(shell: Shell, request: Request, no: Invalid) -> dict[str, str]:
    words = shell.words(request)
    return {one.field: field_text(one.field, one.message, words) for one in no.fields}


def _after(name: str | None, person_id: str | None) -> tuple[str, UUID] | None:
    try:
        return (name, UUID(person_id)) if name and person_id and "\0" not in name else None
    except ValueError:
        return None


def _count(typed: str) -> int | str:
    digits = typed.removeprefix("-")
    return int(typed) if digits.isascii() and digits.isdigit() and len(digits) < 5 else typed
