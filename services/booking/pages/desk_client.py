"""A client on the desk: level and rules explained, what was told, holds, and intake."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from services.booking.api.access import caller_of, let_in, seeing, signed_in_as
from services.booking.api.clients import LiftFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain import attention
from services.booking.domain.attention import AttentionCode
from services.booking.domain.people import Person, Role
from services.booking.handlers import submissions
from services.booking.pages import me_measures, notes
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import same_form
from services.booking.pages.desk_words import explained, gates, needs
from services.booking.pages.me import client_of
from services.booking.pages.me_plan import plan_of
from services.booking.pages.me_view import ClientView, said
from services.booking.pages.messages import lines
from services.booking.pages.notes import Notes, Written, written
from services.booking.pages.report_refusals import why_refused
from services.booking.pages.shell import Shell
from services.booking.queries import bookings, messages, progress
from services.booking.queries.notes import Place
from shared.clock import Clock
from shared.errors import Forbidden, NotFound
from shared.paging import CURSOR_MAX_CHARACTERS, read_cursor, write_cursor
from shared.postgres import Database, Transaction
from shared.zones import zone

AT_THE_DESK: Final[frozenset[Role]] = frozenset({"trainer", "staff", "lead"})
ALERTED: frozenset[AttentionCode] = frozenset({"emergency", "session-hold", "stopped", "part-hold"})
"""Reasons for which somebody was called, and the next one will be."""

MOST_MESSAGES = 50
"""More of a month's messages than anybody reads."""

MOST_WITH_TEXT = 5
"""Of bookings with a goal or a reason the newest: what brought the client, and what kept them."""

MOST_LOOKS = 20
"""How often a page without scripts looks by itself whether progress has answered."""


@dataclass(frozen=True)
class Fact:
    """Something known of intake; `more` are details, each a short text, `said` what was typed."""

    name: str
    text: str
    more: tuple[str, ...] = ()
    said: tuple[Written, ...] = ()


def may_treat(request: Request) -> UUID:
    """The id of a signed-in caller who treats clients; which of them, `let_in` decides.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody with another role.
    """
    refusal = Forbidden("trainers-only", "This page belongs to trainers.")
    return signed_in_as(caller_of(request), AT_THE_DESK, refusal)


async def treated(
    request: Request, shell: Shell, db: Database, client_id: UUID, *, now: datetime
) -> tuple[Person, ClientView]:
    """The client and their whole view, with the look on record.

    Raises:
        Unauthorised, Forbidden: the caller does not treat them.
        NotFound: they have left.
    """
    may_treat(request)
    caller = caller_of(request)
    async with seeing(db, caller, client_id, "progress", now=now) as (connection, sight):
        if sight.share is not None:
            raise Forbidden("not-your-client", "Only those who treat the client may do that.")
        document = await progress.view(connection, client_id)
        person = await client_of(connection, client_id)
    view = ClientView(document, shell.words(request), zone(person.tz), to_others=True)
    return person, view


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """The client's page on the desk, the lift, and what became of a report."""
    router = shell.router()

    async def client_page(
        request: Request, client_id: UUID, errors: dict[str, str] | None = None
    ) -> Response:
        now = clock()
        person, view = await treated(request, shell, db, client_id, now=now)
        async with db.reading() as connection:
            sent = await messages.of_person(connection, client_id, limit=MOST_MESSAGES)
            booked = await bookings.with_text(connection, client_id, limit=MOST_WITH_TEXT)
            found = await notes.read(
                connection, writer.keys, view.document, share=None, before=older_than(request)
            )
        view.notes = notes.told_with(found.of_reports, client_id)
        rules = zone(person.tz)
        why = attention.reasons(view.document, now=now)
        return shell.page(
            request,
            "desk-client.html.j2",
            status=422 if errors else 200,
            person=person,
            view=view,
            needs=needs(why, view.words, rules),
            rules=explained(view),
            gates=gates(view),
            held=[
                (hold["id"], *parts)
                for hold, parts in zip(
                    view.document["holds"],
                    ((one.what, one.why, one.since, one.rule) for one in view.holds),
                    strict=True,
                )
            ],
            said_booking=[
                notes.said_with(one, writer.keys, view.words, view.zone) for one in booked
            ],
            intake=intake(view, found),
            plan=plan_of(view),
            about_plan=about_plan(view, found),
            **said_newest(view, found),
            older_shown="older" in request.query_params,
            trends=me_measures.trends(view),
            helps=[(after, me_measures.effects(view, after)) for after in me_measures.AFTER],
            scores=me_measures.scores(view),
            messages=lines(sent, view.words, rules),
            alerts=any(one.code in ALERTED for one in why),
            acknowledged=bool(request.query_params.get("acknowledged")),
            errors=errors or {},
        )

    @router.get("/desk/clients/{client_id}")
    async def look(client_id: UUID, request: Request) -> Response:
        """How a client stands."""
        return await client_page(request, client_id)

    @router.post("/desk/clients/{client_id}/acknowledge")
    async def acknowledge(client_id: UUID, request: Request) -> Response:
        """Say that one looks after the client's alert, so that nobody else is called."""
        may_treat(request)
        caller = caller_of(request)

        async def work(tx: Transaction) -> Answer:
            now = clock()
            who = await let_in(tx, caller, client_id, "acknowledge", now=now)
            await submissions.acknowledge(tx, client_id, who.actor_id, now=now)
            return Answer(200, {})

        await writer.done(caller, work)
        return shell.see(f"/desk/clients/{client_id}", acknowledged="1")

    @router.post("/desk/clients/{client_id}/holds/{hold_id}/lift")
    async def lift(client_id: UUID, hold_id: UUID, request: Request) -> Response:
        """End a hold after speaking with the client; a reason is needed."""
        may_treat(request)
        caller, form = caller_of(request), await form_of(request)
        try:
            fields = LiftFields(reason=str(form.get("reason") or "").strip())
        except ValidationError:
            text = shell.words(request).translations.gettext("Please say why the hold may end.")
            return await client_page(request, client_id, {str(hold_id): text})

        async def work(tx: Transaction) -> Answer:
            now = clock()
            await let_in(tx, caller, client_id, "lift", now=now)
            submission_id = await submissions.submit_hold_lift(
                tx, writer.keys, client_id, caller, hold_id, fields.reason, now=now
            )
            return Answer(202, {"id": str(submission_id)})

        made = await writer.done(caller, work, once=f"lift {hold_id} {same_form(form)}")
        return shell.see(f"/desk/clients/{client_id}/reports/{UUID(made['id'])}")

    @router.get("/desk/clients/{client_id}/reports/{report_id}")
    async def report(client_id: UUID, report_id: UUID, request: Request) -> Response:
        """What became of a report."""
        may_treat(request)
        async with seeing(db, caller_of(request), client_id, "answer", now=clock()) as (
            connection,
            sight,
        ):
            if sight.share is not None:
                raise Forbidden("not-your-client", "Only those who treat the client may do that.")
            found = await progress.submission(connection, client_id, report_id)
        if found is None:
            raise NotFound("not-found", "There is no such report.")
        home = f"/desk/clients/{client_id}"
        return report_page(shell, request, found.document, client_id, home)

    return router


def report_page(
    shell: Shell, request: Request, document: dict[str, Any], client_id: UUID, home: str
) -> Response:
    """What became of a report, for who made it; the page looks again until there is an answer."""
    words = shell.words(request)
    looked = request.query_params.get("looked", "0")
    looks = int(looked) if looked.isascii() and looked.isdigit() and len(looked) < 3 else 0
    return shell.page(
        request,
        "desk-report.html.j2",
        client=client_id,
        report=document,
        home=home,
        level=document.get("level"),
        said=said(document.get("actions") or (), words),
        reason=why_refused(document.get("reason") or "", words),
        looks=looks + 1 if looks < MOST_LOOKS else None,
    )


def older_than(request: Request) -> Place | None:
    """Where the notes of a page begin, as the link to older ones says.

    Raises:
        Invalid: it is no such link.
    """
    cursor = request.query_params.get("older")
    if not cursor:
        return None
    at, report_id = read_cursor(cursor[:CURSOR_MAX_CHARACTERS], datetime, UUID)
    return at, report_id


def said_newest(view: ClientView, found: Notes) -> dict[str, Any]:
    """What the pages show of the newest notes, with the way to older ones."""
    page = found.newest
    return {
        "said_lately": written(page.notes, view.words, view.zone),
        "older": write_cursor(*page.next) if page.next else None,
    }


def about_plan(view: ClientView, found: Notes) -> list[Written]:
    """What was typed about the plan as it is shown, and about a draft beside it."""
    plan = view.document["plan"] or {}
    about = [*found.beside(plan), *found.beside(plan.get("draft"))]
    return written(about, view.words, view.zone)


def intake(view: ClientView, found: Notes) -> list[Fact]:
    """Screening, clearance and assessment as they stand; what is not there is not named."""
    parts = {"screening": _screening, "clearance": _clearance, "assessment": _assessment}
    return [
        replace(fact, said=tuple(written(found.beside(known), view.words, view.zone)))
        for name, told in parts.items()
        if (known := view.document[name])
        for fact in told(view)
    ]


def _screening(view: ClientView) -> list[Fact]:
    _, label, known = view.words.translations.gettext, view.words.label, view.document["screening"]
    more = [
        *(label("conditions", code) for code in known["conditions"]),
        *(label("health", code) for code in known["reasons"]),
        *(label("red_flags", code) for code in known["red_flags"]),
        *([label("wishes", known["wish"])] if known.get("wish") else []),
        _("valid until %(day)s") % {"day": view.day(known["valid_until"])},
    ]
    outcome = label("screening_outcomes", known["outcome"])
    return [Fact(_("Questions about health"), outcome, tuple(more))]


def _clearance(view: ClientView) -> list[Fact]:
    _, label, known = view.words.translations.gettext, view.words.label, view.document["clearance"]
    more = [label("health", code) for code in known["reasons"]]
    if known["max_effort"] is not None:
        more.append(_("effort at most %(most)s of 10") % {"most": known["max_effort"]})
    if known["avoid"]:
        named = ", ".join(avoided(code, view) for code in known["avoid"])
        more.append(_("to avoid: %(what)s") % {"what": named})
    if known["valid_until"]:
        more.append(_("valid until %(day)s") % {"day": view.day(known["valid_until"])})
    return [Fact(_("Clearance by a clinician"), label("clearances", known["status"]), tuple(more))]


def _assessment(view: ClientView) -> list[Fact]:
    _, label, known = view.words.translations.gettext, view.words.label, view.document["assessment"]
    posture = [
        f"{label('regions', one['region'])}: {label('posture_findings', one['finding'])}"
        f" ({one['severity']})"
        for one in known["posture"]
    ]
    mechanics = [
        f"{label('movements', one['movement'])}: {label('movement_findings', one['finding'])}"
        f" ({one['severity']})"
        for one in known["mechanics"]
    ]
    rom = [
        f"{label('joints', one['joint'])}, {label('motions', one['motion'])}"
        + (f", {label('sides', one['side'])}" if one["side"] != "none" else "")
        + f": {view.number(one['degrees'])}°"
        for one in known["rom"]
    ]
    text = view.day(known["at"])
    if not known["complete"]:
        text += " · " + _("not complete: posture and mechanics both need a finding")
    baseline = _("pain now %(now)s, in the last week %(week)s") % {
        "now": known["baseline"]["pain_now"],
        "week": known["baseline"]["pain_week"],
    }
    return [Fact(_("Assessment"), text, (*posture, *mechanics, *rom, baseline))]


def avoided(code: str, view: ClientView) -> str:
    """What a clinician asks to avoid: a region, a family or an option."""
    for group in ("regions", "families"):
        label = view.words.label(group, code)
        if label != code:
            return label
    return view.option(code)
