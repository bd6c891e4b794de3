"""PostgreSQL, Kafka and the inbox together: what the services, and the tests, stand on."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.embedded import ports
from deploy.embedded.artifacts import (
    Repository,
    cache_directory,
    postgres_pin,
    read_pins,
)
from deploy.embedded.console import Console
from deploy.embedded.home import Home, Secrets
from deploy.embedded.kafka import Kafka
from deploy.embedded.leftovers import reap
from deploy.embedded.ports import HOST, Reservation
from deploy.embedded.postgres import Postgres
from deploy.embedded.process import Child, Spec
from deploy.embedded.procfs import myself
from deploy.embedded.ready import says_ok, wait_until
from deploy.stack import ProcessEntry, StackFile, read_last

NAMES = ("postgres", "kafka", "kafka-controller", "mail", "smtp")

MAIL_READY_SECONDS = 20.0

# The whole stop takes at most ten seconds; half of it belongs to the services.
STOP_SECONDS = 9.0
SERVICES_STOP_SECONDS = 5.0
# What is left for SIGKILL to take effect when a process ignores all else.
LAST_GRACE_SECONDS = 0.5


class Infrastructure:
    """The processes of one home. Its owner holds the home's lock while it exists."""

    def __init__(
        self,
        home: Home,
        console: Console,
        *,
        base_port: int,
        services: Sequence[str] = (),
        test_clock: bool = False,
    ) -> None:
        self.home = home
        self.console = console
        self.secrets: Secrets = home.secrets()
        self.children: dict[str, Child] = {}
        self.base_port = base_port
        self._test_clock = test_clock
        self.services = tuple(services)
        self._reserved: dict[str, Reservation] = {}
        archive = os.environ.get("LIMBER_WAL_ARCHIVE")
        self._postgres = Postgres(
            home, self.secrets, console, archive=Path(archive).absolute() if archive else None
        )
        self._kafka = Kafka(home, console)
        self._environment = plain_environment(os.environ)

    @property
    def ports(self) -> dict[str, int]:
        """The port of each process by name."""
        return {name: reservation.port for name, reservation in self._reserved.items()}

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of the broker."""
        return f"{HOST}:{self.ports['kafka']}"

    @property
    def mail_url(self) -> str:
        """The inbox's page and API."""
        return f"http://{HOST}:{self.ports['mail']}"

    @property
    def smtp_url(self) -> str:
        """Where mail is delivered."""
        return f"smtp://{HOST}:{self.ports['smtp']}"

    @property
    def database_url(self) -> str:
        """The database `limber` as superuser."""
        return self.superuser_url("limber")

    def superuser_url(self, database: str) -> str:
        """A database as superuser."""
        return self._postgres.url(self.ports["postgres"], database)

    def role_url(self, role: str, password: str) -> str:
        """The database `limber` as another role."""
        return self._postgres.url(self.ports["postgres"], "limber", role=role, password=password)

    def reservation(self, name: str) -> Reservation:
        """The port kept for a process."""
        return self._reserved[name]

    async def claim(self) -> None:
        """Clear what a killed run left behind, then choose all ports."""
        last = read_last(self.home.path)
        await reap(last.processes if last else (), self._postgres.data, self.console)
        previous = last.ports if last and last.base_port == self.base_port else {}
        self._reserved = ports.choose((*self.services, *NAMES), self.base_port, previous)
        self.describe()

    async def start_postgres(self) -> None:
        """Bring PostgreSQL up to an answered query; the database `limber` exists then."""
        await self._postgres.prepare(self._binaries, self._environment)
        spec = self._postgres.spec(self._binaries, self._reserved["postgres"], self._environment)
        await self.start_child(spec)
        await self._postgres.wait_ready(spec.port)
        self.console.say(f"PostgreSQL ready on {HOST}:{spec.port}")

    async def start_kafka(self) -> None:
        """Bring Kafka up to an answered request."""
        broker, controller = self._reserved["kafka"], self._reserved["kafka-controller"]
        await self._kafka.prepare(self._jars, broker, controller, self._environment)
        await self.start_child(self._kafka.spec(self._jars, broker, controller, self._environment))
        await self._kafka.wait_ready(broker.port)
        self.console.say(f"Kafka ready on {HOST}:{broker.port}")

    async def start_mail(self) -> None:
        """Bring the inbox up to an answered page; SMTP listens before the page does."""
        web, smtp = self._reserved["mail"], self._reserved["smtp"]
        command = (
            sys.executable,
            "-m",
            "deploy.embedded.mailbox",
            f"--smtp-port={smtp.port}",
            f"--http-port={web.port}",
            f"--store={self.home.path / 'mail.sqlite'}",
        )
        await self.start_child(
            Spec("mail", command, self._environment, reservation=web, also_releases=(smtp,))
        )
        await wait_until(
            lambda: says_ok(web.port, "/readyz"), seconds=MAIL_READY_SECONDS, what="the inbox"
        )
        self.console.say(f"inbox ready on {self.mail_url} (SMTP {HOST}:{smtp.port})")

    async def fetch(self) -> None:
        """Have all packages here, downloading what is missing."""
        cache, pins = cache_directory(), read_pins()
        server = postgres_pin(pins)
        repository = Repository(cache)
        files = await asyncio.to_thread(repository.fetch, (server, *pins.kafka), self.console)
        self._jars = files[1:]
        self._binaries = await asyncio.to_thread(self._postgres.binaries, repository, server, cache)

    async def start_child(self, spec: Spec) -> None:
        """Start a process and keep it alive."""
        child = Child(spec, self.home, self.console, self.describe)
        self.children[spec.name] = child
        await child.start()

    def describe(self) -> None:
        """Write stack.json as things are now."""
        processes = tuple(
            ProcessEntry(
                name=name,
                pid=identity.pid,
                port=child.spec.port,
                boot=identity.boot,
                started=identity.started,
                command=child.spec.command,
            )
            for name, child in self.children.items()
            if (identity := child.identity)
        )
        me = myself()
        booking = self.ports.get("booking-1", self.base_port)
        self.home.write_stack(
            StackFile(
                pid=me.pid,
                boot=me.boot,
                started=me.started,
                base_url=f"http://{HOST}:{booking}",
                kafka_bootstrap=self.kafka_bootstrap,
                database_url=self.database_url,
                mail_url=self.mail_url,
                test_clock=self._test_clock,
                base_port=self.base_port,
                ports=self.ports,
                processes=processes,
            )
        )

    def forget(self) -> None:
        """Remove what is kept outside the home, after the stop of a stack nobody needs again."""
        self._postgres.forget()

    async def stop(self) -> None:
        """Stop everything in order within ten seconds: services, inbox, Kafka, PostgreSQL."""
        deadline = time.monotonic() + STOP_SECONDS
        for reservation in self._reserved.values():
            reservation.release()
        services = [child for name, child in self.children.items() if name not in NAMES]
        await asyncio.gather(*(child.stop(SERVICES_STOP_SECONDS) for child in services))
        for name in ("mail", "kafka", "postgres"):
            if child := self.children.get(name):
                left = deadline - time.monotonic()
                await child.stop(max(left / 2, LAST_GRACE_SECONDS))


def plain_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what belongs to one service or holds a secret."""
    prefixes = ("BOOKING_", "NOTIFY_", "PROGRESS_", "LIMBER_")
    return {name: value for name, value in environment.items() if not name.startswith(prefixes)}
