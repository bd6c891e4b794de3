"""What can be booked, where, with whom and when."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from services.booking.api.access import CallerNow
from services.booking.api.fields import (
    AreaCode,
    ConditionCode,
    Day,
    LanguageCode,
    ModeName,
    PostalCode,
    ServiceCode,
    TimeZoneName,
)
from services.booking.domain import areas, services, slots
from services.booking.domain.areas import Place
from services.booking.domain.people import Caller
from services.booking.domain.services import SERVICES, Service
from services.booking.domain.slots import ReasonCode
from services.booking.domain.trainers import Wish
from services.booking.queries.slots import (
    Opening,
    SlotWish,
    client_of,
    explain,
    openings,
    rfc3339,
)
from services.booking.queries.trainers import trainers
from shared.clock import Clock
from shared.errors import Invalid
from shared.fields import Instant
from shared.postgres import Database, Transaction
from shared.zones import zone

SLOTS_MAX_DAYS = 31
"""A calendar page; more would be megabytes that nobody looks at."""


class ServiceAnswer(BaseModel):
    """A service; `minutes` is its length."""

    id: ServiceCode
    name: str
    minutes: int
    modes: list[ModeName]
    free: bool
    once_per_client: bool


class AreaAnswer(BaseModel):
    """What is offered at a postal code; `area` and `city` are null where it is virtual only."""

    postal: str
    area: AreaCode | None
    city: str | None
    modes: list[ModeName]


class TrainerAnswer(BaseModel):
    """A trainer's public profile; `tz` is the zone they work in."""

    id: UUID
    name: str
    areas: list[AreaCode]
    modes: list[ModeName]
    languages: list[LanguageCode]
    conditions: list[ConditionCode]
    tz: str


class SlotTrainer(BaseModel):
    """A trainer who is free for a slot, and what makes them right for the wish."""

    id: UUID
    name: str
    why: str


class Slot(BaseModel):
    """A start that is offered. `local` has the offset of `tz`, `zone` its abbreviation there."""

    start: Instant
    end: Instant
    local: str
    zone: str
    trainers: list[SlotTrainer]


class SlotsAnswer(BaseModel):
    """Slots by start; the first trainer of each is the one suggested.

    `virtual` is true when nobody visits the postal code and virtual sessions are the way.
    """

    tz: str
    slots: list[Slot]
    virtual: bool = False


class ReasonAnswer(BaseModel):
    """One thing that keeps a start from being offered."""

    code: ReasonCode
    detail: str


class ExplainAnswer(BaseModel):
    """Whether a trainer is offered for a start, and if not, all reasons."""

    offered: bool
    reasons: list[ReasonAnswer]


class TrainersQuery(BaseModel):
    """Which trainers; what is left out does not matter."""

    condition: ConditionCode | None = None
    mode: ModeName | None = None
    area: AreaCode | None = None
    language: LanguageCode | None = None


class SlotsQuery(BaseModel):
    """Which slots: dates in `tz`, both included, at most 31; a visit needs its postal code.

    `hold` is the caller's own hold, which hides nothing from them.
    """

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    service: ServiceCode
    mode: ModeName
    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    tz: TimeZoneName
    postal: PostalCode | None = None
    trainer: UUID | None = None
    condition: ConditionCode | None = None
    language: LanguageCode | None = None
    hold: UUID | None = None


class ExplainQuery(BaseModel):
    """The start in question; `hold` is the caller's own, which does not count against it."""

    trainer: UUID
    start: Instant
    service: ServiceCode
    mode: ModeName
    postal: PostalCode | None = None
    hold: UUID | None = None


def routes(db: Database, clock: Clock) -> APIRouter:
    """The catalogue's routes; anybody may read them."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])

    @router.get("/services", summary="What can be booked")
    async def all_services() -> list[ServiceAnswer]:
        return [ServiceAnswer.model_validate(s, from_attributes=True) for s in SERVICES]

    @router.get("/areas/{postal}", summary="What is offered at a postal code")
    async def area(postal: PostalCode) -> AreaAnswer:
        return AreaAnswer.model_validate(areas.locate(postal), from_attributes=True)

    @router.get("/trainers", summary="Public profiles of trainers")
    async def profiles(query: Annotated[TrainersQuery, Query()]) -> list[TrainerAnswer]:
        async with db.reading() as connection:
            found = await trainers(
                connection,
                Wish(query.mode, query.area, _listed(query.condition), query.language),
            )
        return [TrainerAnswer.model_validate(one, from_attributes=True) for one in found]

    @router.get("/slots", summary="Times that can be booked", response_model=SlotsAnswer)
    async def find(query: Annotated[SlotsQuery, Query()], caller: CallerNow) -> Response:
        _check_days(query.first, query.last)
        place = _visited(query.mode, query.postal)
        service = services.find(query.service)
        wish = SlotWish(
            service,
            query.mode,
            place.area if place else None,
            place.postal if place else None,
            trainer_id=query.trainer,
            conditions=_listed(query.condition),
            language=query.language,
            besides=query.hold,
        )
        within = slots.local_days(query.tz, query.first, query.last)
        async with db.reading() as connection:
            wish = replace(wish, client_id=await _client_of(connection, caller))
            found = await openings(connection, wish, within=within, now=clock())
        answer = {
            "tz": query.tz,
            "slots": _by_start(found, service, query.tz),
            "virtual": place is not None and place.area is None,
        }
        # Thousands of trainers' names a page: written as they are, without a model of each.
        return Response(to_json(answer), media_type="application/json")

    @router.get("/slots/explain", summary="Why a time is not offered")
    async def why_not(query: Annotated[ExplainQuery, Query()]) -> ExplainAnswer:
        place = _visited(query.mode, query.postal)
        wish = SlotWish(
            services.find(query.service),
            query.mode,
            place.area if place else None,
            place.postal if place else None,
            trainer_id=query.trainer,
            besides=query.hold,
        )
        async with db.reading() as connection:
            reasons = await explain(connection, wish, query.start, now=clock())
        return ExplainAnswer(
            offered=not reasons,
            reasons=[ReasonAnswer(code=one.code, detail=one.detail) for one in reasons],
        )

    return router


async def _client_of(connection: Transaction, caller: Caller) -> UUID | None:
    """Whose trainer comes first: the signed-in client, or the one of the caller's booking."""
    if caller.booking_id is not None:
        return await client_of(connection, caller.booking_id)
    return caller.person_id if caller.role == "client" else None


def _listed(condition: ConditionCode | None) -> tuple[ConditionCode, ...]:
    return () if condition is None else (condition,)


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise Invalid.field("to", "should not lie before `from`")
    if (last - first).days >= SLOTS_MAX_DAYS:
        raise Invalid.field("to", f"should lie within {SLOTS_MAX_DAYS} days, `from` included")


def _visited(mode: ModeName, postal: str | None) -> Place | None:
    """Where an in-person session would take place; None for a virtual one."""
    if mode == "virtual":
        return None
    if postal is None:
        raise Invalid.field("postal", "a visit needs the postal code it goes to")
    return areas.locate(postal)


def _by_start(found: Iterable[Opening], service: Service, tz: str) -> list[dict[str, Any]]:
    free: dict[int, list[dict[str, str]]] = {}
    for opening in found:
        one = opening.trainer
        named = {"id": str(one.id), "name": one.name, "why": opening.why}
        for start in opening.starts:
            free.setdefault(start, []).append(named)
    rules, seconds = zone(tz), int(service.length.total_seconds())
    answer = []
    for start, named_trainers in sorted(free.items()):
        local = datetime.fromtimestamp(start, UTC).astimezone(rules)
        answer.append(
            {
                "start": rfc3339(start),
                "end": rfc3339(start + seconds),
                "local": local.isoformat(),
                "zone": local.tzname(),
                "trainers": named_trainers,
            }
        )
    return answer
