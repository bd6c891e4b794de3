"""Plain SQL migrations: forward only, each in one transaction, checksums verified."""

import asyncio
import hashlib
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

KIT = Path(__file__).parent
"""The kit's own migrations, run in the schema of every service."""

LOCK_TIMEOUT = "5s"
"""A migration that cannot get its lock gives up rather than queue all traffic behind it."""

TRIES = 10
PAUSE_S = 1.0
"""Services work while their tables change: whoever meets one of them takes turns with it, and the
whole is tried again."""

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class MigrationError(Exception):
    """The migrations on disk and in the database do not fit together."""


@dataclass(frozen=True)
class Migration:
    """One file: its set (kit or service), name, text and checksum (SHA-256, hex)."""

    set: str
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_set(name: str, folder: Path) -> list[Migration]:
    """The migrations of a folder in order.

    Raises:
        MigrationError: a name is malformed or a number is missing or used twice.
    """
    files = sorted(folder.glob("*.sql"))
    for number, file in enumerate(files, start=1):
        match = _NAME.match(file.name)
        if match is None or int(match[1]) != number:
            raise MigrationError(f"{file}: expected a name such as {number:04}_what_it_does.sql")
    return [Migration(name, file.name, file.read_text()) for file in files]


async def migrate(
    connection: asyncpg.Connection, schema: str, owner: str, migrations: Iterable[Migration]
) -> list[Migration]:
    """Bring one schema up to date as its owner, all or nothing; returns what was applied.

    Raises:
        MigrationError: an applied migration is missing on disk or was changed since.
        asyncpg.LockNotAvailableError: some lock could not be had in many tries.
        asyncpg.DeadlockDetectedError: the same.
    """
    wanted = list(migrations)
    for attempt in range(1, TRIES + 1):
        try:
            return await _migrate_once(connection, schema, owner, wanted)
        except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
            if attempt == TRIES:
                raise
        await _pause(attempt)
    raise AssertionError("the last try returns or raises")


async def _pause(attempt: int) -> None:
    await asyncio.sleep(PAUSE_S * min(attempt, 3) * (0.5 + random.random()))  # noqa: S311


async def _migrate_once(
    connection: asyncpg.Connection, schema: str, owner: str, wanted: list[Migration]
) -> list[Migration]:
    applied: list[Migration] = []
    async with connection.transaction():
        # All migrators queue here, so that two jobs at once do the work once.
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", f"migrate {schema}")
        await connection.execute(f"set local role {owner}")
        await connection.execute(f"set local search_path = {schema}, extensions")
        await connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.execute(
            "create table if not exists migrations (set text, name text, checksum text not null,"
            " applied_at timestamptz not null default now(), primary key (set, name))"
        )
        done = {
            (row["set"], row["name"]): row["checksum"]
            for row in await connection.fetch("select set, name, checksum from migrations")
        }
        if unknown := done.keys() - {(m.set, m.name) for m in wanted}:
            raise MigrationError(f"{schema}: applied but not on disk: {sorted(unknown)}")
        for migration in wanted:
            checksum = done.get((migration.set, migration.name))
            if checksum is None:
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into migrations (set, name, checksum) values ($1, $2, $3)",
                    migration.set,
                    migration.name,
                    migration.checksum,
                )
                applied.append(migration)
            elif checksum != migration.checksum:
                raise MigrationError(f"{schema}: {migration.name} was changed after it was applied")
    return applied
