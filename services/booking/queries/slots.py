"""Free time of all trainers a wish fits, in three statements whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypedDict, cast
from uuid import UUID

from services.booking.domain import slots
from services.booking.domain.matching import LOAD_DAYS, in_order, load, why
from services.booking.domain.people import Language
from services.booking.domain.services import Service
from services.booking.domain.slots import Block, Range, Reason, Session, Taken
from services.booking.domain.slots_hours import days_around
from services.booking.domain.trainers import Trainer, Wish, misfits
from services.booking.domain.travel import Stop
from services.booking.queries.trainers import one_trainer, trainers
from shared.contracts.booking import Area, Mode
from shared.errors import Invalid
from shared.postgres import Transaction
from shared.vocabulary.codes import Condition

LOOK_AROUND = timedelta(days=14)
"""How far around a wished start alternatives are sought."""


@dataclass(frozen=True)
class SlotWish:
    """What a time is sought for.

    A visit has an `area` and the `postal` code it goes to; a virtual session has neither.
    `client_id` is somebody whose trainer comes first. `besides` is the id of a reservation that
    does not count: the own hold, or the booking that is to be moved. `told_in` is the language in
    which reasons are said.
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
    told_in: Language = "en"


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
    """What trainers are offered for, the best first; see domain/matching.

    `within` are the sorted ranges of starts that matter; notice and booking window narrow them.
    In person without an area nobody is offered: trainers visit four cities alone.

    Raises:
        Invalid: no trainer has the id; names the field `trainer`.
    """
    skills = _skills(wish)
    hull = (within[0][0], within[-1][1]) if within else (0, 0)
    fitting = await trainers(
        tx,
        skills,
        trainer=wish.trainer_id,
        dates=days_around(*hull),
        client_id=wish.client_id,
        now=now,
    )
    if not fitting or not within or (wish.mode == "in-person" and wish.area is None):
        return []
    if len(fitting) > 1:
        fitting = in_order(fitting, await _loads(tx, fitting, hull))
    hull = slots.met_by(*hull, wish.service.length)
    taken = await _taken(tx, [one.id for one in fitting], hull, now=now, besides=wish.besides)
    session = _session(wish)
    return [
        Opening(
            one,
            why(one, skills, wish.told_in),
            slots.offered(one.rules, session, taken[one.id], within=within, now=now),
        )
        for one in fitting
    ]


async def candidates(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime
) -> list[Candidate]:
    """The trainers who are offered for exactly that start, the best first; see `openings`."""
    at = int(start.timestamp())
    if at != start.timestamp():
        # Nothing starts between two seconds; an unknown trainer is refused all the same.
        at = 0
    found = await openings(tx, wish, within=[(at, at + 1)], now=now)
    end = start + wish.service.length
    return [
        Candidate(
            one.trainer.id,
            one.trainer.name,
            one.trainer.tz,
            one.why,
            one.trainer.settings.blocked(start, end),
        )
        for one in found
        if one.starts
    ]


async def nearest(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime, count: int = 3
) -> list[Alternative]:
    """The starts nearest to a wished one, each with its best trainer; see `openings`.

    A wish in the past or beyond the booking window is answered from that window's edge.
    """
    earliest, latest = slots.COMPANY.bookable(now)
    wished = min(max(start.timestamp(), earliest), latest)
    near = LOOK_AROUND.total_seconds()
    around = int(wished - near), int(wished + near)
    best = _nearest(await openings(tx, wish, within=[around], now=now), wished, count)
    if len(best) < count and wish.trainer_id is not None:
        # A trainer may be away for weeks, or be booked only a short time ahead.
        anywhere = await openings(tx, wish, within=[(earliest, latest)], now=now)
        best = _nearest(anywhere, wished, count)
    return [
        Alternative(
            start=rfc3339(at),
            end=rfc3339(at + int(wish.service.length.total_seconds())),
            trainer=TrainerName(id=str(best[at].id), name=best[at].name),
        )
        for at in slots.nearest(sorted(best), wished, count)
    ]


def _nearest(found: Sequence[Opening], wished: float, count: int) -> dict[int, Trainer]:
    """The starts that may be among the nearest, each with its best trainer."""
    best: dict[int, Trainer] = {}
    for one in found:
        for at in slots.nearest(one.starts, wished, count):
            best.setdefault(at, one.trainer)
    return best


async def explain(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime
) -> list[Reason]:
    """Why the wished trainer is not offered for a start; empty when they are.

    Raises:
        Invalid: no trainer is wished, or none has the id; names the field `trainer`.
    """
    return (await explain_all(tx, wish, [start], now=now))[start]


async def explain_all(
    tx: Transaction, wish: SlotWish, starts: Sequence[datetime], *, now: datetime
) -> dict[datetime, list[Reason]]:
    """Why the wished trainer is not offered for each of the sorted starts, in two statements.

    Raises:
        Invalid: no trainer is wished, or none has the id; names the field `trainer`.
    """
    if wish.trainer_id is None:
        raise Invalid.field("trainer", "say which trainer")
    if not starts:
        return {}
    first, last = int(starts[0].timestamp()), int(starts[-1].timestamp())
    one = await one_trainer(tx, wish.trainer_id, dates=days_around(first, last))
    misfitting = misfits(one, _skills(wish))
    if wish.mode == "in-person" and wish.area is None:
        misfitting.append(Reason("area", "No trainer visits this postal code; virtual is offered."))
    hull = slots.met_by(first, last + 1, wish.service.length)
    taken = (await _taken(tx, [one.id], hull, now=now, besides=wish.besides))[one.id]
    found = {}
    for start in starts:
        at = int(start.timestamp())
        near = taken.meeting(*slots.met_by(at, at + 1, wish.service.length))
        found[start] = misfitting + slots.explain(
            one.rules, _session(wish), near, start=start, now=now
        )
    return found


async def client_of(tx: Transaction, booking_id: UUID) -> UUID | None:
    """Whose booking it is; None when there is none."""
    client: UUID | None = await tx.fetchval(
        "select client_id from bookings where id = $1", booking_id
    )
    return client


def rfc3339(at: int) -> str:
    """An instant as answers write it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _skills(wish: SlotWish) -> Wish:
    area = wish.area if wish.mode == "in-person" else None
    return Wish(wish.mode, area, wish.conditions, wish.language)


def _session(wish: SlotWish) -> Session:
    stop = None
    if wish.mode == "in-person" and wish.area is not None:
        stop = Stop(wish.area, wish.postal)
    return Session(wish.service.length, stop)


async def _taken(
    tx: Transaction, trainer_ids: list[UUID], hull: Range, *, now: datetime, besides: UUID | None
) -> dict[UUID, Taken]:
    """What takes each trainer's time in the hull: reservations that count, and time off."""
    rows = await tx.fetch(
        # The joins give the indexes both their columns; the products keep every bound finite.
        "with h as materialized (select tstzrange($2, $3) as hull)"
        " select t.id, r.*, o.* from h, unnest($1::uuid[]) as t (id) cross join lateral ("
        "  select array_agg(floor(date_part('epoch', lower(r.blocked * h.hull)))::bigint"
        "   order by r.blocked) as since,"
        "  array_agg(ceil(date_part('epoch', upper(r.blocked * h.hull)))::bigint"
        "   order by r.blocked) as until,"
        "  array_agg(r.area || ' ' || coalesce(r.postal, '') order by r.blocked) as places"
        "  from reservations r where r.trainer_id = t.id and r.blocked && h.hull"
        "  and (r.kind = 'booking' or r.expires_at > $4) and r.id is distinct from $5"
        " ) r cross join lateral ("
        "  select array_agg(floor(date_part('epoch', lower(o.during * h.hull)))::bigint"
        "   order by o.during) as off_since,"
        "  array_agg(ceil(date_part('epoch', upper(o.during * h.hull)))::bigint"
        "   order by o.during) as off_until"
        "  from time_off o where o.trainer_id = t.id and o.during && h.hull"
        " ) o",
        trainer_ids,
        datetime.fromtimestamp(hull[0], UTC),
        datetime.fromtimestamp(hull[1], UTC),
        now,
        besides,
    )
    taken = {}
    for trainer_id, since, until, places, off_since, off_until in rows:
        blocks = map(Block, since or (), until or (), map(_stop, places or ()))
        taken[trainer_id] = Taken(
            list(blocks), list(zip(off_since or (), off_until or (), strict=True))
        )
    return taken


@lru_cache(maxsize=4096)
def _stop(place: str | None) -> Stop | None:
    """A place as the query writes it: an area, and a postal code that may be missing."""
    if place is None:
        return None
    area, _, postal = place.partition(" ")
    return Stop(cast("Area", area), postal or None)


async def _loads(tx: Transaction, fitting: Sequence[Trainer], hull: Range) -> dict[UUID, int]:
    """How much of their working time trainers are booked for around the hull, in per mille."""
    around = timedelta(days=LOAD_DAYS)
    since = datetime.fromtimestamp(hull[0], UTC) - around
    until = datetime.fromtimestamp(hull[1], UTC) + around
    rows = await tx.fetch(
        "select r.trainer_id,"
        " (sum(extract(epoch from upper(r.during) - lower(r.during))) / 60)::int"
        " from unnest($1::uuid[]) as t (id), reservations r"
        " where r.trainer_id = t.id and r.blocked && tstzrange($2, $3) and r.kind = 'booking'"
        " group by r.trainer_id",
        [one.id for one in fitting],
        since,
        until,
    )
    booked: dict[UUID, int] = dict(rows)
    return {one.id: load(one, booked.get(one.id, 0), until - since) for one in fitting}
