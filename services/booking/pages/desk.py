"""The trainer's desk: the day, how its sessions went, and which clients need care and why."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.booking.api.access import LISTED, TRAINER_SEES, caller_of, signed_in_as
from services.booking.api.trainer_documents import agenda_answer
from services.booking.api.writing import Answer, Writer
from services.booking.domain.addresses import one_line
from services.booking.domain.attention import order, reasons
from services.booking.domain.links import LinkSigner
from services.booking.handlers import changes
from services.booking.pages.book import form_of
from services.booking.pages.desk_words import Need, needs
from services.booking.pages.language import Tongue
from services.booking.pages.shell import Shell, unreadable
from services.booking.pages.sign_in import HOME
from services.booking.queries import agenda, desk
from services.booking.queries.desk import DeskClient
from services.booking.store import access_log
from services.booking.store import schedule as schedules
from shared.clock import Clock
from shared.errors import Forbidden
from shared.postgres import Database, Transaction
from shared.zones import zone

MOST_CLIENTS = 200
"""More than a trainer can care for at one time."""

DAYS_AWAY = timedelta(days=366)
"""How far the day on the desk can lie from today."""


@dataclass(frozen=True)
class Item:
    """One thing of the day; `ended` asks how the session went."""

    id: str
    when: str
    what: str
    status: str | None
    client: tuple[str, str] | None
    where: str | None
    join_url: str | None
    travel: int | None
    ended: bool


@dataclass(frozen=True)
class Listed:
    """A client in the list."""

    id: UUID
    name: str
    level: str
    needs: list[Need]
    next_at: str | None


def at_the_desk(request: Request) -> UUID:
    """The id of a signed-in trainer.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody who is no trainer.
    """
    refusal = Forbidden("trainers-only", "This page belongs to trainers.")
    return signed_in_as(caller_of(request), {"trainer"}, refusal)


def routes(
    shell: Shell, db: Database, clock: Clock, writer: Writer, signer: LinkSigner
) -> APIRouter:
    """The desk itself."""
    router = shell.router()

    @router.get("/desk")
    async def mine(request: Request) -> Response:
        """A day and all clients; who is no trainer is sent to where they begin."""
        caller, now = caller_of(request), clock()
        if caller.role is None:
            return shell.sign_in_first(request)
        if caller.role != "trainer":
            return shell.see(HOME[caller.role])
        trainer_id, words = at_the_desk(request), shell.words(request)
        async with db.transaction() as tx:
            found, _ = await schedules.find_schedule(tx, trainer_id)
            rules = zone(found.tz)
            today = now.astimezone(rules).date()
            day = _day(request.query_params.get("day"), today)
            since, until = (
                datetime.combine(one, time(), rules) for one in (day, day + timedelta(days=1))
            )
            entries = await agenda.entries(tx, trainer_id, since, until, now=now)
            clients = await desk.clients_of(
                tx, trainer_id, since=now - TRAINER_SEES, now=now, limit=MOST_CLIENTS
            )
            # The list tells how each of them is: on record before it is shown, as one line.
            await access_log.note_all(
                tx,
                trainer_id,
                "trainer",
                [one.id for one in clients],
                LISTED,
                now=now,
            )
        return shell.page(
            request,
            "desk.html.j2",
            day=words.day(day),
            is_today=day == today,
            before=(day - timedelta(days=1)).isoformat(),
            after=(day + timedelta(days=1)).isoformat(),
            shown=day.isoformat(),
            items=[
                _item(one, words, rules, now) for one in agenda_answer(found.tz, entries)["items"]
            ],
            clients=_listed(clients, words, rules, now),
        )

    @router.post("/desk/bookings/{booking_id}/outcome")
    async def outcome(booking_id: UUID, request: Request) -> Response:
        """The session took place, or the client did not come."""
        at_the_desk(request)
        caller, form = caller_of(request), await form_of(request)
        result: Literal["completed", "missed"]
        match form.get("outcome"):
            case "completed":
                result = "completed"
            case "missed":
                result = "missed"
            case _:
                raise unreadable()

        async def work(tx: Transaction) -> Answer:
            await changes.record_outcome(
                tx, booking_id, caller, result, version=None, signer=signer, now=clock()
            )
            return Answer(200, {})

        await writer.done(caller, work, once=f"outcome {booking_id} {result}")
        return shell.see("/desk", day=str(form.get("day") or ""))

    return router


def _day(asked: str | None, today: date) -> date:
    try:
        day = date.fromisoformat(asked or "")
    except ValueError:
        return today
    return day if abs(day - today) <= DAYS_AWAY else today


def _item(one: dict[str, Any], words: Tongue, rules: ZoneInfo, now: datetime) -> Item:
    start, end = (datetime.fromisoformat(one[side]) for side in ("start", "end"))
    client, booked = one.get("client"), one["kind"] == "booking"
    what = words.label("services", one["service"]) if one["service"] else None
    if not booked:
        kind = words.label("agenda_kinds", one["kind"])
        what = " · ".join(part for part in (kind, what or one["reason"]) if part)
    where = one_line(one["address"])
    if where is None and one["mode"]:
        where = words.label("modes", one["mode"])
    return Item(
        id=one["id"],
        when=f"{words.time(start, rules)} \N{EN DASH} {words.time(end, rules)}",
        what=what or "",
        status=one["status"],
        client=(client["id"], client["name"]) if client else None,
        where=where,
        join_url=one["join_url"],
        travel=one.get("travel_minutes"),
        ended=booked and one["status"] == "confirmed" and start <= now,
    )


def _listed(
    clients: list[DeskClient], words: Tongue, rules: ZoneInfo, now: datetime
) -> list[Listed]:
    known = [(reasons(one.view, now=now), one) for one in clients]
    known.sort(key=lambda pair: (*order(pair[0]), pair[1].name, pair[1].id))
    return [
        Listed(
            one.id,
            one.name,
            words.label("levels", one.view["level"]),
            needs(why, words, rules),
            words.moment(one.next_at, rules) if one.next_at else None,
        )
        for why, one in known
    ]
