"""The clinic: clients who share and what of theirs is shared; clearances and comments."""

from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import CLEARS, caller_of, let_in, seeing, signed_in
from services.booking.api.clinic import DecisionFields
from services.booking.api.plans import CommentFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.care_team import Purpose
from services.booking.handlers import care
from services.booking.handlers.submissions import submit
from services.booking.pages import me_measures, notes
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form, whole
from services.booking.pages.desk_client import (
    about_plan,
    intake,
    older_than,
    report_page,
    said_newest,
)
from services.booking.pages.desk_words import explained
from services.booking.pages.language import Tongue
from services.booking.pages.me import client_of
from services.booking.pages.me_plan import plan_of
from services.booking.pages.me_view import ClientView
from services.booking.pages.notes import Notes
from services.booking.pages.shell import Shell
from services.booking.pages.sign_in import HOME
from services.booking.queries import people, progress
from shared.clock import Clock
from shared.contracts.care import Decision, PlanCommentSubmitted
from shared.errors import Forbidden, Invalid, NotFound
from shared.postgres import Database, Transaction
from shared.vocabulary.codes import Family, Region
from shared.zones import zone

CLIENTS_SHOWN = 100
"""On one page of the list; more are a link away."""

MOST_FIELDS = 60
"""Every family and region ticked, and the rest of the decision."""

MOST_EFFORT = 10


@dataclass(frozen=True)
class Shared:
    """What a client shares with a member; `clears` is whether their role decides on clearances."""

    name: str
    view: ClientView
    share: tuple[Purpose, ...]
    clears: bool
    notes: Notes


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """For members of care teams."""
    router = shell.router()

    @router.get("/clinic")
    async def mine(request: Request) -> Response:
        """Clients who share with the caller, whoever that is; staff is sent to its own page."""
        caller = caller_of(request)
        if caller.role is None:
            return shell.sign_in_first(request)
        if caller.works_here:
            return shell.see(HOME[caller.role])
        after = _after(request)
        async with db.reading() as connection:
            found = await people.sharing_with(
                connection, signed_in(caller), after=after, limit=CLIENTS_SHOWN + 1
            )
        more = found[CLIENTS_SHOWN - 1] if len(found) > CLIENTS_SHOWN else None
        shared = _shared(shell.words(request))
        return shell.page(
            request, "clinic.html.j2", clients=found[:CLIENTS_SHOWN], more=more, shared=shared
        )

    async def shared(request: Request, client_id: UUID) -> Shared:
        """What the client shares with the caller, with the look on record."""
        caller = caller_of(request)
        caller_id = signed_in(caller)
        async with seeing(db, caller, client_id, "progress", now=clock()) as (connection, sight):
            if sight.share is None:
                raise Forbidden("not-shared", "The client has not opened that to you.")
            document = sight.view(await progress.view(connection, client_id))
            person = await client_of(connection, client_id)
            member = await people.member_of(connection, client_id, caller_id)
            found = await notes.read(
                connection, writer.keys, document, share=sight.share, before=older_than(request)
            )
        view = ClientView(document, shell.words(request), zone(person.tz), to_others=True)
        view.notes = notes.told_with(found.of_reports, client_id)
        clears = member is not None and member.role in CLEARS
        return Shared(person.name, view, sight.share, clears, found)

    async def client_page(
        request: Request,
        client_id: UUID,
        form: FormData | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        seen = await shared(request, client_id)
        view, words = seen.view, seen.view.words
        return shell.page(
            request,
            "clinic-client.html.j2",
            status=422 if errors else 200,
            client=client_id,
            name=seen.name,
            share=seen.share,
            shared=_shared(words),
            view=view,
            rules=explained(view),
            intake=intake(view, seen.notes),
            plan=plan_of(view),
            about_plan=about_plan(view, seen.notes),
            **said_newest(view, seen.notes),
            older_shown="older" in request.query_params,
            plan_id=(view.document["plan"] or {}).get("id"),
            trends=me_measures.trends(view),
            helps=[(after, me_measures.effects(view, after)) for after in me_measures.AFTER],
            scores=me_measures.scores(view),
            clearance=(view.document["clearance"] or {}).get("id") if seen.clears else None,
            decisions=[(one, words.label("clearances", one)) for one in get_args(Decision)],
            families=[(one, words.label("families", one)) for one in get_args(Family)],
            regions=[(one, words.label("regions", one)) for one in get_args(Region)],
            efforts=range(MOST_EFFORT + 1),
            typed=chosen(form),
            errors=errors or {},
            page=page_id(form),
        )

    @router.get("/clinic/clients/{client_id}")
    async def look(client_id: UUID, request: Request) -> Response:
        """What the client shares."""
        return await client_page(request, client_id)

    @router.post("/clinic/clients/{client_id}/clearances/{clearance_id}")
    async def decide(client_id: UUID, clearance_id: UUID, request: Request) -> Response:
        """Say whether exercise is right."""
        caller, form = caller_of(request), await form_of(request, max_fields=MOST_FIELDS)
        signed_in(caller)
        gettext = shell.words(request).translations.gettext
        try:
            fields = DecisionFields.model_validate(_decision(form))
            limits = fields.limits_given()
        except ValidationError as wrong:
            errors = shell.wrong_fields(request, wrong)
            if "decision" in errors:
                errors["decision"] = gettext("Please choose one.")
            return await client_page(request, client_id, form, errors)
        except Invalid:
            text = gettext("Limits need the effort at most, or what to avoid.")
            return await client_page(request, client_id, form, {"limits": text})

        async def work(tx: Transaction) -> Answer:
            now = clock()
            if await care.client_of(tx, clearance_id, "clearance") != client_id:
                raise NotFound("no-such-clearance", "There is no such clearance.")
            who = await let_in(tx, caller, client_id, "clear", now=now)
            made = await care.decide_clearance(
                tx,
                writer.keys,
                clearance_id,
                client_id,
                who.actor_id,
                fields.decision,
                limits=limits,
                valid_until=fields.valid_until,
                note=fields.note,
                now=now,
            )
            return Answer(202, {"id": str(made)})

        try:
            made = await writer.done(
                caller, work, once=f"decision {clearance_id} {same_form(form)}"
            )
        except Invalid:
            text = gettext("The last day should not lie in the past.")
            return await client_page(request, client_id, form, {"valid_until": text})
        return shell.see(f"/clinic/clients/{client_id}/reports/{UUID(made['id'])}")

    @router.post("/clinic/clients/{client_id}/plans/{plan_id}/comments")
    async def comment(client_id: UUID, plan_id: UUID, request: Request) -> Response:
        """Say something about the plan."""
        caller, form = caller_of(request), await form_of(request)
        signed_in(caller)
        try:
            fields = CommentFields(text=str(form.get("text") or "").strip())
        except ValidationError:
            text = shell.words(request).translations.gettext("Please write something.")
            return await client_page(request, client_id, form, {"text": text})

        async def work(tx: Transaction) -> Answer:
            now = clock()
            if await care.client_of(tx, plan_id, "plan") != client_id:
                raise NotFound("no-such-plan", "There is no such plan.")
            who = await let_in(tx, caller, client_id, "comment", now=now)
            made = await submit(
                tx,
                writer.keys,
                PlanCommentSubmitted,
                client_id,
                who.actor_id,
                now=now,
                plan_id=plan_id,
                text=fields.text,
            )
            return Answer(202, {"id": str(made)})

        made = await writer.done(caller, work, once=f"comment {plan_id} {same_form(form)}")
        return shell.see(f"/clinic/clients/{client_id}/reports/{UUID(made['id'])}")

    @router.get("/clinic/clients/{client_id}/reports/{report_id}")
    async def report(client_id: UUID, report_id: UUID, request: Request) -> Response:
        """What became of the caller's own report."""
        caller = caller_of(request)
        caller_id = signed_in(caller)
        async with seeing(db, caller, client_id, "answer", now=clock()) as (connection, sight):
            found = await progress.submission(connection, client_id, report_id)
            if found is None or found.submitted_by != caller_id:
                raise NotFound("not-found", "There is no such report.")
        document = sight.answer(found.document)
        return report_page(shell, request, document, client_id, f"/clinic/clients/{client_id}")

    return router


def _shared(words: Tongue) -> dict[Purpose, str]:
    """What a client shares, as it is said to whom they share it with."""
    _ = words.translations.gettext
    return {
        "progress": _("How the client is doing: check-ins, trends and safety"),
        "plan": _("The plan"),
        "assessment": _("The screening and the assessment"),
    }


def _after(request: Request) -> tuple[str, UUID] | None:
    name, client_id = (request.query_params.get(part) for part in ("after", "id"))
    try:
        return (name, UUID(client_id)) if name and client_id and "\0" not in name else None
    except ValueError:
        return None


def _decision(form: FormData) -> dict[str, Any]:
    body: dict[str, Any] = {"decision": str(form.get("decision") or "")}
    if body["decision"] == "limited":
        effort = str(form.get("max_effort") or "")
        body["limits"] = {
            "max_effort": whole(effort) if effort else None,
            "avoid": [str(code) for code in form.getlist("avoid")],
        }
    for name in ("valid_until", "note"):
        if typed := str(form.get(name) or "").strip():
            body[name] = typed
    return body
