"""The assessment as a form: posture by region, movements, joints in degrees, stands, and pain.

On a tablet it is kept on the device until it was taken here; the same form sent twice is one.
"""

from collections.abc import Iterator
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of, let_in
from services.booking.api.care import DEGREES, STANDS, AssessmentFields
from services.booking.api.writing import Answer, Writer
from services.booking.handlers.submissions import submit
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form
from services.booking.pages.desk_client import may_treat
from services.booking.pages.language import Tongue
from services.booking.pages.me import client_of
from services.booking.pages.shell import Shell
from shared.clock import Clock
from shared.contracts.care import AssessmentSubmitted
from shared.postgres import Database, Transaction
from shared.vocabulary.codes import Movement, Region
from shared.vocabulary.labels import JointTerm, vocabulary

MOST_FIELDS = 240
"""Every region, movement and joint of the vocabulary on one form is about 180."""

MOST_DIGITS = 3

SEVERITIES = (0, 1, 2, 3)

Choices = list[tuple[str, str]]
Named = list[tuple[str, dict[str, Any]]]
"""Items of the API's body, each with the name of its place on the form."""


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """The form, and the worker that opens it again without a connection."""
    router = shell.router()

    async def form_page(
        request: Request,
        client_id: UUID,
        form: FormData | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        may_treat(request)
        async with db.reading() as connection:
            await let_in(connection, caller_of(request), client_id, "coach", now=clock())
            person = await client_of(connection, client_id)
        words = shell.words(request)
        return shell.page(
            request,
            "desk-assessment.html.j2",
            status=422 if errors else 200,
            person=person,
            posture=_posture_rows(words),
            movements=words.labels("movements"),
            movement_findings=words.labels("movement_findings"),
            severities=_severities(words),
            joints=[(joint, words.label("joints", joint.code)) for joint in vocabulary().joints],
            sides=sides,
            degrees=DEGREES,
            stands=STANDS,
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/desk/clients/{client_id}/assessment")
    async def ask(client_id: UUID, request: Request) -> Response:
        """An empty form."""
        return await form_page(request, client_id)

    @router.post("/desk/clients/{client_id}/assessment")
    async def take(client_id: UUID, request: Request) -> Response:
        """Hand what was seen to progress, once."""
        may_treat(request)
        caller, form = caller_of(request), await form_of(request, max_fields=MOST_FIELDS)
        named = {
            "posture": list(_posture(form)),
            "mechanics": list(_mechanics(form)),
            "rom": list(_rom(form)),
        }
        body = {part: [item for _, item in items] for part, items in named.items()}
        stand = _text(form, "chair_stand")
        try:
            fields = AssessmentFields.model_validate(
                {
                    **body,
                    "chair_stand": _number(stand) if stand else None,
                    "baseline": {
                        name: _number(_text(form, name)) for name in ("pain_now", "pain_week")
                    },
                }
            )
        except ValidationError as wrong:
            errors = _errors(wrong, named, shell.words(request))
            return await form_page(request, client_id, form, errors)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, "coach", now=now)
            submission_id = await submit(
                tx,
                writer.keys,
                AssessmentSubmitted,
                client_id,
                who.actor_id,
                now=now,
                assessment=fields.model_dump(),
            )
            return Answer(202, {"id": str(submission_id)})

        made = await writer.done(caller, work, once=f"assessment {client_id} {same_form(form)}")
        return shell.see(f"/desk/clients/{client_id}/reports/{UUID(made['id'])}")

    @router.get("/desk/worker.js")
    async def worker() -> Response:
        """The worker's file; its place says for which pages it may speak."""
        return shell.worker("desk-worker.js")

    return router


def sides(joint: JointTerm) -> tuple[str, ...]:
    """The sides in which a joint is measured."""
    return ("left", "right") if joint.sides else ("none",)


def _posture_rows(words: Tongue) -> list[tuple[str, str, Choices]]:
    findings = vocabulary().posture_findings
    return [
        (
            region,
            words.label("regions", region),
            [
                (one.code, words.label("posture_findings", one.code))
                for one in findings
                if region in one.regions
            ],
        )
        for region in get_args(Region)
    ]


def _severities(words: Tongue) -> Choices:
    _ = words.translations.gettext
    texts = (_("0 as usual"), _("1 slight"), _("2 clear"), _("3 strong"))
    return [(str(value), text) for value, text in zip(SEVERITIES, texts, strict=True)]


def _posture(form: FormData) -> Iterator[tuple[str, dict[str, Any]]]:
    for region in get_args(Region):
        yield from _finding(form, f"posture-{region}", {"region": region})


def _mechanics(form: FormData) -> Iterator[tuple[str, dict[str, Any]]]:
    for movement in get_args(Movement):
        yield from _finding(form, f"mechanics-{movement}", {"movement": movement})


def _finding(
    form: FormData, name: str, about: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    finding = _text(form, name)
    if not finding:
        return
    severity = _number(_text(form, f"{name}-severity"))
    if finding == "nothing-notable":
        severity = 0
    yield name, about | {"finding": finding, "severity": severity}


def _rom(form: FormData) -> Iterator[tuple[str, dict[str, Any]]]:
    for joint in vocabulary().joints:
        for motion in joint.motions:
            for side in sides(joint):
                name = f"rom-{joint.code}-{side}-{motion}"
                if typed := _text(form, name):
                    yield (
                        name,
                        {
                            "joint": joint.code,
                            "side": side,
                            "motion": motion,
                            "degrees": _number(typed),
                            "active": f"moved-{joint.code}" not in form,
                        },
                    )


def _errors(wrong: ValidationError, named: dict[str, Named], words: Tongue) -> dict[str, str]:
    _ = words.translations.gettext
    texts = {
        "severity": _("Please say how far it is from usual."),
        "degrees": _("A whole number of degrees is needed."),
        "chair_stand": _("A whole number of stands is needed."),
    }
    found: dict[str, str] = {}
    for fault in wrong.errors():
        match fault["loc"]:
            case (str(part), int(place), *_rest) if part in named:
                name = named[part][place][0]
            case loc:
                name = str(loc[-1])
        otherwise = _("Please choose one of the answers.")
        found.setdefault(name, texts.get(str(fault["loc"][-1]), otherwise))
    return found


def _text(form: FormData, name: str) -> str:
    return str(form.get(name) or "").strip()


def _number(typed: str) -> int | str:
    """A whole number, also below zero; else the text, which the API's body refuses."""
    digits = typed.removeprefix("-")
    fine = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    return int(typed) if fine else typed
