"""Trainers with their hours and settings, in one statement."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.booking.domain import areas
from services.booking.domain.slots import Hours, Overrides, span
from services.booking.domain.slots_settings import with_defaults
from services.booking.domain.trainers import Trainer, Wish, serves
from services.booking.domain.travel import Stop
from shared.errors import Invalid
from shared.postgres import Transaction

_SELECT = """
select p.id, p.name, t.tz, t.areas, t.modes, t.languages, t.conditions, t.notice_minutes,
 t.window_days, t.buffer_before_minutes, t.buffer_after_minutes, t.base_postal, w.*, o.*,
 case when k.trainer_id is not null then k.met end as met
from trainers t join people p on p.id = t.id
left join lateral (
 select array_agg(day order by day, from_time) as days,
  array_agg(extract(epoch from from_time)::int / 60 order by day, from_time) as opens,
  array_agg(extract(epoch from to_time)::int / 60 order by day, from_time) as closes
 from weekly_hours where trainer_id = t.id
) w on true
left join lateral (
 select array_agg(date - '0001-01-01'::date + 1 order by date, from_time) as dates,
  array_agg(extract(epoch from from_time)::int / 60 order by date, from_time) as date_opens,
  array_agg(extract(epoch from to_time)::int / 60 order by date, from_time) as date_closes
 from hours_overrides where trainer_id = t.id and date between $2 and $3
) o on true
left join (
 select trainer_id, start_at <= $5 as met from bookings
 where client_id = $4 and (status = 'confirmed'
  or status = 'completed' and start_at <= $5 or status = 'frozen' and start_at > $5)
 order by start_at <= $5 desc, abs(extract(epoch from start_at - $5)), id limit 1
) k on k.trainer_id = t.id
where $1::uuid is null or t.id = $1
order by p.name, p.id
"""


async def trainers(
    tx: Transaction,
    wish: Wish,
    *,
    trainer: UUID | None = None,
    dates: tuple[int, int] = (1, 1),
    client_id: UUID | None = None,
    now: datetime | None = None,
) -> list[Trainer]:
    """The trainers who serve a wish, by name; of one trainer when an id is given.

    `dates` (ordinals) are those whose overrides matter. `client_id` is who asks: the trainer of
    their last session by `now`, or else of the next one, is marked as known.

    Raises:
        Invalid: no trainer has that id; names the field `trainer`.
    """
    first, last = (date.fromordinal(min(max(one, 1), date.max.toordinal())) for one in dates)
    rows = await tx.fetch(_SELECT, trainer, first, last, client_id, now)
    if trainer is not None and not rows:
        raise Invalid.field("trainer", "there is no trainer with this id")
    found = (_trainer(row) for row in rows)
    return [one for one in found if serves(one, wish)]


async def one_trainer(
    tx: Transaction, trainer: UUID, *, dates: tuple[int, int] = (1, 1)
) -> Trainer:
    """A trainer, whatever they do.

    Raises:
        Invalid: no trainer has that id; names the field `trainer`.
    """
    return (await trainers(tx, Wish(), trainer=trainer, dates=dates))[0]


def _trainer(row: asyncpg.Record) -> Trainer:
    met = row["met"]
    return Trainer(
        id=row["id"],
        name=row["name"],
        tz=row["tz"],
        areas=tuple(row["areas"]),
        modes=tuple(row["modes"]),
        languages=tuple(row["languages"]),
        conditions=tuple(row["conditions"]),
        hours=_weekly(row),
        overrides=_overrides(row),
        settings=with_defaults(
            row["notice_minutes"],
            row["window_days"],
            row["buffer_before_minutes"],
            row["buffer_after_minutes"],
        ),
        base=_base(row["base_postal"]),
        known=None if met is None else "met" if met else "booked",
    )


def _weekly(row: asyncpg.Record) -> Hours:
    if row["days"] is None:
        return ()
    return tuple(map(span, row["days"], row["opens"], row["closes"]))


def _overrides(row: asyncpg.Record) -> Overrides:
    found: dict[int, Hours] = {}
    if row["dates"] is not None:
        for day, opens, closes in zip(
            row["dates"], row["date_opens"], row["date_closes"], strict=True
        ):
            hours = () if opens is None else (span((day - 1) % 7, opens, closes),)
            found[day] = found.get(day, ()) + hours
    return tuple(found.items())


def _base(postal: str | None) -> Stop | None:
    area = None if postal is None else areas.locate(postal).area
    return None if area is None else Stop(area, postal)
