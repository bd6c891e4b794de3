"""Trainers with their weekly hours, in one statement."""

from uuid import UUID

import asyncpg

from services.booking.domain.slots import span
from services.booking.domain.trainers import Trainer, Wish, serves
from shared.errors import Invalid
from shared.postgres import Transaction


async def trainers(tx: Transaction, wish: Wish, *, trainer: UUID | None = None) -> list[Trainer]:
    """The trainers who serve a wish, by name; of one trainer when an id is given.

    Raises:
        Invalid: no trainer has that id; names the field `trainer`.
    """
    rows = await tx.fetch(
        "select p.id, p.name, t.tz, t.areas, t.modes, t.languages, t.conditions,"
        " array_agg(w.day order by w.day, w.opens) as days,"
        " array_agg(w.opens order by w.day, w.opens) as opens,"
        " array_agg(w.closes order by w.day, w.opens) as closes"
        " from trainers t join people p on p.id = t.id left join ("
        "  select trainer_id, day, extract(epoch from from_time)::int / 60 as opens,"
        "  extract(epoch from to_time)::int / 60 as closes from weekly_hours"
        " ) w on w.trainer_id = t.id"
        " where $1::uuid is null or t.id = $1"
        " group by p.id, t.id order by p.name, p.id",
        trainer,
    )
    if trainer is not None and not rows:
        raise Invalid.field("trainer", "there is no trainer with this id")
    found = (_trainer(row) for row in rows)
    return [one for one in found if serves(one, wish)]


async def one_trainer(tx: Transaction, trainer: UUID) -> Trainer:
    """A trainer, whatever they do.

    Raises:
        Invalid: no trainer has that id; names the field `trainer`.
    """
    return (await trainers(tx, Wish(), trainer=trainer))[0]


def _trainer(row: asyncpg.Record) -> Trainer:
    weekly = zip(row["days"], row["opens"], row["closes"], strict=True)
    return Trainer(
        id=row["id"],
        name=row["name"],
        tz=row["tz"],
        areas=tuple(row["areas"]),
        modes=tuple(row["modes"]),
        languages=tuple(row["languages"]),
        conditions=tuple(row["conditions"]),
        hours=tuple(span(*hours) for hours in weekly if hours[0] is not None),
    )
