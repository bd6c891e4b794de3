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


class Wakeups:
    """Hears NOTIFY for the whole process and wakes the streams of the client it names."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def watching(self, client_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever something about the client changed."""
        woken = asyncio.Event()
        key = str(client_id)
        self._waiting[key].add(woken)
        try:
            yield woken
        finally:
            self._waiting[key].discard(woken)
            if not self._waiting[key]:
                del self._waiting[key]

    def watched(self) -> int:
        """How many streams are open in this process."""
        return sum(len(streams) for streams in self._waiting.values())

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
        for woken in self._waiting.get(client_id, ()):
            woken.set()

    def _wake_all(self) -> None:
        for client_id in list(self._waiting):
            self._wake(client_id)


async def ticks(woken: asyncio.Event, *, every_s: float) -> AsyncIterator[None]:
    """One tick now, then one each time the event is set, and at least every `every_s` seconds."""
    yield
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await woken.wait()
        woken.clear()
        yield
