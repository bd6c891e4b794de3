"""Notify as it runs: a Postgres and a Kafka of its own, two processes, a clock that is set."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.group import LeaveGroupRequest
from pydantic import SecretStr

from deploy.embedded import servers
from deploy.embedded.errors import StackError
from deploy.migrate import MigrateSettings, migrate_all
from deploy.topics import TopicSettings, make_topics
from tests.proofs.mail_oracle import POSTGRES_BACK_S
from tests.servers import free_port

PASSWORD = "only-for-tests"
LEASE = timedelta(seconds=20)
"""How long a dead sender's messages wait; shortening the wait is the same as letting time pass."""

GROUP = "notify"
READY_S = 60.0

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,
    OSError,
)


class ShiftedClock:
    """The clock that the processes share: this machine's, shifted by what the file says."""

    def __init__(self, file: Path, begin: datetime) -> None:
        self.file = file
        self._offset = timedelta(0)
        self.set(begin)

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self._offset

    def set(self, to: datetime) -> None:
        """Make it that time now; never backwards."""
        offset = to - datetime.now(UTC)
        self._offset = max(offset, self._offset) if self._offset else offset
        part = self.file.with_suffix(".part")
        part.write_text(str(self._offset.total_seconds()))
        part.replace(self.file)


@dataclass
class Replica:
    """One `python -m services.notify`, started again whenever it was killed."""

    number: int
    environment: Mapping[str, str]
    log: Path
    may_start: asyncio.Event
    process: asyncio.subprocess.Process | None = None
    strikes: list[float] = field(default_factory=list)
    struck: set[int] = field(default_factory=set)
    fell: list[int | None] = field(default_factory=list)

    async def run(self) -> None:
        """Keep it up until cancelled."""
        with self.log.open("ab") as log:
            while True:
                await self.may_start.wait()
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "services.notify"),
                    env=dict(self.environment),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
                pid = self.process.pid
                try:
                    code = await self.process.wait()
                except asyncio.CancelledError:
                    await self._stop()
                    raise
                if pid not in self.struck:
                    self.fell.append(code)

    def strike(self) -> None:
        """SIGKILL, if it is up."""
        process = self.process
        if process is None or process.returncode is not None or process.pid in self.struck:
            return
        self.struck.add(process.pid)
        self.strikes.append(time.monotonic())
        os.kill(process.pid, signal.SIGKILL)

    async def _stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 15)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


class NotifyStack:
    """The running whole; SQL goes through `rows`, which waits while Postgres is away."""

    def __init__(self, base: servers.Servers, home: Path, begin: datetime) -> None:
        self.base = base
        self.clock = ShiftedClock(home / "clock", begin)
        self.replicas: list[Replica] = []
        self._may_start = asyncio.Event()
        self.postgres_strikes: list[float] = []
        self._home = home
        self._running: list[asyncio.Task[None]] = []
        self._connection: asyncpg.Connection | None = None
        self._url = _with_database(base.database_url, "limber")

    async def prepare(self) -> None:
        """Schemas and topics."""
        await asyncio.gather(
            migrate_all(
                MigrateSettings(
                    database_url=SecretStr(self._url),
                    booking_password=SecretStr(PASSWORD),
                    notify_password=SecretStr(PASSWORD),
                    progress_password=SecretStr(PASSWORD),
                )
            ),
            make_topics(TopicSettings(kafka_bootstrap=self.base.kafka_bootstrap)),
        )

    def start(self, doors: Sequence[int]) -> None:
        """One replica for each mail server's port."""
        host = urlsplit(self._url).netloc.rpartition("@")[2]
        for number, door in enumerate(doors):
            environment = {
                **{k: v for k, v in os.environ.items() if not k.startswith(("LIMBER_", "NOTIFY_"))},
                "NOTIFY_HOST": "127.0.0.1",
                "NOTIFY_PORT": str(free_port()),
                "NOTIFY_DATABASE_URL": f"postgresql://limber_notify:{PASSWORD}@{host}/limber",
                "NOTIFY_KAFKA_BOOTSTRAP": self.base.kafka_bootstrap,
                "NOTIFY_SMTP_URLS": f"smtp://127.0.0.1:{door}",
                "NOTIFY_FROM": "Limber <hello@limber.example>",
                "NOTIFY_PUBLIC_URL": "https://limber.example",
                "LIMBER_TEST_CLOCK": "1",
                "LIMBER_CLOCK_FILE": str(self.clock.file),
            }
            log = self._home / f"notify-{number}.log"
            replica = Replica(number, environment, log, self._may_start)
            self.replicas.append(replica)
            self._running.append(asyncio.create_task(replica.run()))
        self._may_start.set()

    async def stop(self) -> None:
        """End the processes in order."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()

    def strike_all(self) -> None:
        """Kill every replica; they are not started again before `let_the_dead_pass`."""
        self._may_start.clear()
        for replica in self.replicas:
            replica.strike()

    async def let_the_dead_pass(self) -> None:
        """All are dead: let the time go by that the living would wait for them, then start anew.

        That is their leases on messages, and their places in the consumer group.
        """
        for replica in self.replicas:
            if replica.process is not None:
                await replica.process.wait()
        await self.rows(
            "update notify.deliveries set leased_until = leased_until - $1::interval"
            " where state = 'sending' returning id",
            LEASE,
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=self.base.kafka_bootstrap)
        await admin.start()
        try:
            coordinator = await admin.find_coordinator(GROUP)
            [described] = await admin.describe_consumer_groups([GROUP], coordinator)
            for member in described.groups[0][5]:
                await admin._send_request_to_node(coordinator, LeaveGroupRequest(GROUP, member[0]))
        finally:
            await admin.close()
        self._may_start.set()

    def strike_postgres(self, number: signal.Signals) -> None:
        """Stop Postgres that way, if it is up; whoever watches it starts it again."""
        try:
            os.kill(self.base.pid("postgres"), number)
        except (StackError, ProcessLookupError):
            return
        self.postgres_strikes.append(time.monotonic())

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        """What a query of the superuser gives; while Postgres is away it is asked again."""
        async with asyncio.timeout(POSTGRES_BACK_S):
            while True:
                try:
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await asyncpg.connect(self._url, timeout=5)
                    found: list[Any] = await self._connection.fetch(sql, *arguments)
                except AWAY:
                    self._connection = None
                    await asyncio.sleep(0.1)
                else:
                    return found

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[AIOKafkaProducer]:
        """A producer like the relay's."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.base.kafka_bootstrap, enable_idempotence=True, acks="all"
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
