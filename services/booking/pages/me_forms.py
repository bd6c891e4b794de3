"""Questions that come now and then: health, questionnaires, and the activities that matter."""

from collections.abc import Mapping
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of, let_in, seeing
from services.booking.api.care import (
    MOST_GOALS,
    GoalsFields,
    QuestionnaireFields,
    ScreeningFields,
)
from services.booking.api.writing import Answer, Writer
from services.booking.handlers.submissions import submit
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form, signs, whole
from services.booking.pages.me import whose
from services.booking.pages.me_questions import questionnaire
from services.booking.pages.shell import Shell
from services.booking.queries import progress
from shared.clock import Clock
from shared.contracts.care import (
    GoalsSubmitted,
    QuestionnaireSubmitted,
    ScreeningSubmitted,
)
from shared.contracts.submissions import Submission
from shared.errors import Invalid, NotFound
from shared.instruments.table import instruments
from shared.postgres import Database, Transaction
from shared.vocabulary.codes import Health, Instrument

MOST_FIELDS = 120
"""The questions about health with everything ticked have about 60."""

YES_OR_NO = {"yes": True, "no": False}


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """One page each; what is wrong is marked, and nothing typed is lost."""
    router = shell.router()

    async def hand_over(
        request: Request, form: FormData, of: type[Submission], content: dict[str, Any]
    ) -> Response:
        client_id, caller = whose(request), caller_of(request)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, "report", now=now)
            submission_id = await submit(
                tx, writer.keys, of, client_id, who.actor_id, now=now, **content
            )
            return Answer(202, {"id": str(submission_id)})

        answer = await writer.done(caller, work, once=f"{of.type} {same_form(form)}")
        return shell.see(f"/me/reports/{UUID(answer['id'])}")

    def screening_page(
        request: Request, form: FormData | None = None, errors: Mapping[str, str] | None = None
    ) -> Response:
        whose(request)
        words = shell.words(request)
        return shell.page(
            request,
            "me-screening.html.j2",
            status=422 if errors else 200,
            signs=signs(words),
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/me/screening")
    async def ask_health(request: Request) -> Response:
        """The questions before the first plan."""
        return screening_page(request)

    @router.post("/me/screening")
    async def take_health(request: Request) -> Response:
        """Hand the answers to progress."""
        whose(request)
        form = await form_of(request, max_fields=MOST_FIELDS)
        try:
            fields = ScreeningFields.model_validate(_screening(form))
        except ValidationError as wrong:
            errors = shell.wrong_fields(request, wrong)
            gettext = shell.words(request).translations.gettext
            for name in errors.keys() & {*get_args(Health), "active"}:
                errors[name] = gettext("Please answer yes or no.")
            for name in errors.keys() & {"wish"}:
                errors[name] = gettext("Please choose one.")
            return screening_page(request, form, errors)
        content = {"screening": fields.model_dump()}
        return await hand_over(request, form, ScreeningSubmitted, content)

    async def questionnaire_page(
        request: Request, name: str, form: FormData | None = None, wrong: str | None = None
    ) -> Response:
        client_id, caller = whose(request), caller_of(request)
        async with seeing(db, caller, client_id, "progress", now=clock()) as (connection, _):
            document = await progress.view(connection, client_id)
        goals = document.get("goals") or {}
        found = questionnaire(name, shell.words(request), rated=tuple(goals.get("first", ())))
        if found is None:
            raise NotFound("not-found", "There is no such questionnaire.")
        return shell.page(
            request,
            "me-questionnaire.html.j2",
            status=422 if wrong else 200,
            name=name,
            questionnaire=found,
            typed=chosen(form),
            wrong=wrong,
            page=page_id(form),
        )

    @router.get("/me/questionnaires/{name}")
    async def ask(name: str, request: Request) -> Response:
        """The items of an instrument."""
        return await questionnaire_page(request, name)

    @router.post("/me/questionnaires/{name}")
    async def take(name: str, request: Request) -> Response:
        """Hand the answers to progress, whole."""
        whose(request)
        if name not in get_args(Instrument):
            raise NotFound("not-found", "There is no such questionnaire.")
        form, words = await form_of(request), shell.words(request)
        count = whole(str(form.get("items") or ""))
        asked = count if isinstance(count, int) else 0
        given = [form.get(f"answer-{place}") for place in range(min(asked, MOST_FIELDS))]
        missing = words.translations.gettext("Please answer each question.")
        try:
            fields = QuestionnaireFields.model_validate(
                {
                    "instrument": name,
                    "version": instruments().version,
                    "language": words.language,
                    "answers": [whole(str(one or "")) for one in given],
                }
            )
            content = fields.content()
        except (ValidationError, Invalid):
            return await questionnaire_page(request, name, form, missing)
        return await hand_over(request, form, QuestionnaireSubmitted, content)

    def goals_page(
        request: Request, form: FormData | None = None, errors: Mapping[str, str] | None = None
    ) -> Response:
        whose(request)
        return shell.page(
            request,
            "me-goals.html.j2",
            status=422 if errors else 200,
            rows=range(MOST_GOALS),
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/me/goals")
    async def ask_goals(request: Request) -> Response:
        """What matters, and how hard it is."""
        return goals_page(request)

    @router.post("/me/goals")
    async def take_goals(request: Request) -> Response:
        """Hand the activities to progress; they replace earlier ones."""
        whose(request)
        form = await form_of(request)
        rows = [
            {
                "name": str(form.get(f"name-{row}") or "").strip(),
                "rating": whole(str(form.get(f"rating-{row}") or "")),
            }
            for row in range(MOST_GOALS)
        ]
        try:
            fields = GoalsFields.model_validate(
                {"activities": [one for one in rows if one["name"]]}
            )
        except ValidationError as wrong:
            gettext = shell.words(request).translations.gettext
            text = gettext("Please name one to five activities, each with a number.")
            return goals_page(
                request, form, dict.fromkeys(shell.wrong_fields(request, wrong), text)
            )
        return await hand_over(request, form, GoalsSubmitted, fields.model_dump())

    return router


def _screening(form: FormData) -> dict[str, Any]:
    def answer(name: str) -> bool | None:
        return YES_OR_NO.get(str(form.get(name) or ""))

    def ticked(name: str) -> list[str]:
        return [str(code) for code in form.getlist(name)]

    body: dict[str, Any] = {
        "health": {name: answer(name) for name in get_args(Health)},
        "active": answer("active"),
        "wish": str(form.get("wish") or ""),
        "conditions": ticked("conditions"),
        "red_flags": ticked("red_flags"),
        "enjoys": ticked("enjoys"),
    }
    if medications := str(form.get("medications") or "").strip():
        body["medications"] = medications
    return body
