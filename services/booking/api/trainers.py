"""A trainer's own pages: hours, settings, time off and the agenda."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, model_validator

from services.booking.api.access import CallerNow, signed_in
from services.booking.api.fields import Day, PostalCode, TimeZoneName
from services.booking.api.trainer_documents import (
    AgendaDocument,
    HoursDocument,
    SettingsDocument,
    TimeOffDocument,
    TimeOffMade,
    agenda_answer,
    hours_answer,
    settings_answer,
    time_off_answer,
    time_off_made,
)
from services.booking.api.writing import Answer, Writer, expected_version, respond
from services.booking.domain import schedule as rules
from services.booking.domain import slots
from services.booking.domain.people import Caller
from services.booking.domain.schedule import DAYS, Override, Schedule, Settings
from services.booking.handlers import hours, time_off
from services.booking.queries import agenda
from services.booking.store import schedule as store
from services.booking.store import time_off as absences
from shared.clock import Clock
from shared.errors import Forbidden, Invalid
from shared.fields import Body, Instant, Text
from shared.paging import PageDocument, PageNow
from shared.postgres import Database, Transaction
from shared.zones import zone

AGENDA_MAX_DAYS = 62
"""Two months of a calendar; more is a report and not an agenda."""

Wall = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A wall time such as 09:00."""


class WeeklyFields(Body):
    """Hours of a weekday; `to` at or before `from` lies on the next day."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    opens: Annotated[Wall, Field(alias="from")]
    closes: Annotated[Wall, Field(alias="to")]


class OverrideFields(Body):
    """Hours of one date instead of its weekday's; without times it is a day off."""

    date: Day
    opens: Annotated[Wall | None, Field(alias="from")] = None
    closes: Annotated[Wall | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "OverrideFields":
        if (self.opens is None) != (self.closes is None):
            raise ValueError("needs both `from` and `to`, or neither for a day off")
        return self


class HoursFields(Body):
    """All hours of a trainer, in the zone `tz`."""

    tz: TimeZoneName
    weekly: Annotated[tuple[WeeklyFields, ...], Field(max_length=rules.MOST_SPANS)]
    overrides: Annotated[tuple[OverrideFields, ...], Field(max_length=rules.MOST_OVERRIDES)] = ()

    def schedule(self) -> Schedule:
        """The hours as handlers take them."""
        return Schedule(
            self.tz,
            tuple(
                slots.span(DAYS.index(one.day), _minutes(one.opens), _minutes(one.closes))
                for one in self.weekly
            ),
            tuple(_override(one) for one in self.overrides),
        )


class SettingsFields(Body):
    """How a trainer may be booked; null, or left out, follows the company's default."""

    notice_minutes: Annotated[int | None, Field(strict=True, ge=0, le=rules.NOTICE_MAX_MINUTES)] = (
        None
    )
    window_days: Annotated[int | None, Field(strict=True, ge=1, le=rules.WINDOW_MAX_DAYS)] = None
    buffer_before_minutes: Annotated[
        int | None, Field(strict=True, ge=0, le=rules.BUFFER_MAX_MINUTES)
    ] = None
    buffer_after_minutes: Annotated[
        int | None, Field(strict=True, ge=0, le=rules.BUFFER_MAX_MINUTES)
    ] = None
    base_postal: PostalCode | None = None


class TimeOffFields(Body):
    """Time in which no session can be booked."""

    start: Instant
    end: Instant
    reason: Text | None = None


class DaysQuery(BaseModel):
    """Dates in the trainer's zone, both included."""

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]


class MaybeDaysQuery(BaseModel):
    """Dates in the trainer's zone, both included; from today on when none are given."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


def routes(db: Database, clock: Clock, writer: Writer) -> APIRouter:
    """For the trainer and for staff."""
    router = APIRouter(prefix="/v1/trainers/{trainer_id}", tags=["trainer"])

    @router.get("/hours", response_model=HoursDocument)
    async def read_hours(trainer_id: UUID, caller: CallerNow) -> Response:
        """Weekly hours and what replaces them on single dates."""
        _may_run(caller, trainer_id)
        async with db.reading() as connection:
            found = await hours.read_hours(connection, trainer_id, now=clock())
        return respond(Answer(200, hours_answer(found), found.version))

    @router.put("/hours", response_model=HoursDocument)
    async def replace_hours(
        trainer_id: UUID, body: HoursFields, request: Request, caller: CallerNow
    ) -> Response:
        """Replace all hours. Bookings outside of them stand and are told as `affected`."""
        _may_run(caller, trainer_id)
        version = expected_version(request)

        async def work(tx: Transaction) -> Answer:
            stored = await hours.replace_hours(
                tx, trainer_id, body.schedule(), version=version, now=clock()
            )
            return Answer(200, hours_answer(stored), stored.version)

        return await writer.commit(request, caller, work)

    @router.get("/settings", response_model=SettingsDocument)
    async def read_settings(trainer_id: UUID, caller: CallerNow) -> Response:
        """Notice, booking window, buffers and where the trainer's day begins."""
        _may_run(caller, trainer_id)
        async with db.reading() as connection:
            found = await hours.read_settings(connection, trainer_id)
        return respond(Answer(200, settings_answer(found), found.version))

    @router.put("/settings", response_model=SettingsDocument)
    async def replace_settings(
        trainer_id: UUID, body: SettingsFields, request: Request, caller: CallerNow
    ) -> Response:
        """Replace all settings; null follows the company's default."""
        _may_run(caller, trainer_id)
        version = expected_version(request)
        wished = Settings(**dict(body))

        async def work(tx: Transaction) -> Answer:
            stored = await hours.replace_settings(
                tx, trainer_id, wished, version=version, now=clock()
            )
            return Answer(200, settings_answer(stored), stored.version)

        return await writer.commit(request, caller, work)

    @router.post("/time-off", status_code=201, response_model=TimeOffMade)
    async def take_time_off(
        trainer_id: UUID, body: TimeOffFields, request: Request, caller: CallerNow
    ) -> Response:
        """Take time off. Bookings in it stand and are told as `affected`."""
        person_id = _may_run(caller, trainer_id)

        async def work(tx: Transaction) -> Answer:
            off, affected = await time_off.take_time_off(
                tx,
                trainer_id,
                body.start,
                body.end,
                reason=body.reason,
                created_by=person_id,
                now=clock(),
            )
            return Answer(201, time_off_made(off, affected))

        return await writer.commit(request, caller, work)

    @router.get("/time-off", response_model=PageDocument[TimeOffDocument])
    async def list_time_off(
        trainer_id: UUID,
        query: Annotated[MaybeDaysQuery, Query()],
        page: PageNow,
        caller: CallerNow,
    ) -> dict[str, Any]:
        """Time off that meets the dates, by start."""
        _may_run(caller, trainer_id)
        after = page.after(datetime, UUID)
        async with db.reading() as connection:
            found, _ = await store.find_schedule(connection, trainer_id)
            since, until = _from_today(found.tz, query, clock())
            rows = await absences.list_time_off(
                connection, trainer_id, since, until, after=after, limit=page.limit + 1
            )
        return page.answer(rows, key=lambda row: (row.start, row.id), show=time_off_answer)

    @router.delete("/time-off/{time_off_id}", status_code=204, response_class=Response)
    async def give_up_time_off(
        trainer_id: UUID, time_off_id: UUID, request: Request, caller: CallerNow
    ) -> Response:
        """Work after all."""
        _may_run(caller, trainer_id)

        async def work(tx: Transaction) -> Answer:
            await time_off.give_up_time_off(tx, trainer_id, time_off_id, now=clock())
            return Answer(204)

        return await writer.commit(request, caller, work)

    @router.get("/agenda", response_model=AgendaDocument, response_model_exclude_none=True)
    async def read_agenda(
        trainer_id: UUID, query: Annotated[DaysQuery, Query()], caller: CallerNow
    ) -> dict[str, Any]:
        """Bookings, holds and time off of some days, with the drive to each visit."""
        _may_run(caller, trainer_id)
        _check_days(query.first, query.last)
        async with db.reading() as connection:
            found, _ = await store.find_schedule(connection, trainer_id)
            since, until = _instants(found.tz, query.first, query.last)
            entries = await agenda.entries(connection, trainer_id, since, until, now=clock())
        return agenda_answer(found.tz, entries)

    return router


def _may_run(caller: Caller, trainer_id: UUID) -> UUID:
    """The id of a caller who may see and change a trainer's days: the trainer, or staff.

    Raises:
        Unauthorised: nobody is signed in.
        Forbidden: somebody else is.
    """
    person_id = signed_in(caller)
    if person_id != trainer_id and not caller.works_here:
        raise Forbidden("not-your-agenda", "Only the trainer and staff can do that.")
    return person_id


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise Invalid.field("to", "should not lie before `from`")
    if (last - first).days >= AGENDA_MAX_DAYS:
        raise Invalid.field("to", f"should lie within {AGENDA_MAX_DAYS} days, `from` included")


def _from_today(tz: str, query: MaybeDaysQuery, now: datetime) -> tuple[datetime, datetime]:
    first = query.first or now.date() - timedelta(days=1)
    last = query.last or max(first, now.date()) + timedelta(days=rules.WINDOW_MAX_DAYS)
    if last < first:
        raise Invalid.field("to", "should not lie before `from`")
    since, until = _instants(tz, first, last)
    return (since if query.first else now), until


def _instants(tz: str, first: date, last: date) -> tuple[datetime, datetime]:
    """The instants from the first to the end of the last date on the wall in `tz`."""
    rules_of_zone = zone(tz)
    begin, end = (
        datetime.combine(day, time(), rules_of_zone).astimezone(UTC)
        for day in (first, last + timedelta(days=1))
    )
    return begin, end


def _override(given: OverrideFields) -> Override:
    if given.opens is None or given.closes is None:
        return Override(given.date, None, None)
    _, opens, closes = slots.span(0, _minutes(given.opens), _minutes(given.closes))
    return Override(given.date, opens, closes)


def _minutes(wall: str) -> int:
    hour, minute = wall.split(":")
    return int(hour) * 60 + int(minute)
