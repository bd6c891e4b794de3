"""A trainer's hours and settings: replaced as a whole, under the trainer's lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.booking.domain import schedule as rules
from services.booking.domain.schedule import OutsideCode, Schedule, Settings
from services.booking.handlers import freed
from services.booking.queries import agenda
from services.booking.store import schedule as store
from services.booking.store.trainers import lock_trainers
from shared.errors import StaleVersion
from shared.postgres import Transaction


class Affected(NamedTuple):
    """A coming booking that now lies outside the trainer's hours; it stands until it is moved."""

    id: UUID
    start: datetime
    reason: OutsideCode


@dataclass(frozen=True)
class HoursNow:
    """A trainer's hours with the version of the schedule."""

    schedule: Schedule
    version: int
    affected: tuple[Affected, ...]


@dataclass(frozen=True)
class SettingsNow:
    """What a trainer set for themselves, with the version of the schedule."""

    own: Settings
    version: int


async def read_hours(tx: Transaction, trainer_id: UUID, *, now: datetime) -> HoursNow:
    """A trainer's hours, and the coming bookings outside of them.

    Raises:
        NotFound: the person is no trainer.
    """
    schedule, version = await store.find_schedule(tx, trainer_id)
    return HoursNow(schedule, version, await _outside(tx, trainer_id, schedule, now=now))


async def replace_hours(
    tx: Transaction, trainer_id: UUID, wished: Schedule, *, version: int | None, now: datetime
) -> HoursNow:
    """Store hours instead of all there were; the same hours again change nothing.

    Raises:
        Invalid: hours overlap.
        NotFound: the person is no trainer.
        StaleVersion: the caller holds an older version.
    """
    rules.check_schedule(wished)
    await lock_trainers(tx, [trainer_id])
    before, at_version = await store.find_schedule(tx, trainer_id)
    _check_version(at_version, version)
    if _sorted(wished) != before:
        at_version = await store.replace_hours(tx, trainer_id, wished)
        await _offer_new_time(tx, trainer_id, now=now)
    outside = await _outside(tx, trainer_id, wished, now=now)
    return HoursNow(_sorted(wished), at_version, outside)


async def read_settings(tx: Transaction, trainer_id: UUID) -> SettingsNow:
    """What a trainer set for themselves.

    Raises:
        NotFound: the person is no trainer.
    """
    return SettingsNow(*await store.find_settings(tx, trainer_id))


async def replace_settings(
    tx: Transaction, trainer_id: UUID, wished: Settings, *, version: int | None, now: datetime
) -> SettingsNow:
    """Store settings instead of all there were; the same again change nothing.

    Raises:
        Invalid: the base lies where nobody visits.
        NotFound: the person is no trainer.
        StaleVersion: the caller holds an older version.
    """
    rules.check_base(wished)
    await lock_trainers(tx, [trainer_id])
    before, at_version = await store.find_settings(tx, trainer_id)
    _check_version(at_version, version)
    if wished != before:
        at_version = await store.replace_settings(tx, trainer_id, wished)
        await _offer_new_time(tx, trainer_id, now=now)
    return SettingsNow(wished, at_version)


async def _offer_new_time(tx: Transaction, trainer_id: UUID, *, now: datetime) -> None:
    """What can be booked from now on goes to who waits for it, wherever it lies."""
    latest = now + timedelta(days=rules.WINDOW_MAX_DAYS)
    await freed.time_freed(tx, trainer_id, now, latest, now=now)


async def _outside(
    tx: Transaction, trainer_id: UUID, schedule: Schedule, *, now: datetime
) -> tuple[Affected, ...]:
    found = []
    for booking in await agenda.coming(tx, trainer_id, now=now):
        reason = rules.outside(schedule, booking.start, booking.end)
        if reason is not None:
            found.append(Affected(booking.id, booking.start, reason))
    return tuple(found)


def _sorted(schedule: Schedule) -> Schedule:
    def order(one: rules.Override) -> tuple[object, int]:
        return one.date, -1 if one.opens is None else one.opens

    return Schedule(
        schedule.tz,
        tuple(sorted(schedule.weekly)),
        tuple(sorted(schedule.overrides, key=order)),
    )


def _check_version(current: int, expected: int | None) -> None:
    if expected is not None and expected != current:
        raise StaleVersion(
            "stale-version",
            f"The schedule has changed: it is at version {current}, you hold {expected}."
            " Read it again, then repeat your change.",
            extra={"version": current},
        )
