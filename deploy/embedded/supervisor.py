"""`limber up`: brings the whole stack up in the foreground, keeps it up, takes it down."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from deploy.embedded.console import Console
from deploy.embedded.errors import StackError
from deploy.embedded.home import Home
from deploy.embedded.infrastructure import Infrastructure
from deploy.embedded.process import Spec, run_job, tail
from deploy.embedded.ready import says_ok, wait_until
from deploy.embedded.services import Environments, Programs, names
from deploy.embedded.stopping import STOP_SIGNALS, first_failure, unless_stopped

SERVICE_READY_SECONDS = 60.0


async def up(
    home: Path,
    *,
    counts: Mapping[str, int],
    base_port: int,
    programs: Programs,
    caller: Mapping[str, str] = os.environ,
) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP.

    Raises StackError when the home is taken or something does not start.
    """
    console = Console()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    with Home(home) as held:
        base = Infrastructure(
            held,
            console,
            base_port=base_port,
            services=names(counts),
            test_clock=bool(caller.get("LIMBER_TEST_CLOCK")),
        )
        stack = _Stack(base, programs, caller)
        try:
            if await unless_stopped(stop, stack.start()):
                stack.show_addresses()
                await stop.wait()
        finally:
            console.say("stopping")
            await base.stop()
            console.say("stopped")


class _Stack:
    def __init__(self, base: Infrastructure, programs: Programs, caller: Mapping[str, str]) -> None:
        self._base = base
        self._programs = programs
        self._caller = caller

    async def start(self) -> None:
        base = self._base
        await base.claim()
        self._tell_moved_port()
        await base.fetch()
        self._environments = Environments(base, self._caller)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._database())
                tasks.create_task(self._broker())
                tasks.create_task(base.start_mail())
            await self._services()
        except ExceptionGroup as group:
            raise first_failure(group) from None
        if self._programs.demo:
            base.console.say("demo data")
            await self._job("demo", self._programs.demo, self._environments.service("booking-1"))

    def show_addresses(self) -> None:
        base = self._base
        front_door = f"http://127.0.0.1:{base.ports['booking-1']}"
        rows = {
            "Limber": front_door,
            "inbox": base.mail_url,
            "PostgreSQL": f"127.0.0.1:{base.ports['postgres']} (limber env shows the URL)",
            "Kafka": base.kafka_bootstrap,
            "state": str(base.home.path),
        }
        for name, child in base.children.items():
            if name.partition("-")[0] in self._programs.services:
                rows[name] = f"http://127.0.0.1:{child.spec.port}"
        for name, address in rows.items():
            base.console.plain(f"  {name:<12} {address}")
        base.console.plain(f"ready {front_door}")

    def _tell_moved_port(self) -> None:
        base = self._base
        wanted, given = base.base_port, base.ports["booking-1"]
        if wanted != given:
            base.console.say(f"port {wanted} is taken; Limber is on port {given} instead")

    async def _database(self) -> None:
        await self._base.start_postgres()
        await self._job("migrate", self._programs.migrate, self._environments.migrate())
        self._base.console.say("database schemas are up to date")

    async def _broker(self) -> None:
        await self._base.start_kafka()
        await self._job("topics", self._programs.topics, self._environments.topics())
        self._base.console.say("topics are there")

    async def _services(self) -> None:
        base = self._base
        specs = [
            Spec(
                name,
                self._programs.services[name.rpartition("-")[0]],
                self._environments.service(name),
                reservation=base.reservation(name),
            )
            for name in base.services
        ]
        async with asyncio.TaskGroup() as tasks:
            for spec in specs:
                await base.start_child(spec)
                tasks.create_task(self._wait_service(spec))

    async def _wait_service(self, spec: Spec) -> None:
        base = self._base
        try:
            await wait_until(
                lambda: says_ok(spec.port, "/readyz"),
                seconds=SERVICE_READY_SECONDS,
                what=spec.name,
            )
        except StackError as error:
            raise StackError(f"{error}:\n{tail(base.home.log(spec.name))}") from None
        base.console.say(f"{spec.name} ready on http://127.0.0.1:{spec.port}")

    async def _job(self, name: str, command: tuple[str, ...], environment: dict[str, str]) -> None:
        await run_job(Spec(name, command, environment), self._base.home)
