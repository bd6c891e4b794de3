"""The whole system as processes of a test: each is started, stopped and killed when a test says."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from deploy.embedded import ports
from deploy.embedded.console import Console
from deploy.embedded.home import Home
from deploy.embedded.infrastructure import Infrastructure
from deploy.embedded.kafka import Cluster, Kafka, new_cluster_id
from deploy.embedded.ports import HOST, Reservation
from deploy.embedded.process import PROJECT, Child, Spec, run_job
from deploy.embedded.ready import says_ok, wait_until
from deploy.embedded.services import SERVICES, Environments, Programs, names
from tests.servers import free_port

MOST_REPLICAS = 4
READY_S = 180.0
STOP_S = 30.0
"""A service drains, finishes and leaves its group in less; a broker writes its logs."""

CLOSE_S = 1.0
"""At the end of a test nothing is lost by killing."""


class System(Infrastructure):
    """Postgres, brokers and inbox; services come and go by name, such as `booking-2`."""

    def __init__(self, home: Home, *, brokers: int, environment: Mapping[str, str]) -> None:
        super().__init__(
            home,
            Console(quiet=True),
            base_port=free_port(),
            services=names(dict.fromkeys(SERVICES, MOST_REPLICAS)),
            test_clock=True,
        )
        self._brokers = brokers
        self._caller = {
            **{k: v for k, v in os.environ.items() if not k.startswith("LIMBER_")},
            "LIMBER_TEST_CLOCK": "1",
            **environment,
        }
        self._nodes: dict[str, tuple[Kafka, Reservation, Reservation]] = {}
        self._programs = Programs()

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of every broker."""
        if self._brokers == 1:
            return super().kafka_bootstrap
        return ",".join(f"{HOST}:{broker.port}" for _, broker, _ in self._nodes.values())

    @property
    def brokers(self) -> list[str]:
        """The names of the brokers."""
        return list(self._nodes) if self._nodes else ["kafka"]

    async def open(self, *, code: Path = PROJECT) -> None:
        """Servers up, schemas, topics and demo people there; no service runs yet."""
        await self.claim()
        if self._brokers > 1:
            self._reserve_nodes()
        await self.fetch()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.start_postgres())
            tasks.create_task(self._start_brokers())
            tasks.create_task(self.start_mail())
        await self.migrate(code=code)
        replicas = {"LIMBER_KAFKA_REPLICATION": "3", "LIMBER_KAFKA_MIN_INSYNC_REPLICAS": "2"}
        await self.job(
            "topics",
            self._programs.topics,
            self.environments.topics() | (replicas if self._brokers > 1 else {}),
            code=code,
        )
        if self._programs.demo:
            environment = self.environments.service("booking-1")
            await self.job("demo", self._programs.demo, environment, code=code)

    @property
    def environments(self) -> Environments:
        """The environment of each program."""
        return Environments(self, self._caller)

    async def migrate(self, *, code: Path = PROJECT) -> None:
        """Bring the schemas to what a version of the code wants."""
        await self.job("migrate", self._programs.migrate, self.environments.migrate(), code=code)

    async def job(
        self,
        name: str,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        *,
        code: Path = PROJECT,
    ) -> None:
        """Run a program that ends by itself."""
        here = {**environment, "PYTHONPATH": str(code)}
        await run_job(Spec(name, command, here, working_directory=code), self.home)

    async def start(self, *processes: str, code: Path = PROJECT, ready: bool = True) -> None:
        """Start services, from the code in a folder; they are ready then."""
        specs = []
        for name in processes:
            reservation = ports.reserve(self.ports[name]) or self.reservation(name)
            specs.append(
                Spec(
                    name,
                    self._programs.services[name.rpartition("-")[0]],
                    self.environments.service(name) | {"PYTHONPATH": str(code)},
                    reservation=reservation,
                    working_directory=code,
                )
            )
            self.reservation(name).release()
            await self.start_child(specs[-1])
        if ready:
            await asyncio.gather(*(self.await_ready(spec.name) for spec in specs))

    async def await_ready(self, name: str) -> None:
        """Wait until the service says so."""
        port = self.ports[name]
        await wait_until(lambda: says_ok(port, "/readyz"), seconds=READY_S, what=name)

    async def stop_one(self, name: str) -> None:
        """SIGTERM, and wait for the end."""
        await self.children.pop(name).stop(STOP_S)

    async def kill(self, name: str) -> None:
        """SIGKILL; it stays away until it is started again."""
        child = self.children.pop(name)
        child.spec = replace(child.spec, stop_signal=signal.SIGKILL)
        await child.stop(STOP_S)

    async def start_broker(self, name: str) -> None:
        """Start a broker that was killed; it answers then."""
        if name not in self._nodes:
            await self.start_kafka()
            return
        kafka, broker, controller = self._nodes[name]
        await self.start_child(kafka.spec(self._jars, broker, controller, self._environment))
        await kafka.wait_ready(broker.port)

    async def close(self) -> None:
        """End everything at once."""
        for name in list(self.children):
            if name != "postgres":
                child = self.children.pop(name)
                child.spec = replace(child.spec, stop_signal=signal.SIGKILL)
                await child.stop(CLOSE_S)
        await self.stop()
        self.forget()

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        """What a query of the superuser gives."""
        connection = await asyncpg.connect(self.database_url)
        try:
            found: list[Any] = await connection.fetch(sql, *arguments)
        finally:
            await connection.close()
        return found

    @asynccontextmanager
    async def second_postgres(self, data: Path) -> AsyncIterator[str]:
        """The superuser's URL of a server on other data, while the block runs."""
        reservation = _reserved()
        spec = self._postgres.spec(self._binaries, reservation, self._environment)
        # It must not write its own future into the archive of the other.
        other = {str(self._postgres.data): str(data), "--archive_mode=on": "--archive_mode=off"}
        command = tuple(other.get(part, part) for part in spec.command)
        spec = replace(spec, name="postgres-2", command=command, working_directory=data)
        await self.start_child(spec)
        try:
            await self._postgres.wait_ready(spec.port)
            yield self._postgres.url(spec.port, "limber")
        finally:
            await self.stop_one("postgres-2")

    def running(self, service: str) -> list[str]:
        """The processes of a service that were started and not stopped."""
        return [name for name in self.children if name.rpartition("-")[0] == service]

    def child(self, name: str) -> Child:
        """A running process."""
        return self.children[name]

    def _reserve_nodes(self) -> None:
        held = {n: (_reserved(), _reserved()) for n in range(1, self._brokers + 1)}
        cluster = Cluster(new_cluster_id(), {n: pair[1].port for n, pair in held.items()})
        for number, (broker, controller) in held.items():
            kafka = Kafka(self.home, self.console, node=number, cluster=cluster)
            self._nodes[kafka.name] = kafka, broker, controller

    async def _start_brokers(self) -> None:
        if self._brokers == 1:
            await self.start_kafka()
            return
        for kafka, broker, controller in self._nodes.values():
            await kafka.prepare(self._jars, broker, controller, self._environment)
        for kafka, broker, controller in self._nodes.values():
            await self.start_child(kafka.spec(self._jars, broker, controller, self._environment))
        for kafka, broker, _ in self._nodes.values():
            await kafka.wait_ready(broker.port)


@asynccontextmanager
async def running(
    home: Path,
    services: Sequence[str],
    *,
    brokers: int = 1,
    environment: Mapping[str, str] | None = None,
    code: Path = PROJECT,
) -> AsyncIterator[System]:
    """A system with these services while the block runs; `environment` is added to theirs."""
    with Home(home) as held:
        system = System(held, brokers=brokers, environment=environment or {})
        try:
            await system.open(code=code)
            await system.start(*services, code=code)
            yield system
        finally:
            await system.close()


def _reserved() -> Reservation:
    while True:
        if found := ports.reserve(free_port()):
            return found
