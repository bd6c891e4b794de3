"""Free time of all trainers a wish fits, in two statements whatever their number."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from services.booking.domain import slots
from services.booking.domain.people import Language
from services.booking.domain.services import Service
from services.booking.domain.slots import Range, Reason
from services.booking.domain.trainers import Condition, Trainer, Wish, misfits, why
from services.booking.queries.trainers import one_trainer, trainers
from shared.contracts.booking import Area, Mode
from shared.errors import Invalid
from shared.postgres import Transaction

LOOK_AROUND = timedelta(days=14)
"""How far around a wished start alternatives are sought and a trainer's bookings are counted."""


@dataclass(frozen=True)
class SlotWish:
    """What a time is sought for.

    A visit has an `area` and the `postal` code it goes to; a virtual session has neither.
    `client_id` is somebody whose trainer comes first. `besides` is the id of a reservation that
    does not count: the own hold, or the booking that is to be moved.
    """

    service: Service
    mode: Mode
    area: Area | None = None
    postal: str | None = None
    trainer_id: UUID | None = None
    conditions: tuple[Condition, ...] = ()
    language: Language | None = None
    client_id: UUID | None = None
    besides: UUID | None = None


@dataclass(frozen=True)
class Candidate:
    """A trainer who is offered for a start, and a plain sentence that says why.

    `blocked` is the time the session would take, buffers included.
    """

    trainer_id: UUID
    name: str
    tz: str
    why: str
    blocked: tuple[datetime, datetime]


class TrainerName(TypedDict):
    """A trainer as answers name one."""

    id: str
    name: str


class Alternative(TypedDict):
    """A start that is offered instead of a taken one: ready for an answer."""

    start: str
    end: str
    trainer: TrainerName


@dataclass(frozen=True)
class Opening:
    """The starts one trainer is offered for, sorted."""

    trainer: Trainer
    why: str
    starts: list[int]


async def openings(
    tx: Transaction, wish: SlotWish, *, within: Sequence[Range], now: datetime
) -> list[Opening]:
    """What trainers are offered for, the best first: the least booked, then by name.

    `within` are the sorted ranges of starts that matter; notice and booking window narrow them.
    In person without an area nobody is offered: trainers visit four cities alone.

    Raises:
        Invalid: no trainer has the id; names the field `trainer`.
    """
    skills = _skills(wish)
    fitting = await trainers(tx, skills, trainer=wish.trainer_id)
    earliest, latest = slots.bookable(now)
    narrowed = [(max(lo, earliest), min(hi, latest)) for lo, hi in within]
    narrowed = [(lo, hi) for lo, hi in narrowed if lo < hi]
    if not fitting or not narrowed or (wish.mode == "in-person" and wish.area is None):
        return []
    length = wish.service.length
    hull = slots.met_by(narrowed[0][0], narrowed[-1][1], length)
    ids = [one.id for one in fitting]
    taken, load = await _taken(tx, ids, hull, now=now, besides=wish.besides)
    found = [
        Opening(
            one,
            why(one, skills),
            slots.offered(one.tz, one.hours, length, within=narrowed, taken=taken[one.id]),
        )
        for one in fitting
    ]
    return sorted(found, key=lambda o: (load[o.trainer.id], o.trainer.name, o.trainer.id))


async def candidates(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime
) -> list[Candidate]:
    """The trainers who are offered for exactly that start, the best first; see `openings`."""
    found = await openings(tx, wish, within=[_around(start)], now=now)
    return [
        Candidate(
            one.trainer.id,
            one.trainer.name,
            one.trainer.tz,
            one.why,
            (start, start + wish.service.length),
        )
        for one in found
        if slots.nearest(one.starts, start.timestamp(), 1) == [start.timestamp()]
    ]


async def nearest(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime, count: int = 3
) -> list[Alternative]:
    """The starts nearest to a wished one, each with its best trainer; see `openings`.

    A wish in the past or beyond the booking window is answered from that window's edge.
    """
    earliest, latest = slots.bookable(now)
    wished = min(max(start.timestamp(), earliest), latest)
    around = _around(datetime.fromtimestamp(wished, UTC))
    best: dict[int, Trainer] = {}
    for one in await openings(tx, wish, within=[around], now=now):
        for at in slots.nearest(one.starts, wished, count):
            best.setdefault(at, one.trainer)
    return [
        Alternative(
            start=rfc3339(at),
            end=rfc3339(at + int(wish.service.length.total_seconds())),
            trainer=TrainerName(id=str(best[at].id), name=best[at].name),
        )
        for at in slots.nearest(sorted(best), wished, count)
    ]


async def explain(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime
) -> list[Reason]:
    """Why the wished trainer is not offered for a start; empty when they are.

    Raises:
        Invalid: no trainer is wished, or none has the id; names the field `trainer`.
    """
    if wish.trainer_id is None:
        raise Invalid.field("trainer", "say which trainer")
    one = await one_trainer(tx, wish.trainer_id)
    reasons = misfits(one, _skills(wish))
    if wish.mode == "in-person" and wish.area is None:
        reasons.append(Reason("area", "No trainer visits this postal code; virtual is offered."))
    at = int(start.timestamp())
    hull = slots.met_by(at, at + 1, wish.service.length)
    taken, _ = await _taken(tx, [one.id], hull, now=now, besides=wish.besides)
    return reasons + slots.explain(
        one.tz, one.hours, wish.service.length, start=start, taken=taken[one.id], now=now
    )


def rfc3339(at: int) -> str:
    """An instant as answers write it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _skills(wish: SlotWish) -> Wish:
    area = wish.area if wish.mode == "in-person" else None
    return Wish(wish.mode, area, wish.conditions, wish.language)


def _around(start: datetime) -> Range:
    near = LOOK_AROUND.total_seconds()
    return int(start.timestamp() - near), int(start.timestamp() + near)


async def _taken(
    tx: Transaction,
    trainer_ids: list[UUID],
    hull: Range,
    *,
    now: datetime,
    besides: UUID | None,
) -> tuple[dict[UUID, list[Range]], dict[UUID, int]]:
    """The ranges of each trainer that are taken in the hull, and the number of bookings there."""
    rows = await tx.fetch(
        # The join gives the index both its columns; the product keeps every bound finite.
        "select r.trainer_id, r.kind,"
        " floor(extract(epoch from lower(r.blocked * h.hull)))::bigint as since,"
        " ceil(extract(epoch from upper(r.blocked * h.hull)))::bigint as until"
        " from unnest($1::uuid[]) as t (id), (select tstzrange($2, $3) as hull) as h,"
        " reservations r"
        " where r.trainer_id = t.id and r.blocked && h.hull"
        " and (r.kind = 'booking' or r.expires_at > $4) and r.id is distinct from $5",
        trainer_ids,
        datetime.fromtimestamp(hull[0], UTC),
        datetime.fromtimestamp(hull[1], UTC),
        now,
        besides,
    )
    taken: dict[UUID, list[Range]] = defaultdict(list)
    load: dict[UUID, int] = defaultdict(int)
    for trainer_id, kind, since, until in rows:
        taken[trainer_id].append((since, until))
        load[trainer_id] += kind == "booking"
    return taken, load
