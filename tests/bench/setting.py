"""Where a bench runs: a stack of its own, and a database beside the services' for the kit alone."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.catalogue import PARTITIONS
from shared.migrations import KIT, migrate, read_set
from tests.e2e.reach import Reach
from tests.e2e.stack import embedded

KIT_DATABASE = "bench"
KIT_SCHEMA = "bench"


@dataclass(frozen=True)
class Setting:
    """A running stack and its addresses; `kit_url` is a database with the kit's tables alone."""

    reach: Reach
    kafka: str
    mail_url: str
    database_url: str
    kit_url: str


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[Setting]:
    """A stack with its state in `home` while the block runs."""
    async with embedded(home) as reach:
        found = dict(line.split("=", 1) for line in (await reach.limber("env")).splitlines())
        url = found["DATABASE_URL"]
        kit_url = urlunsplit(urlsplit(url)._replace(path=f"/{KIT_DATABASE}"))
        await _make_kit_database(url, kit_url)
        yield Setting(reach, found["KAFKA_BOOTSTRAP"], found["MAIL_URL"], url, kit_url)


async def _make_kit_database(url: str, kit_url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"create database {KIT_DATABASE}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(kit_url)
    try:
        await connection.execute(f"create schema extensions; create schema {KIT_SCHEMA}")
        await migrate(connection, KIT_SCHEMA, urlsplit(url).username or "", read_set("kit", KIT))
        await connection.execute(
            f"create table {KIT_SCHEMA}.effects (owner text not null, number bigint not null)"
        )
    finally:
        await connection.close()


async def in_process(module: str, *arguments: str) -> Any:
    """What a module of the bench printed last, as JSON; it runs in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    return json.loads(printed.splitlines()[-1])


@asynccontextmanager
async def reading_from_now(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A bare consumer of a whole topic that sees what is published from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_end(*places)
        yield consumer
    finally:
        await consumer.stop()
