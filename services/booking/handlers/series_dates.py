"""The dates of a series with one trainer: judged together, and taken together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.booking.domain import series as rules
from services.booking.domain.series import Judged, SeriesDate
from services.booking.domain.slots_walls import merged
from services.booking.domain.trainers import Trainer, Wish, misfits
from services.booking.queries import slots
from services.booking.queries.slots import SlotWish
from services.booking.queries.trainers import one_trainer
from services.booking.store import series as store
from services.booking.store.reservations import Reservation
from shared.clock import rfc3339
from shared.errors import Conflict, Invalid
from shared.postgres import Transaction
from shared.zones import zone


@dataclass(frozen=True)
class PlannedDate:
    """A date with its verdict, and other starts for one that is not free."""

    judged: Judged
    alternatives: tuple[int, ...] = ()

    @property
    def date(self) -> SeriesDate:
        """The date itself."""
        return self.judged.date

    @property
    def free(self) -> bool:
        """Whether it can be booked."""
        return self.judged.verdict == "free"


@dataclass(frozen=True)
class SeriesPlan:
    """Dates with one trainer, at the wall time of a zone, each with its verdict."""

    trainer: Trainer
    tz: str
    length: timedelta
    dates: tuple[PlannedDate, ...]

    @property
    def free(self) -> tuple[SeriesDate, ...]:
        """The dates that can be booked."""
        return tuple(one.date for one in self.dates if one.free)

    def trainer_document(self) -> dict[str, str]:
        """The trainer as answers name one."""
        return {"id": str(self.trainer.id), "name": self.trainer.name}

    def documents(self) -> list[dict[str, Any]]:
        """The dates as they are answered."""
        return [self._document(one) for one in self.dates]

    def _document(self, one: PlannedDate) -> dict[str, Any]:
        local = one.date.start.astimezone(zone(self.tz))
        seconds = int(self.length.total_seconds())
        found: dict[str, Any] = {
            "number": one.date.number,
            "start": rfc3339(one.date.start),
            "end": rfc3339(one.date.start + self.length),
            "local": local.isoformat(),
            "zone": local.tzname(),
            "verdict": one.judged.verdict,
            "alternatives": [
                {
                    "start": slots.rfc3339(start),
                    "end": slots.rfc3339(start + seconds),
                    "trainer": self.trainer_document(),
                }
                for start in one.alternatives
            ],
        }
        return found if one.judged.detail is None else found | {"detail": one.judged.detail}


async def fitting_trainer(tx: Transaction, trainer_id: UUID, wish: SlotWish) -> Trainer:
    """A trainer who gives such sessions.

    Raises:
        Invalid: no trainer has the id, or they do not; names the field `trainer`.
    """
    one = await one_trainer(tx, trainer_id)
    for reason in misfits(one, Wish(wish.mode, wish.area)):
        raise Invalid.field("trainer", reason.detail)
    return one


async def judge_dates(
    tx: Transaction,
    wish: SlotWish,
    trainer: Trainer,
    tz: str,
    dates: Sequence[SeriesDate],
    *,
    client_id: UUID,
    now: datetime,
) -> SeriesPlan:
    """The verdict on each date with one trainer, against the client's other sessions too.

    The number of statements does not depend on the number of dates.
    """
    wish = replace(wish, trainer_id=trainer.id)
    length = wish.service.length
    seconds = int(length.total_seconds())
    within = rules.around(dates, slots.LOOK_AROUND)
    since, until = (datetime.fromtimestamp(end, UTC) for end in (within[0][0], within[-1][1]))
    starts: list[int] = []
    for opening in await slots.openings(tx, wish, within=within, now=now):
        # As they are now that their row is locked.
        trainer, starts = opening.trainer, opening.starts
    busy = await store.busy_times(tx, client_id, since, until)
    offered = set(starts)
    refused = [date.start for date in dates if date.exists and not date.is_among(offered)]
    reasons = await slots.explain_all(tx, wish, refused, now=now)
    judged = [
        rules.judge(
            date,
            offered=date.is_among(offered),
            reasons=reasons.get(date.start, ()),
            busy=busy,
            seconds=seconds,
        )
        for date in dates
    ]
    # A date that the series takes is no alternative for another one.
    own = ((one.date.at, one.date.at + seconds) for one in judged if one.verdict == "free")
    kept = merged([*busy, *own])
    planned = [
        PlannedDate(one)
        if one.verdict == "free"
        else PlannedDate(
            one, tuple(rules.alternatives(starts, one.date.start, busy=kept, seconds=seconds))
        )
        for one in judged
    ]
    return SeriesPlan(trainer, tz, length, tuple(planned))


async def take_dates(
    tx: Transaction,
    plan: SeriesPlan,
    wish: SlotWish,
    ids: Mapping[int, UUID],
    *,
    client_id: UUID,
) -> SeriesPlan:
    """Reserve the free dates under the ids of their bookings, which come by number.

    Client and trainer are locked, so nobody is in between; should somebody take a time without
    those locks, its date is taken in the plan that is returned.
    """
    wanted = [
        Reservation(
            id=ids[date.number],
            trainer_id=plan.trainer.id,
            client_id=client_id,
            start=date.start,
            end=date.start + plan.length,
            blocked=plan.trainer.settings.blocked(date.start, date.start + plan.length),
            area=wish.area,
            postal=wish.postal,
        )
        for date in plan.free
    ]
    taken = await store.take_times(tx, wanted) if wanted else set()
    if len(taken) == len(wanted):
        return plan
    return replace(
        plan,
        dates=tuple(
            replace(one, judged=rules.lost(one.date))
            if one.free and ids[one.date.number] not in taken
            else one
            for one in plan.dates
        ),
    )


def refuse_conflicts(plan: SeriesPlan, *, skip_conflicts: bool = False) -> None:
    """Let a plan pass whose dates are all free; with `skip_conflicts` one that has a free date.

    Raises:
        Conflict: `series-conflict`, with the verdict on each date.
    """
    free, count = len(plan.free), len(plan.dates)
    if free == count or (free and skip_conflicts):
        return
    why = "None of the dates is free. Choose another time or another trainer."
    if free:
        why = (
            f"{count - free} of {count} dates are not free, so nothing was changed. Choose one of"
            " the alternatives."
        )
    raise Conflict(
        "series-conflict",
        why,
        extra={"trainer": plan.trainer_document(), "dates": plan.documents()},
    )
