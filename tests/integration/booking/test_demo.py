"""The demo's people: there after one run, unchanged after more."""

import asyncio
import json
from datetime import UTC, datetime

from services.booking import demo
from services.booking.domain.links import LinkSigner
from services.booking.domain.trainers import Trainer, Wish
from services.booking.queries.trainers import trainers
from shared.postgres import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SIGNER = LinkSigner(b"only for tests")


async def run(db: Database) -> int:
    async with db.transaction() as tx:
        return await demo.add_missing(tx, SIGNER, now=NOW)


async def all_trainers(db: Database) -> list[Trainer]:
    async with db.reading() as connection:
        return await trainers(connection, Wish())


async def test_the_first_run_adds_everybody_and_later_ones_nobody(booking_db: Database) -> None:
    assert 23 == await run(booking_db)
    assert 0 == await run(booking_db)
    assert 20 == len(await all_trainers(booking_db))


async def test_two_runs_at_once_add_everybody_once(booking_db: Database) -> None:
    added = await asyncio.gather(run(booking_db), run(booking_db))

    assert [0, 23] == sorted(added)


async def test_addresses_and_roles_are_the_documented_ones(booking_db: Database) -> None:
    await run(booking_db)

    async with booking_db.reading() as connection:
        rows = await connection.fetch("select email, role from people")
    expected = {f"trainer{n:02}@limber.example": "trainer" for n in range(1, 21)}
    others = {"staff": "staff", "lead": "lead", "clinician": "clinician"}
    expected |= {f"{name}@limber.example": role for name, role in others.items()}
    assert expected == {row["email"]: row["role"] for row in rows}


async def test_what_a_trainer_changed_survives_another_run(booking_db: Database) -> None:
    await run(booking_db)
    trainer = demo.demo_id("trainer01@limber.example")
    async with booking_db.transaction() as tx:
        await tx.execute("delete from weekly_hours where trainer_id = $1 and day > 0", trainer)

    await run(booking_db)

    (found,) = [one for one in await all_trainers(booking_db) if one.id == trainer]
    assert [(0, 540, 1020)] == [tuple(span) for span in found.hours]


async def test_somebody_who_took_a_demo_address_first_is_left_alone(booking_db: Database) -> None:
    async with booking_db.transaction() as tx:
        await tx.execute(
            "insert into people (id, role, name, email, email_key, tz, language, created_at)"
            " values (gen_random_uuid(), 'client', 'Ann', 'Trainer01@limber.example',"
            " 'trainer01@limber.example', 'America/Toronto', 'en', now())"
        )

    assert 22 == await run(booking_db)
    assert 19 == len(await all_trainers(booking_db))


async def test_every_city_has_the_skills_and_both_languages(booking_db: Database) -> None:
    await run(booking_db)
    found = await all_trainers(booking_db)
    every_condition = set(demo.SPINE + demo.JOINTS + demo.WIDESPREAD) | {"other"}

    for area in ("toronto", "hamilton", "ottawa", "collingwood"):
        there = [one for one in found if area in one.areas and "in-person" in one.modes]
        assert every_condition == {c for one in there for c in one.conditions}
        assert {"en", "fr"} == {i for one in there for i in one.languages}
    both = [one for one in found if {"toronto", "hamilton"} <= set(one.areas)]
    assert len(both) >= 3
    assert {("virtual",)} == {one.modes for one in found if not one.areas}


async def test_all_work_nine_to_five_each_day_in_toronto_time(booking_db: Database) -> None:
    await run(booking_db)

    for one in await all_trainers(booking_db):
        assert "America/Toronto" == one.tz
        assert [(day, 540, 1020) for day in range(7)] == [tuple(span) for span in one.hours]


async def test_notify_is_told_of_everybody_once(booking_db: Database) -> None:
    await run(booking_db)
    await run(booking_db)

    async with booking_db.reading() as connection:
        rows = await connection.fetch("select topic, payload from outbox")
    assert {"booking.contacts"} == {row["topic"] for row in rows}
    told = [json.loads(row["payload"])["email"] for row in rows]
    assert (23, 23) == (len(told), len(set(told)))
