"""The client's page: how things stand, what comes next, and what helps; it follows the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.booking.api.access import caller_of, seeing, signed_in_as
from services.booking.domain.addresses import one_line
from services.booking.domain.bookings import STANDING
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Person
from services.booking.pages import me_measures, notes
from services.booking.pages.language import Tongue
from services.booking.pages.me_plan import plan_of
from services.booking.pages.me_view import ClientView
from services.booking.pages.shell import Shell
from services.booking.pages.sign_in import HOME
from services.booking.queries import bookings, progress
from services.booking.queries.bookings import BookingRow
from services.booking.store.client_keys import ClientKeys
from services.booking.store.people import find_person
from shared.clock import Clock
from shared.errors import Forbidden, NotFound
from shared.postgres import Database, Transaction
from shared.zones import zone

LOOKS_AHEAD = timedelta(days=60)
"""Two months of sessions: who books further ahead sees them in the mails."""

LONGEST_SESSION = timedelta(hours=2)
"""A session that began this long ago is over, whatever its service."""

SESSIONS_READ, SESSIONS_SHOWN = 60, 4
"""One a day for as long as the page looks ahead; and what is worth knowing of them."""

DIARY_SHOWN = 5
"""The newest check-ins on the page; all of them are on a page of their own."""


@dataclass(frozen=True)
class Session:
    """A coming session as the page says it; `manage` opens it."""

    id: UUID
    when: str
    today: bool
    service: str
    trainer: str
    where: str
    frozen: bool
    join_url: str | None
    manage: str


@dataclass(frozen=True)
class Shown:
    """What the page is made of."""

    person: Person
    view: ClientView
    rows: Sequence[BookingRow]


def whose(request: Request) -> UUID:
    """The id of the signed-in client.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody who is no client.
    """
    refusal = Forbidden("clients-only", "This page belongs to clients.")
    return signed_in_as(caller_of(request), {"client"}, refusal)


async def client_of(connection: Transaction, client_id: UUID) -> Person:
    """The client.

    Raises:
        NotFound: they have left.
    """
    person = await find_person(connection, client_id)
    if person is None:
        raise NotFound("not-found", "There is no such client.")
    return person


def routes(
    shell: Shell, db: Database, clock: Clock, signer: LinkSigner, keys: ClientKeys
) -> APIRouter:
    """The client's page, the plan and the diary."""
    router = shell.router()

    async def look(request: Request) -> Shown:
        now, client_id = clock(), whose(request)
        caller = caller_of(request)
        async with seeing(db, caller, client_id, "progress", now=now) as (connection, _):
            document = await progress.view(connection, client_id)
            person = await client_of(connection, client_id)
            rows = await bookings.of_client(
                connection,
                client_id,
                since=now - LONGEST_SESSION,
                until=now + LOOKS_AHEAD,
                statuses=sorted(STANDING),
                before=None,
                limit=SESSIONS_READ,
            )
        words = shell.words(request)
        coming = [row for row in reversed(rows) if row.end > now][:SESSIONS_SHOWN]
        return Shown(person, ClientView(document, words, zone(person.tz)), coming)

    @router.get("/me")
    async def mine(request: Request) -> Response:
        """How things stand; who is no client is sent to where they begin."""
        caller = caller_of(request)
        if caller.role is None:
            return shell.sign_in_first(request)
        if caller.role != "client":
            return shell.see(HOME[caller.role])
        shown = await look(request)
        words, now = shell.words(request), clock()
        return shell.page(
            request,
            "me.html.j2",
            person=shown.person,
            view=shown.view,
            told_today=shown.view.told_today(now),
            sessions=[_session(row, words, signer, now) for row in shown.rows],
            plan=plan_of(shown.view),
            trends=me_measures.trends(shown.view),
            helps=[(after, me_measures.effects(shown.view, after)) for after in me_measures.AFTER],
            scores=me_measures.scores(shown.view),
            diary_shown=DIARY_SHOWN,
        )

    @router.get("/me/plan")
    async def plan(request: Request) -> Response:
        """The whole plan with every step, made to be printed."""
        shown = await look(request)
        return shell.page(request, "me-plan.html.j2", person=shown.person, plan=plan_of(shown.view))

    @router.get("/me/diary")
    async def diary(request: Request) -> Response:
        """All check-ins that the view holds."""
        shown = await look(request)
        async with db.reading() as connection:
            found = await notes.of_check_ins(connection, keys, shown.view.document)
        shown.view.notes = notes.told_with(found, shown.person.id)
        return shell.page(request, "me-diary.html.j2", diary=shown.view.diary)

    return router


def _session(row: BookingRow, words: Tongue, signer: LinkSigner, now: datetime) -> Session:
    rules = zone(row.tz)
    return Session(
        id=row.id,
        when=words.moment(row.start, rules),
        today=row.start.astimezone(rules).date() == now.astimezone(rules).date(),
        service=words.label("services", row.service),
        trainer=row.trainer_name,
        where=one_line(row.address) or words.label("modes", row.mode),
        frozen=row.status == "frozen",
        join_url=row.join_url,
        manage=f"/manage/{signer.token('manage', row.id)}",
    )
