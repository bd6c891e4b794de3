"""Server-sent events: a client's page follows what happens, on whichever replica it happened."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import structlog

from services.booking.store.progress import CHANNEL
from shared.postgres import TRANSIENT, Database

RECONNECT_S = 1.0

CHECK_EVERY_S = 5.0
"""How soon a listening connection that broke without a word is noticed."""

log = structlog.get_logger()


class Watch:
    """One open stream: woken when there may be news, and told when the process stops."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._stops = False

    def wake(self) -> None:
        """There may be news."""
        self._woken.set()

    def set(self) -> None:
        """The process stops; the name is what sse_starlette calls."""
        self._stops = True
        self.wake()

    async def ticks(self, *, every_s: float) -> AsyncIterator[None]:
        """A tick now, one at each wake and one every `every_s` seconds, until the process stops."""
        while not self._stops:
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._woken.wait()
            self._woken.clear()


class Wakeups:
    """Hears NOTIFY for the whole process and wakes the streams of the client it names."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)

    @contextmanager
    def watching(self, client_id: UUID, watch: Watch) -> Iterator[None]:
        """The watch is woken whenever something about the client changed."""
        key = str(client_id)
        self._watches[key].add(watch)
        try:
            yield
        finally:
            self._watches[key].discard(watch)
            if not self._watches[key]:
                del self._watches[key]

    def watched(self) -> int:
        """How many streams are open in this process."""
        return sum(len(streams) for streams in self._watches.values())

    async def listen(self) -> None:
        """Listen until cancelled; after a break every stream looks for itself."""
        while True:
            try:
                async with self._db.listening(CHANNEL, self._wake) as connection:
                    self._wake_all()
                    while True:
                        await asyncio.sleep(CHECK_EVERY_S)
                        await connection.fetchval("select 1")
            except TRANSIENT as fault:
                log.warning("stream-wakeups-wait", fault=type(fault).__name__)
                await asyncio.sleep(RECONNECT_S)

    def _wake(self, client_id: str) -> None:
        for watch in self._watches.get(client_id, ()):
            watch.wake()

    def _wake_all(self) -> None:
        for client_id in list(self._watches):
            self._wake(client_id)
