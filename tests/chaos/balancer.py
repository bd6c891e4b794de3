"""What stands before the replicas: new connections go to those that say they are ready."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from deploy.embedded.ports import HOST
from deploy.embedded.ready import says_ok

LOOK_EVERY_S = 0.25
CHUNK_BYTES = 65_536
BOOKINGS_DOOR = "/readyz?exclude=kafka&exclude=outbox"
"""What is asked in deploy/k8s before people are let in to booking."""


class Balancer:
    """Spreads connections as a cluster's service does: it knows no HTTP and tries nothing twice."""

    def __init__(
        self, backends: Mapping[str, int], *, patience: int = 1, look_at: str = "/readyz"
    ) -> None:
        """`backends`: the port of each replica by name, running or not. One is left after
        `patience` looks in a row at which it was not ready.
        """
        self._look_at = look_at
        self._backends = backends
        self._patience = patience
        self._refused = dict.fromkeys(backends, patience)
        self._withdrawn: set[str] = set()
        self._looked = asyncio.Event()
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.given: dict[str, int] = dict.fromkeys(backends, 0)
        self.turned_away = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the balancer is used outside `open()`")
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Balancer"]:
        """It listens while the block runs."""
        looking = [asyncio.create_task(self._look(name)) for name in self._backends]
        await self._looked.wait()
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        try:
            yield self
        finally:
            for task in looking:
                task.cancel()
            self._server.close()
            for writer in self._open:
                writer.close()

    def ready(self) -> list[str]:
        """The replicas that are given connections."""
        return [
            name
            for name, refused in self._refused.items()
            if refused < self._patience and name not in self._withdrawn
        ]

    def withdraw(self, name: str) -> None:
        """No new connection for a replica from now on, as for a pod that is to be deleted.

        What stands behind no door of ours is none of our business.
        """
        self._withdrawn.add(name)

    def admit(self, name: str) -> None:
        """A replica that was withdrawn is given connections again, once it says it is ready."""
        if name in self._refused:
            self._withdrawn.discard(name)
            self._refused[name] = self._patience

    async def _look(self, name: str) -> None:
        while True:
            if await says_ok(self._backends[name], self._look_at):
                self._refused[name] = 0
                self._looked.set()
            else:
                self._refused[name] += 1
            await asyncio.sleep(LOOK_EVERY_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ready = self.ready()
        if not ready:
            self.turned_away += 1
            writer.close()
            return
        self._turn += 1
        name = ready[self._turn % len(ready)]
        try:
            theirs, ours = await asyncio.open_connection(HOST, self._backends[name])
        except OSError:
            self.turned_away += 1
            writer.close()
            return
        self.given[name] += 1
        self._open.update((writer, ours))
        try:
            await asyncio.gather(_pass_on(reader, ours), _pass_on(theirs, writer))
        finally:
            self._open.difference_update((writer, ours))


async def _pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK_BYTES):
            to.write(data)
            await to.drain()
    to.close()
