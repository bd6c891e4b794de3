"""Migrations: forward only, unchanged once applied, once even when two jobs run at a time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from shared.migrations import Migration, MigrationError, check, migrate, read_set
from tests.conftest import MigratedDatabase

FIRST = Migration("kit", "0001_first.sql", "create table first (id int)")
SECOND = Migration("kit", "0002_second.sql", "create table second (id int)")
BROKEN = Migration("kit", "0003_broken.sql", "create table third (id int); select wrong")


@pytest.fixture
async def connection(database: MigratedDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database with an empty schema `fresh` owned by `postgres`."""
    opened = await asyncpg.connect(database.superuser_url)
    try:
        await opened.execute("create schema fresh")
        yield opened
    finally:
        await opened.close()


async def tables(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "select tablename from pg_tables where schemaname = 'fresh' order by 1"
    )
    return [row["tablename"] for row in rows]


async def test_new_migrations_are_applied_once_and_in_order(
    connection: asyncpg.Connection,
) -> None:
    first = await migrate(connection, "fresh", "postgres", [FIRST])
    both = await migrate(connection, "fresh", "postgres", [FIRST, SECOND])
    again = await migrate(connection, "fresh", "postgres", [FIRST, SECOND])

    assert ([FIRST], [SECOND], []) == (first, both, again)
    assert ["first", "migrations", "second"] == await tables(connection)


async def test_a_migration_changed_after_it_was_applied_is_refused(
    connection: asyncpg.Connection,
) -> None:
    await migrate(connection, "fresh", "postgres", [FIRST])
    changed = Migration(FIRST.set, FIRST.name, FIRST.sql + " -- a word more")

    with pytest.raises(MigrationError, match="changed after it was applied"):
        await migrate(connection, "fresh", "postgres", [changed, SECOND])
    assert ["first", "migrations"] == await tables(connection)


async def test_a_failing_migration_leaves_nothing_behind(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(connection, "fresh", "postgres", [FIRST, BROKEN])

    assert [] == await tables(connection)


async def test_an_older_release_refuses_a_database_that_is_ahead(
    connection: asyncpg.Connection,
) -> None:
    await migrate(connection, "fresh", "postgres", [FIRST, SECOND])

    with pytest.raises(MigrationError, match="not on disk"):
        await migrate(connection, "fresh", "postgres", [FIRST])


async def test_two_jobs_at_once_do_the_work_once(
    connection: asyncpg.Connection, database: MigratedDatabase
) -> None:
    other = await asyncpg.connect(database.superuser_url)
    try:
        done = await asyncio.gather(
            *(migrate(c, "fresh", "postgres", [FIRST, SECOND]) for c in (connection, other))
        )
    finally:
        await other.close()

    assert [[], [FIRST, SECOND]] == sorted(done, key=len)


async def test_a_services_role_can_use_its_tables_and_no_others(
    database: MigratedDatabase,
) -> None:
    role = await asyncpg.connect(database.url("notify"))
    try:
        assert 0 == await role.fetchval("select count(*) from notify.outbox")
        for statement in (
            "select count(*) from booking.people",
            "select count(*) from progress.outbox",
            "create table notify.mine (id int)",
            "create table public.mine (id int)",
            "drop table notify.outbox",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await role.execute(statement)
    finally:
        await role.close()


def test_gaps_and_bad_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("select 1")
    (tmp_path / "0003_three.sql").write_text("select 3")

    with pytest.raises(MigrationError, match="0002_"):
        read_set("kit", tmp_path)


def test_the_committed_migrations_are_sealed() -> None:
    assert [] == check.faults()


async def test_a_migration_takes_turns_with_those_who_work_on_its_tables(
    connection: asyncpg.Connection, database: MigratedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(connection, "fresh", "postgres", [FIRST])
    worker = await asyncpg.connect(database.superuser_url)
    work = worker.transaction()
    await work.start()
    await worker.execute("insert into fresh.first values (1)")
    waited = []

    async def finish_work(attempt: int) -> None:
        waited.append(attempt)
        await work.commit()

    monkeypatch.setattr("shared.migrations.LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr("shared.migrations._pause", finish_work)
    wider = Migration("kit", "0002_wider.sql", "alter table first add column name text")
    try:
        assert [wider] == await migrate(connection, "fresh", "postgres", [FIRST, wider])
    finally:
        await worker.close()

    assert [1] == waited
