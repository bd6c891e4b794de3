"""Slots of many trainers and days with all rules on: the query and the rules, without HTTP."""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg

from services.booking.domain import services, slots
from services.booking.queries.slots import SlotWish, openings
from shared.migrations import KIT, migrate, read_set
from shared.postgres import Database
from tests.bench.report import Row, percentile
from tests.bench.setting import Setting

DATABASE = "bench_slots"
MIGRATIONS = Path(__file__).parents[2] / "services" / "booking" / "migrations"

SIZES = ((20, 14, 50), (100, 30, 150))
"""Trainers, days, and the milliseconds that 95 of 100 answers should stay within."""

ROUNDS = 60
WARM_UP = 4

NOW = datetime(2026, 10, 12, 12, tzinfo=UTC)
"""The change of clocks lies in what is asked for."""

PER_DAY = 4
AROUND_DAYS = 50
PLACES = (
    ("toronto", "M5V 2T6"),
    ("toronto", "M1B"),
    ("toronto", "M8V"),
    ("toronto", "M4C"),
    ("hamilton", "L8P"),
)

WISHES = (
    SlotWish(services.find("training"), "in-person", "toronto", "M6G", conditions=("back-pain",)),
    SlotWish(services.find("assessment"), "virtual"),
)


async def offers(setting: Setting) -> list[Row]:
    """Each size asked in turn for a visit and a virtual session, from another day each time."""
    rows = []
    for trainers, days, target_ms in SIZES:
        async with _filled(setting.database_url, trainers) as db:
            seconds, found = await _ask(db, days)
        p50, p95 = (percentile(seconds, percent) * 1000 for percent in (50, 95))
        rows.append(
            Row(
                f"slots, {trainers} trainers x {days} days",
                f"p50 {p50:.1f} ms, p95 {p95:.1f} ms",
                target=f"p95 <= {target_ms} ms",
                ok=p95 <= target_ms,
                raw={
                    "unit": "ms",
                    "p50": p50,
                    "p95": p95,
                    "starts": found,
                    "all": [round(one * 1000, 3) for one in seconds],
                },
            )
        )
    return rows


async def _ask(db: Database, days: int) -> tuple[list[float], int]:
    seconds, found = [], 0
    for number in range(WARM_UP + ROUNDS):
        first = NOW.date() + timedelta(days=1 + number % 7)
        within = slots.local_days("America/Toronto", first, first + timedelta(days=days - 1))
        async with db.reading() as connection:
            began = time.perf_counter()
            offered = await openings(connection, WISHES[number % 2], within=within, now=NOW)
            seconds.append(time.perf_counter() - began)
        found += sum(len(one.starts) for one in offered)
    return seconds[WARM_UP:], found


@asynccontextmanager
async def _filled(url: str, trainers: int) -> AsyncIterator[Database]:
    """A database of its own with that many busy trainers."""
    superuser = await asyncpg.connect(url)
    try:
        await superuser.execute(f"drop database if exists {DATABASE}")
        await superuser.execute(f"create database {DATABASE}")
        own_url = urlunsplit(urlsplit(url)._replace(path=f"/{DATABASE}"))
        connection = await asyncpg.connect(own_url)
        try:
            await connection.execute(
                "create schema extensions; create schema booking;"
                " create extension btree_gist schema extensions"
            )
            wanted = [*read_set("kit", KIT), *read_set("booking", MIGRATIONS)]
            await migrate(connection, "booking", urlsplit(url).username or "", wanted)
            await connection.execute("set search_path to booking, extensions")
            draw = random.Random("busy trainers")
            for number in range(trainers):
                await _add_trainer(connection, number, draw)
            await connection.execute("analyze")
        finally:
            await connection.close()
        async with Database(own_url, "booking", pool_max=2).opened() as db:
            yield db
        await superuser.execute(f"drop database {DATABASE} with (force)")
    finally:
        await superuser.close()


async def _add_trainer(connection: asyncpg.Connection, number: int, draw: random.Random) -> None:
    trainer, email = uuid4(), f"trainer{number}@bench.example"
    opens = draw.choice([7, 8, 9])
    await connection.execute(
        "insert into people (id, role, name, email, email_key, tz, language, created_at)"
        " values ($1, 'trainer', $2, $2, $2, 'America/Toronto', 'en', $3)",
        trainer,
        email,
        NOW,
    )
    await connection.execute(
        "insert into trainers (id, tz, areas, modes, languages, conditions, notice_minutes,"
        " buffer_after_minutes, base_postal) values ($1, 'America/Toronto',"
        " '{toronto,hamilton}', '{in-person,virtual}', '{en}', '{back-pain,other}', $2, 10, $3)",
        trainer,
        draw.choice([None, 60, 240]),
        draw.choice([None, "M4C", "M6G"]),
    )
    await connection.execute(
        "insert into weekly_hours (trainer_id, day, from_time, to_time) select $1, day,"
        " make_time($2, $3, 0), make_time($2 + 10, $3, 0) from generate_series(0, 6) as day",
        trainer,
        opens,
        draw.choice([0, 15, 30]),
    )
    days = [NOW.date() + timedelta(days=shift) for shift in range(-15, AROUND_DAYS)]
    await connection.executemany(
        "insert into hours_overrides (trainer_id, date, from_time, to_time)"
        " values ($1, $2, $3, $4)",
        [(trainer, day, None, None) for day in draw.sample(days, 3)],
    )
    await connection.executemany(
        "insert into time_off (id, trainer_id, during, created_by, created_at)"
        " values ($1, $2, tstzrange($3, $3::timestamptz + interval '3 hours'), $2, $3)",
        [(uuid4(), trainer, _at(day, 12)) for day in draw.sample(days, 3)],
    )
    await connection.executemany(
        "insert into reservations (id, kind, trainer_id, during, blocked, area, postal)"
        " values ($1, 'booking', $2, tstzrange($3, $3::timestamptz + interval '1 hour'),"
        " tstzrange($3, $3::timestamptz + interval '70 minutes'), $4, $5)",
        [_reservation(trainer, day, hour, draw) for day in days for hour in _hours(opens, draw)],
    )


def _hours(opens: int, draw: random.Random) -> list[int]:
    return [opens + 4 + shift for shift in draw.sample([1, 3, 5, 7, 9], PER_DAY)]


def _reservation(
    trainer: UUID, day: date, hour: int, draw: random.Random
) -> tuple[UUID, UUID, datetime, str | None, str | None]:
    area, postal = draw.choice([(None, None), *PLACES])
    return uuid4(), trainer, _at(day, hour), area, postal


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
