"""One fixture decides where Postgres and Kafka run; the others build on it."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.migrate import MigrateSettings, migrate_all
from shared.postgres import Database
from tests import servers

TEMPLATE = f"limber_template_{os.getpid()}"
PASSWORD = "only-for-tests"

LONG_FIRST = ("e2e/test_compose.py", "browser", "proofs", "e2e", "embedded", "chaos")
"""Files and folders that take longest: begun last, one of them would keep one worker busy alone.
Whole systems lie apart, so that two of them seldom share the machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; the workers share out files in this order."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix()
        found = (n for n, begins in enumerate(LONG_FIRST) if path.startswith(begins))
        return next(found, len(LONG_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def running_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Servers]:
    """Real Postgres and real Kafka, once for all tests."""
    with servers.running(tmp_path_factory.mktemp("servers")) as found:
        yield found


@pytest.fixture(scope="session")
def database_url(running_servers: servers.Servers) -> str:
    """The superuser's URL of the server; tests make databases of their own there."""
    return running_servers.database_url


@pytest.fixture(scope="session")
def kafka_bootstrap(running_servers: servers.Servers) -> str:
    """Where Kafka is; tests make topics of their own there."""
    return running_servers.kafka_bootstrap


@dataclass(frozen=True)
class MigratedDatabase:
    """A database of one test with all schemas in it."""

    superuser_url: str

    def url(self, service: str) -> str:
        """The URL as the role of a service."""
        parts = urlsplit(self.superuser_url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"limber_{service}:{PASSWORD}@{host}"))


@pytest.fixture(scope="session")
async def migrated_template(database_url: str) -> str:
    """The name of a database with all migrations applied, to be copied from."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"drop database if exists {TEMPLATE}")
        await connection.execute(f"create database {TEMPLATE}")
    finally:
        await connection.close()
    await migrate_all(
        MigrateSettings(
            database_url=SecretStr(_with_database(database_url, TEMPLATE)),
            booking_password=SecretStr(PASSWORD),
            notify_password=SecretStr(PASSWORD),
            progress_password=SecretStr(PASSWORD),
        )
    )
    return TEMPLATE


@pytest.fixture
async def database(database_url: str, migrated_template: str) -> AsyncIterator[MigratedDatabase]:
    """A fresh, migrated database for one test."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"create database {name} template {migrated_template}")
        yield MigratedDatabase(_with_database(database_url, name))
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.fixture
async def booking_db(database: MigratedDatabase) -> AsyncIterator[Database]:
    """Booking's schema, as booking's role."""
    async with Database(database.url("booking"), "booking").opened() as db:
        yield db


@pytest.fixture
async def notify_db(database: MigratedDatabase) -> AsyncIterator[Database]:
    """Notify's schema, as notify's role."""
    async with Database(database.url("notify"), "notify").opened() as db:
        yield db


@pytest.fixture
async def progress_db(database: MigratedDatabase) -> AsyncIterator[Database]:
    """Progress's schema, as progress's role."""
    async with Database(database.url("progress"), "progress").opened() as db:
        yield db


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
