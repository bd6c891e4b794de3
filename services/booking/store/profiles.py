"""Profiles of trainers: what they do, where and in which languages."""

from collections.abc import Sequence
from datetime import time
from typing import TypeAlias
from uuid import UUID

from services.booking.domain.people import Language
from shared.contracts.booking import Area, Mode
from shared.postgres import Transaction
from shared.vocabulary.codes import Condition

WeeklyHours: TypeAlias = Sequence[tuple[int, time, time]]
"""Day (0 is Monday) and wall times; a closing at or before the opening lies on the next day."""


async def add_trainer(
    tx: Transaction,
    person_id: UUID,
    tz: str,
    areas: Sequence[Area],
    modes: Sequence[Mode],
    languages: Sequence[Language],
    conditions: Sequence[Condition],
    hours: WeeklyHours = (),
) -> None:
    """Make a person a trainer, with weekly hours in the zone `tz`."""
    await save_profile(tx, person_id, tz, areas, modes, languages, conditions)
    await tx.execute(
        "insert into weekly_hours (trainer_id, day, from_time, to_time)"
        " select $1, day, opens, closes"
        " from unnest($2::smallint[], $3::time[], $4::time[]) as w (day, opens, closes)",
        person_id,
        [day for day, _, _ in hours],
        [opens for _, opens, _ in hours],
        [closes for _, _, closes in hours],
    )


async def save_profile(
    tx: Transaction,
    person_id: UUID,
    tz: str,
    areas: Sequence[Area],
    modes: Sequence[Mode],
    languages: Sequence[Language],
    conditions: Sequence[Condition],
) -> bool:
    """Store what a trainer does; True when the person had no profile yet.

    Another zone moves the hours, which is a new version of the schedule.
    """
    added: bool = await tx.fetchval(
        "insert into trainers as t (id, tz, areas, modes, languages, conditions)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (id) do update set tz = $2, areas = $3,"
        " modes = $4, languages = $5, conditions = $6,"
        " schedule_version = t.schedule_version + (t.tz <> $2)::int"
        " returning xmax = 0",
        person_id,
        tz,
        list(areas),
        list(modes),
        list(languages),
        list(conditions),
    )
    return added
