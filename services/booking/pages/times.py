"""A search for times: what was asked for, and the week that answers it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request

from services.booking.domain import areas, services, slots
from services.booking.domain.areas import Place
from services.booking.handlers.times import TimeWish
from services.booking.pages.language import Tongue
from services.booking.queries.slots import Opening, SlotWish, openings
from shared.contracts.booking import Mode
from shared.errors import Invalid
from shared.postgres import Transaction
from shared.vocabulary.codes import Condition
from shared.zones import UnknownZoneError, zone

COMPANY_TZ = "America/Toronto"
"""Of all four cities, and of a visitor whose zone is not known yet."""

DAYS_SHOWN = 7

ZONES = (
    "America/St_Johns", "America/Halifax", "America/Toronto", "America/Winnipeg",
    "America/Regina", "America/Edmonton", "America/Vancouver", "Europe/London", "Europe/Paris",
)  # fmt: skip
"""Offered for virtual sessions; a browser adds its own."""


@dataclass(frozen=True)
class Search:
    """What somebody looks for; `place` is None until it is known, or for a virtual session.

    `besides` is a booking that is to be moved, and so stands in nobody's way.
    """

    service: str = "first-workout"
    virtual: bool = False
    postal: str = ""
    place: Place | None = None
    postal_is_wrong: bool = False
    condition: Condition | None = None
    trainer: UUID | None = None
    tz: str = COMPANY_TZ
    week: date | None = None
    besides: UUID | None = None

    @property
    def mode(self) -> Mode | None:
        """How the session takes place; None while that is open."""
        if self.virtual:
            return "virtual"
        if self.place is None:
            return None
        return "in-person" if self.place.area else "virtual"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown: of the visit, or the visitor's own."""
        return zone(self.tz if self.mode == "virtual" else COMPANY_TZ)

    def wish(self, start: datetime, trainer: UUID | None) -> TimeWish:
        """One of the times, as handlers take it.

        Raises:
            Invalid: the place is not known yet.
        """
        if self.mode is None:
            raise Invalid.field("postal", "a visit needs the postal code it goes to")
        conditions = () if self.condition is None else (self.condition,)
        postal = self.place.postal if self.place and self.mode == "in-person" else None
        return TimeWish(self.service, self.mode, start, trainer, postal, conditions=conditions)

    def query(self, **changed: str) -> dict[str, str]:
        """The search as query parameters, some of them changed."""
        values = {
            "service": self.service if self.service != "first-workout" else "",
            "virtual": "on" if self.virtual else "",
            "postal": self.postal,
            "condition": self.condition or "",
            "trainer": str(self.trainer or ""),
            "tz": self.tz if self.tz != COMPANY_TZ else "",
            "week": self.week.isoformat() if self.week else "",
        }
        return {name: value for name, value in (values | changed).items() if value}


@dataclass(frozen=True)
class Start:
    """One time that can be chosen."""

    value: str
    label: str
    spoken: str


@dataclass(frozen=True)
class DayOfStarts:
    """A day and its times, morning to evening."""

    day: date
    weekday: str
    date: str
    full: str
    starts: list[Start] = field(default_factory=list)


@dataclass(frozen=True)
class FittingTrainer:
    """A trainer who can be chosen, and why they fit."""

    id: UUID
    name: str
    why: str


@dataclass(frozen=True)
class Week:
    """Seven days of times, and the weeks around them."""

    days: list[DayOfStarts]
    trainers: list[FittingTrainer]
    zone_name: str
    earlier: date | None
    later: date
    is_empty: bool


def read_search(request: Request, given: Mapping[str, object] | None = None) -> Search:
    """The search in a query or a form; what cannot be read is left open.

    Raises:
        Invalid: the service does not exist.
    """
    values = request.query_params if given is None else given
    service = services.find(str(values.get("service") or "first-workout")).id
    found = Search(
        service=service,
        virtual=bool(values.get("virtual")),
        postal=str(values.get("postal") or "").strip()[: areas.POSTAL_MAX_CHARACTERS],
        tz=zone_name(values.get("tz")),
        week=day_in(values.get("week")),
        trainer=id_in(values.get("trainer")),
    )
    for condition in get_args(Condition):
        if values.get("condition") == condition:
            found = replace(found, condition=condition)
    if found.postal:
        try:
            found = replace(found, place=areas.locate(found.postal))
        except Invalid:
            # While somebody types, most codes are not complete.
            found = replace(found, postal_is_wrong=True)
    return found


async def week_of(
    connection: Transaction, search: Search, words: Tongue, *, client_id: UUID | None, now: datetime
) -> Week | None:
    """The times of the week that is looked at; None while the place is open."""
    if search.mode is None:
        return None
    rules = search.zone
    today = now.astimezone(rules).date()
    first = max(search.week or today, today)
    last = first + timedelta(days=DAYS_SHOWN - 1)
    place = search.place if search.mode == "in-person" else None
    wish = SlotWish(
        services.find(search.service),
        search.mode,
        place.area if place else None,
        place.postal if place else None,
        conditions=() if search.condition is None else (search.condition,),
        client_id=client_id,
        besides=search.besides,
        told_in=words.language,
    )
    within = slots.local_days(rules.key, first, last)
    found = await openings(connection, wish, within=within, now=now)
    days = {
        day: DayOfStarts(day, words.weekday(day), words.day_of_month(day), words.day(day))
        for day in (first + timedelta(days=number) for number in range(DAYS_SHOWN))
    }
    for start in _starts(found, search.trainer):
        local = start.astimezone(rules)
        label = words.time(start, rules)
        day = days[local.date()]
        day.starts.append(Start(start.isoformat(), label, f"{day.full}, {label}"))
    return Week(
        days=list(days.values()),
        trainers=[FittingTrainer(one.trainer.id, one.trainer.name, one.why) for one in found],
        zone_name=now.astimezone(rules).tzname() or rules.key,
        earlier=max(first - timedelta(days=DAYS_SHOWN), today) if first > today else None,
        later=last + timedelta(days=1),
        is_empty=not any(day.starts for day in days.values()),
    )


def zones(chosen: str) -> list[str]:
    """Zones to choose from, the chosen one among them."""
    return [*ZONES] if chosen in ZONES else [chosen, *ZONES]


def _starts(found: Iterable[Opening], trainer: UUID | None) -> list[datetime]:
    starts = {start for one in found if trainer in {None, one.trainer.id} for start in one.starts}
    return [datetime.fromtimestamp(start, UTC) for start in sorted(starts)]


def zone_name(name: object) -> str:
    """A zone as it was asked for, or the company's."""
    try:
        return zone(str(name)).key if name else COMPANY_TZ
    except UnknownZoneError:
        return COMPANY_TZ


def day_in(text: object) -> date | None:
    """A date in a query; None for anything else."""
    try:
        day = date.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2099 else None


def id_in(text: object) -> UUID | None:
    """An id in a query or a form; None for anything else."""
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None
