"""Sessions that repeat: planned as one, booked all or as many as are free."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.booking.domain import series as rules
from services.booking.domain import services
from services.booking.domain.bookings import Booking
from services.booking.domain.links import Links
from services.booking.domain.people import Person
from services.booking.domain.series import Choice, SeriesDate
from services.booking.domain.trainers import Trainer
from services.booking.handlers import freed
from services.booking.handlers.book import add_confirmed, check_address, refuse_on_hold
from services.booking.handlers.series_dates import (
    SeriesPlan,
    fitting_trainer,
    judge_dates,
    refuse_conflicts,
    take_dates,
)
from services.booking.handlers.times import TimeWish, slot_wish
from services.booking.queries import slots
from services.booking.queries.slots import SlotWish
from services.booking.store import people
from services.booking.store import series as store
from services.booking.store.bookings import BookingDetails
from services.booking.store.series import Series
from services.booking.store.trainers import lock_trainers
from shared.contracts.booking import Mode
from shared.errors import Conflict, Invalid
from shared.identifiers import new_id
from shared.postgres import Transaction

ZONES_DIFFER = timedelta(days=1)
"""How far a date of one series can lie apart in two zones: a change of offset is some hours."""

TRAINERS_TRIED = 20
"""How often the best trainer is sought again because somebody was quicker. Of those who want the
same dates at once the last one loses to each of the others; more than a city has trainers cannot
win at all."""


@dataclass(frozen=True)
class SeriesWish:
    """Sessions wished for: `count` of them, every so many weeks from `first` on.

    A visit keeps the wall time of its place; a virtual session that of `tz`, or else of the
    client's zone.
    """

    client_id: UUID
    service: str
    mode: Mode
    first: datetime
    every_weeks: int
    count: int
    trainer_id: UUID | None = None
    postal: str | None = None
    address: dict[str, Any] | None = None
    tz: str | None = None
    skip_conflicts: bool = False

    def zone(self, trainer: Trainer, client: Person) -> str:
        """The zone whose wall time the sessions keep."""
        return trainer.tz if self.mode == "in-person" else self.tz or client.tz

    def dates(self, tz: str) -> list[SeriesDate]:
        """The dates at the wall time of a zone."""
        numbers = range(1, self.count + 1)
        return rules.dates(self.first, tz, every_weeks=self.every_weeks, numbers=numbers)


@dataclass(frozen=True)
class _Option(Choice):
    trainer: Trainer


async def plan_series(tx: Transaction, wish: SeriesWish, *, now: datetime) -> SeriesPlan:
    """Find the trainer of a series and judge its dates; stores nothing.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `safety-hold`, or `series-conflict` where no trainer gives such sessions.
    """
    client, sought = await _checked(tx, wish)
    trainer = await _trainer_for(tx, wish, client, sought, now=now)
    tz = wish.zone(trainer, client)
    return await judge_dates(tx, sought, trainer, tz, wish.dates(tz), client_id=client.id, now=now)


async def book_series(
    tx: Transaction, wish: SeriesWish, *, by: UUID, links: Links, now: datetime
) -> tuple[UUID, SeriesPlan]:
    """Book all dates of a series, or with `skip_conflicts` those that are free; gives its id.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `safety-hold`, or `series-conflict` with all dates: nothing is booked.
    """
    client, sought = await _checked(tx, wish)
    plan = await _locked_plan(tx, wish, client, sought, now=now)
    refuse_conflicts(plan, skip_conflicts=wish.skip_conflicts)
    ids = {date.number: new_id() for date in plan.free}
    plan = await take_dates(tx, plan, sought, ids, client_id=client.id)
    refuse_conflicts(plan, skip_conflicts=wish.skip_conflicts)
    series = Series(
        id=new_id(),
        client_id=client.id,
        trainer_id=plan.trainer.id,
        service=sought.service.id,
        mode=sought.mode,
        tz=plan.tz,
        first=wish.first,
        every_weeks=wish.every_weeks,
        count=wish.count,
    )
    await store.add_series(tx, series, by=by, now=now)
    made = [
        _booking(series, sought, date, ids[date.number], wish.address, links) for date in plan.free
    ]
    await add_confirmed(tx, made, links, now=now)
    return series.id, plan


async def _checked(tx: Transaction, wish: SeriesWish) -> tuple[Person, SlotWish]:
    """The client, locked, and what is sought; refuses what `plan_series` says it refuses."""
    if services.find(wish.service).once_per_client:
        raise Invalid.field("service", "takes place once and cannot repeat")
    visited = wish.address["postal"] if wish.address is not None else None
    sought = slot_wish(
        TimeWish(wish.service, wish.mode, wish.first, wish.trainer_id, wish.postal or visited),
        client_id=wish.client_id,
    )
    check_address(visited, sought.area)
    if sought.mode == "in-person" and visited is not None:
        # The address says best where the trainer has to get to.
        sought = replace(sought, postal=visited)
    client = await people.lock_person(tx, wish.client_id)
    if client is None:
        raise Invalid.field("client", "there is nobody with this id")
    await refuse_on_hold(tx, client.id)
    return client, sought


async def _locked_plan(
    tx: Transaction, wish: SeriesWish, client: Person, sought: SlotWish, *, now: datetime
) -> SeriesPlan:
    """A plan that stays true until the transaction ends, for its trainer is locked."""
    trainer = await _trainer_for(tx, wish, client, sought, now=now)
    for _ in range(TRAINERS_TRIED):
        try:
            # Undone where another trainer suits better by now, which gives the lock back: two who
            # lock the same trainers in other orders would wait for each other.
            async with tx.transaction():
                return await _plan_with(tx, wish, client, sought, trainer, now=now)
        except _BetterError as found:
            trainer = found.trainer
    raise Conflict(
        "series-conflict",
        "Others are booking these times at this very moment. Please try again.",
        extra={"dates": []},
    )


async def _plan_with(
    tx: Transaction,
    wish: SeriesWish,
    client: Person,
    sought: SlotWish,
    trainer: Trainer,
    *,
    now: datetime,
) -> SeriesPlan:
    """The dates as they are with a trainer, who is locked.

    Raises:
        _BetterError: nobody wished for this trainer, and another one is better by now.
    """
    await lock_trainers(tx, [trainer.id])
    await freed.clear_run_out(tx, trainer.id, now=now)
    tz = wish.zone(trainer, client)
    plan = await judge_dates(tx, sought, trainer, tz, wish.dates(tz), client_id=client.id, now=now)
    if wish.trainer_id is None and len(plan.free) < wish.count:
        better = await _trainer_for(tx, wish, client, sought, now=now)
        if better.id != trainer.id:
            raise _BetterError(better)
    return plan


class _BetterError(Exception):
    """Somebody was quicker, and another trainer has more of the dates free now."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.trainer = trainer


async def _trainer_for(
    tx: Transaction, wish: SeriesWish, client: Person, sought: SlotWish, *, now: datetime
) -> Trainer:
    """The one trainer of all dates.

    Raises:
        Invalid: no trainer has the wished id, or they do not give such sessions.
        Conflict: `series-conflict`, where nobody gives such sessions.
    """
    if wish.trainer_id is not None:
        return await fitting_trainer(tx, wish.trainer_id, sought)
    within = rules.around(wish.dates("UTC"), ZONES_DIFFER)
    options = []
    for one in await slots.openings(tx, sought, within=within, now=now):
        starts = set(one.starts)
        dates = wish.dates(wish.zone(one.trainer, client))
        free = sum(date.is_among(starts) for date in dates)
        options.append(_Option(one.trainer.known is not None, free, one.trainer))
    if not options:
        why = "No trainer gives such sessions there. Choose virtual sessions."
        raise Conflict("series-conflict", why, extra={"dates": []})
    return rules.choose(options).trainer


def _booking(
    series: Series,
    sought: SlotWish,
    date: SeriesDate,
    booking_id: UUID,
    address: dict[str, Any] | None,
    links: Links,
) -> tuple[Booking, BookingDetails]:
    booking = Booking(
        id=booking_id,
        client_id=series.client_id,
        trainer_id=series.trainer_id,
        service=series.service,
        mode=series.mode,
        area=sought.area,
        status="confirmed",
        version=1,
        start=date.start,
        end=date.start + sought.service.length,
        tz=series.tz,
    )
    virtual = series.mode == "virtual"
    details = BookingDetails(
        join_url=links.rooms.new_room() if virtual else None,
        address=None if virtual else address,
        conditions=(),
        goal=None,
        postal=sought.postal,
        series_id=series.id,
        series_number=date.number,
    )
    return booking, details
