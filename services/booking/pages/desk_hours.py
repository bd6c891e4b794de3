"""Hours, single dates and time off as forms of the trainer's own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.booking.api.access import caller_of
from services.booking.api.trainer_documents import hours_answer
from services.booking.api.trainers import HoursFields, TimeOffFields
from services.booking.api.writing import Answer, Writer
from services.booking.domain.schedule import DAYS, MOST_OVERRIDES, MOST_TIME_OFF, WINDOW_MAX_DAYS
from services.booking.handlers import hours, time_off
from services.booking.handlers.hours import HoursNow
from services.booking.pages.book import form_of
from services.booking.pages.check_in_form import chosen, page_id, same_form, whole
from services.booking.pages.desk import at_the_desk
from services.booking.pages.shell import Shell
from services.booking.pages.times import zones
from services.booking.store import schedule as schedules
from services.booking.store import time_off as absences
from shared.clock import Clock
from shared.errors import Invalid, NotFound, StaleVersion
from shared.postgres import Database, Transaction
from shared.zones import zone

EMPTY_SPANS, EMPTY_DATES = 1, 3
"""Rows left to fill in: of each weekday, and of single dates."""

MOST_SPANS_A_DAY = 6
"""As many as the weekly hours may have on average; a split day has two or three."""

MOST_FIELDS = 3 * MOST_OVERRIDES + 2 * len(DAYS) * (MOST_SPANS_A_DAY + EMPTY_SPANS) + 20


def routes(shell: Shell, db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """For the trainer alone; staff has the API."""
    router = shell.router()

    async def hours_page(
        request: Request, form: FormData | None = None, wrong: str | None = None
    ) -> Response:
        trainer_id = at_the_desk(request)
        async with db.reading() as connection:
            now = await hours.read_hours(connection, trainer_id, now=clock())
        words, rules = shell.words(request), zone(now.schedule.tz)
        return shell.page(
            request,
            "desk-hours.html.j2",
            status=422 if wrong else 200,
            days=_days(form) if form is not None else _known_days(now),
            labels=dict(words.labels("days")),
            dates=_typed_dates(form) if form is not None else _known_dates(now),
            affected=[words.moment(one.start, rules) for one in now.affected],
            tz=str(form.get("tz") or "") if form is not None else now.schedule.tz,
            zones=zones(now.schedule.tz),
            version=now.version,
            wrong=wrong,
            saved=bool(request.query_params.get("saved")),
        )

    @router.get("/desk/hours")
    async def look_at_hours(request: Request) -> Response:
        """Weekly hours and what replaces them on single dates."""
        return await hours_page(request)

    @router.post("/desk/hours")
    async def save_hours(request: Request) -> Response:
        """Replace all hours; bookings outside of them stand and are named."""
        trainer_id, caller = at_the_desk(request), caller_of(request)
        form = await form_of(request, max_fields=MOST_FIELDS)
        gettext = shell.words(request).translations.gettext
        version = whole(str(form.get("version") or ""))
        try:
            fields = HoursFields.model_validate(_hours(form))
            wished = fields.schedule()
        except ValidationError:
            text = gettext("Each row needs both times, or none; a single date needs its date.")
            return await hours_page(request, form, text)

        async def work(tx: Transaction) -> Answer:
            held = version if isinstance(version, int) else 0
            await hours.replace_hours(tx, trainer_id, wished, version=held, now=clock())
            return Answer(200, {})

        try:
            await writer.done(caller, work)
        except Invalid:
            text = gettext("Some hours overlap. Nothing was stored.")
            return await hours_page(request, form, text)
        except StaleVersion:
            text = gettext("The hours were changed elsewhere meanwhile. Please look once more.")
            return await hours_page(request, form, text)
        return shell.see("/desk/hours", saved="1")

    async def time_off_page(
        request: Request, form: FormData | None = None, wrong: str | None = None
    ) -> Response:
        trainer_id, now = at_the_desk(request), clock()
        async with db.reading() as connection:
            found, _ = await schedules.find_schedule(connection, trainer_id)
            rows = await absences.list_time_off(
                connection,
                trainer_id,
                now,
                now + timedelta(days=WINDOW_MAX_DAYS),
                after=None,
                limit=MOST_TIME_OFF,
            )
        words, rules = shell.words(request), zone(found.tz)
        return shell.page(
            request,
            "desk-time-off.html.j2",
            status=422 if wrong else 200,
            rows=[
                (one.id, words.moment(one.start, rules), words.moment(one.end, rules), one.reason)
                for one in rows
            ],
            tz=found.tz,
            typed=chosen(form),
            wrong=wrong,
            page=page_id(form),
            inside=_count(request.query_params.get("inside")),
        )

    @router.get("/desk/time-off")
    async def look_at_time_off(request: Request) -> Response:
        """What is coming."""
        return await time_off_page(request)

    @router.post("/desk/time-off")
    async def take(request: Request) -> Response:
        """Take time off; bookings in it stand, and the page says how many."""
        trainer_id, caller, form = at_the_desk(request), caller_of(request), await form_of(request)
        words = shell.words(request)
        text = words.translations.gettext(
            "Please give the first and the last moment, the last one later and not in the past."
        )
        async with db.reading() as connection:
            found, _ = await schedules.find_schedule(connection, trainer_id)
        try:
            fields = TimeOffFields.model_validate(
                {
                    "start": _instant(form, "start", zone(found.tz)),
                    "end": _instant(form, "end", zone(found.tz)),
                    "reason": str(form.get("reason") or "").strip() or None,
                }
            )
        except ValidationError:
            return await time_off_page(request, form, text)

        async def work(tx: Transaction) -> Answer:
            _, inside = await time_off.take_time_off(
                tx,
                trainer_id,
                fields.start,
                fields.end,
                reason=fields.reason,
                created_by=trainer_id,
                now=clock(),
            )
            return Answer(201, {"inside": len(inside)})

        try:
            made = await writer.done(caller, work, once=f"time-off {same_form(form)}")
        except Invalid:
            return await time_off_page(request, form, text)
        return shell.see("/desk/time-off", inside=str(made["inside"]))

    @router.post("/desk/time-off/{off_id}/remove")
    async def give_up(off_id: UUID, request: Request) -> Response:
        """Work after all."""
        trainer_id, caller = at_the_desk(request), caller_of(request)

        async def work(tx: Transaction) -> Answer:
            try:
                await time_off.give_up_time_off(tx, trainer_id, off_id, now=clock())
            except NotFound:
                return Answer(200, {})  # Pressed twice: it is gone, as wished.
            return Answer(200, {})

        await writer.done(caller, work)
        return shell.see("/desk/time-off")

    return router


Span = tuple[str, str]


def _known_days(now: HoursNow) -> list[tuple[str, list[Span]]]:
    weekly = hours_answer(now)["weekly"]
    return [
        (
            day,
            [(one["from"], one["to"]) for one in weekly if one["day"] == day]
            + [("", "")] * EMPTY_SPANS,
        )
        for day in DAYS
    ]


def _known_dates(now: HoursNow) -> list[tuple[str, str, str]]:
    known = hours_answer(now)["overrides"]
    rows = [(one["date"], one.get("from", ""), one.get("to", "")) for one in known]
    return rows + [("", "", "")] * EMPTY_DATES


def _days(form: FormData) -> list[tuple[str, list[Span]]]:
    return [
        (day, _zipped(form, f"{day}-from", f"{day}-to") + [("", "")] * EMPTY_SPANS) for day in DAYS
    ]


def _typed_dates(form: FormData) -> list[tuple[str, str, str]]:
    columns = ([str(one) for one in form.getlist(f"date-{name}")] for name in ("on", "from", "to"))
    rows = [row for row in zip(*columns, strict=False) if any(row)]
    return rows + [("", "", "")] * EMPTY_DATES


def _zipped(form: FormData, first: str, second: str) -> list[Span]:
    columns = ([str(one) for one in form.getlist(name)] for name in (first, second))
    return [row for row in zip(*columns, strict=False) if any(row)]


def _hours(form: FormData) -> dict[str, Any]:
    weekly = [
        {"day": day, "from": opens, "to": closes}
        for day in DAYS
        for opens, closes in _zipped(form, f"{day}-from", f"{day}-to")
    ]
    overrides = [
        {"date": on, "from": opens or None, "to": closes or None}
        for on, opens, closes in _typed_dates(form)
        if any((on, opens, closes))
    ]
    return {"tz": str(form.get("tz") or ""), "weekly": weekly, "overrides": overrides}


def _instant(form: FormData, name: str, rules: ZoneInfo) -> str:
    """A wall time of the trainer's zone as the API's body takes an instant."""
    typed = str(form.get(name) or "")
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=rules).isoformat()
    except ValueError:
        return typed


def _count(typed: str | None) -> int | None:
    count = whole(typed or "")
    return count if isinstance(count, int) else None
