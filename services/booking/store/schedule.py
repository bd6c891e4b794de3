"""A trainer's hours and settings, replaced as a whole. The caller holds the trainer's lock."""

from datetime import date, time
from uuid import UUID

from services.booking.domain.schedule import DAY_MINUTES, Override, Schedule, Settings
from services.booking.domain.slots import span
from shared.errors import NotFound
from shared.postgres import Transaction


async def find_schedule(tx: Transaction, trainer_id: UUID) -> tuple[Schedule, int]:
    """A trainer's hours, sorted, and the version of the schedule.

    Raises:
        NotFound: the person is no trainer.
    """
    row = await tx.fetchrow(
        "select t.tz, t.schedule_version as version,"
        " array(select row(day, from_time, to_time) from weekly_hours"
        "  where trainer_id = t.id order by day, from_time) as weekly,"
        " array(select row(date, from_time, to_time) from hours_overrides"
        "  where trainer_id = t.id order by date, from_time) as overrides"
        " from trainers t where t.id = $1",
        trainer_id,
    )
    if row is None:
        raise no_such_trainer()
    weekly = tuple(
        span(day, _minutes(opens), _minutes(closes)) for day, opens, closes in row["weekly"]
    )
    overrides = tuple(_override(*fields) for fields in row["overrides"])
    return Schedule(row["tz"], weekly, overrides), row["version"]


async def replace_hours(tx: Transaction, trainer_id: UUID, schedule: Schedule) -> int:
    """Store hours instead of all there were; returns the schedule's new version."""
    await tx.execute("delete from weekly_hours where trainer_id = $1", trainer_id)
    await tx.execute("delete from hours_overrides where trainer_id = $1", trainer_id)
    await tx.execute(
        "insert into weekly_hours (trainer_id, day, from_time, to_time)"
        " select $1, * from unnest($2::smallint[], $3::time[], $4::time[])",
        trainer_id,
        [one.day for one in schedule.weekly],
        [_wall(one.opens) for one in schedule.weekly],
        [_wall(one.closes) for one in schedule.weekly],
    )
    await tx.execute(
        "insert into hours_overrides (trainer_id, date, from_time, to_time)"
        " select $1, * from unnest($2::date[], $3::time[], $4::time[])",
        trainer_id,
        [one.date for one in schedule.overrides],
        [None if one.opens is None else _wall(one.opens) for one in schedule.overrides],
        [None if one.closes is None else _wall(one.closes) for one in schedule.overrides],
    )
    version: int = await tx.fetchval(
        "update trainers set tz = $2, schedule_version = schedule_version + 1 where id = $1"
        " returning schedule_version",
        trainer_id,
        schedule.tz,
    )
    return version


async def find_settings(tx: Transaction, trainer_id: UUID) -> tuple[Settings, int]:
    """What a trainer sets for themselves, and the version of the schedule.

    Raises:
        NotFound: the person is no trainer.
    """
    row = await tx.fetchrow(
        "select notice_minutes, window_days, buffer_before_minutes, buffer_after_minutes,"
        " base_postal, schedule_version from trainers where id = $1",
        trainer_id,
    )
    if row is None:
        raise no_such_trainer()
    *own, version = row
    return Settings(*own), version


async def replace_settings(tx: Transaction, trainer_id: UUID, settings: Settings) -> int:
    """Store settings instead of all there were; returns the schedule's new version."""
    version: int = await tx.fetchval(
        "update trainers set notice_minutes = $2, window_days = $3, buffer_before_minutes = $4,"
        " buffer_after_minutes = $5, base_postal = $6, schedule_version = schedule_version + 1"
        " where id = $1 returning schedule_version",
        trainer_id,
        settings.notice_minutes,
        settings.window_days,
        settings.buffer_before_minutes,
        settings.buffer_after_minutes,
        settings.base_postal,
    )
    return version


def no_such_trainer() -> NotFound:
    """The refusal of an id that no trainer has."""
    return NotFound("no-such-trainer", "There is no trainer with this id.")


def _override(day: date, opens: time | None, closes: time | None) -> Override:
    if opens is None or closes is None:
        return Override(day, None, None)
    begin, end = _minutes(opens), _minutes(closes)
    return Override(day, begin, end if end > begin else end + DAY_MINUTES)


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _wall(minutes: int) -> time:
    hour, minute = divmod(minutes % DAY_MINUTES, 60)
    return time(hour, minute)
