"""The plan on the desk: drafted, changed with safe options alone, activated; gates may refuse."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of, let_in
from services.booking.api.plans import (
    MOST_ITEMS,
    MOST_MINUTES,
    MOST_REPETITIONS,
    MOST_SETS,
    MOST_TIMES,
    PlanFields,
)
from services.booking.api.writing import Answer, Writer
from services.booking.handlers import care
from services.booking.handlers.submissions import submit
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form, whole
from services.booking.pages.desk_client import may_treat, treated
from services.booking.pages.desk_options import offers, rows, start_dose
from services.booking.pages.desk_words import gates
from services.booking.pages.shell import Shell
from shared.clock import Clock
from shared.contracts.care import PlanActivationSubmitted, PlanSubmitted
from shared.contracts.submissions import Submission
from shared.errors import Invalid, NotFound
from shared.options.catalogue import catalogue
from shared.postgres import Database, Transaction

DOSES = {
    "per_week": MOST_TIMES,
    "sets": MOST_SETS,
    "repetitions": MOST_REPETITIONS,
    "minutes": MOST_MINUTES,
}
"""The parts of a dose with the most of each."""

ADDED = 2
"""How many options of a family can be added at one time."""

MOST_FIELDS = MOST_ITEMS * 6 + 40
"""Each option with its dose, and what is added."""


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """The plan of a client, as their trainer sees and changes it."""
    router = shell.router()

    async def plan_page(
        request: Request,
        client_id: UUID,
        form: FormData | None = None,
        wrong: str | None = None,
    ) -> Response:
        person, view = await treated(request, shell, db, client_id, now=clock())
        plan = view.document["plan"]
        edited = (plan.get("draft") or plan) if plan else None
        return shell.page(
            request,
            "desk-plan.html.j2",
            status=422 if wrong else 200,
            person=person,
            rows=rows(view, edited) if edited else [],
            drafted=edited["id"] if edited and edited["status"] == "drafted" else None,
            beside=bool(plan and plan.get("draft")),
            gates=gates(view),
            offers=offers(view),
            added=range(ADDED),
            doses=DOSES,
            typed=chosen(form),
            wrong=wrong,
            page=page_id(form),
        )

    async def hand_over(
        request: Request,
        client_id: UUID,
        of: type[Submission],
        content: dict[str, Any],
        *,
        once: str,
        before: Callable[[Transaction], Any] | None = None,
    ) -> Response:
        caller = caller_of(request)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, "coach", now=now)
            if before is not None:
                await before(tx)
            made = await submit(tx, writer.keys, of, client_id, who.actor_id, now=now, **content)
            return Answer(202, {"id": str(made)})

        made = await writer.done(caller, work, once=once)
        return shell.see(f"/desk/clients/{client_id}/reports/{UUID(made['id'])}")

    @router.get("/desk/clients/{client_id}/plan")
    async def look(client_id: UUID, request: Request) -> Response:
        """The draft, else the plan, and what can be added."""
        return await plan_page(request, client_id)

    @router.post("/desk/clients/{client_id}/plan")
    async def save(client_id: UUID, request: Request) -> Response:
        """Keep a plan as a draft, whole."""
        may_treat(request)
        form = await form_of(request, max_fields=MOST_FIELDS)
        gettext = shell.words(request).translations.gettext
        try:
            content = PlanFields.model_validate({"items": _items(form)}).content()
        except ValidationError:
            text = gettext("Each option needs its times a week, and whole numbers within bounds.")
            return await plan_page(request, client_id, form, text)
        except Invalid:
            text = gettext("Each option can be there once, with repetitions or minutes, not both.")
            return await plan_page(request, client_id, form, text)
        once = f"plan {client_id} {same_form(form)}"
        return await hand_over(request, client_id, PlanSubmitted, content, once=once)

    @router.post("/desk/clients/{client_id}/plan/draft")
    async def draft(client_id: UUID, request: Request) -> Response:
        """Have a plan drafted from all that is known of the client."""
        may_treat(request)
        form = await form_of(request)
        once = f"draft {client_id} {same_form(form)}"
        content = PlanFields().content()
        return await hand_over(request, client_id, PlanSubmitted, content, once=once)

    @router.post("/desk/clients/{client_id}/plan/{plan_id}/activate")
    async def activate(client_id: UUID, plan_id: UUID, request: Request) -> Response:
        """Let a draft begin; the gates that are closed refuse, and say why."""
        may_treat(request)
        form = await form_of(request)

        async def belongs(tx: Transaction) -> None:
            if await care.client_of(tx, plan_id, "plan") != client_id:
                raise NotFound("no-such-plan", "There is no such plan.")

        return await hand_over(
            request,
            client_id,
            PlanActivationSubmitted,
            {"plan_id": plan_id},
            once=f"activate {plan_id} {same_form(form)}",
            before=belongs,
        )

    return router


def _items(form: FormData) -> list[dict[str, Any]]:
    found = []
    for place in range(MOST_ITEMS):
        code, taken = (str(form.get(f"{name}-{place}") or "") for name in ("option", "take"))
        if not code or taken == "remove":
            continue
        if taken in {"", code}:
            typed = {name: str(form.get(f"{name}-{place}") or "").strip() for name in DOSES}
            dose = {name: whole(text) for name, text in typed.items() if text}
            found.append({"option": code, **dose})
        else:
            found.append(_started(taken))
    added = [str(code) for code in form.getlist("add") if code]
    return found + [_started(code) for code in added]


def _started(code: str) -> dict[str, Any]:
    known = code in catalogue().by_code()
    return {"option": code, **(start_dose(code) if known else {})}
