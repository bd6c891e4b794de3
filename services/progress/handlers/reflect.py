"""Statistics: clients with new reports are looked at, off the event loop, once they are quiet."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from services.progress.domain.measuring import WINDOW
from services.progress.domain.rules import Rules
from services.progress.domain.statistics import reflect
from services.progress.handlers.record import apply, own_entry, tell
from services.progress.store import clients, histories
from services.progress.store.bookings import count_sessions
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database

HISTORY = timedelta(weeks=26)
"""How far the statistics look back: after two half-lives a score counts a quarter."""

MOST_REPORTS = 800
"""Four a day over that time, and some; more are left out, oldest first."""

QUIET_S = 0.2
"""A client is looked at once nothing was added for so long: a burst makes one reflection."""

SHARE = 0.1
"""Of the time statistics may take while reports are coming in: these are answered first."""

IDLE_S = 2.0
"""How soon a client is found whom another replica heard of and never looked at."""

AT_ONCE = 500
"""Clients one look finds; those beyond are found when these are done."""

logger = structlog.get_logger()


class Reflection:
    """Computes in a thread of its own: numpy leaves the loop alone, and nothing is copied.

    On every replica: a client somebody computes for is left by the others.
    """

    def __init__(
        self,
        db: Database,
        rules: Rules,
        clock: Clock,
        committed: Callable[[], None],
        *,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """`busy` says whether reports are being worked through at the moment."""
        self._db = db
        self._rules = rules
        self._clock = clock
        self._committed = committed
        self._busy = busy
        self._woken = asyncio.Event()
        self._seen: dict[UUID, int] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="statistics")

    def waiting(self) -> int:
        """How many clients the last look found."""
        return len(self._seen)

    def wake(self) -> None:
        """Say that something was reported."""
        self._woken.set()

    async def run(self) -> None:
        """Look whenever woken, until cancelled."""
        try:
            while True:
                self._woken.clear()
                waiting = 0
                try:
                    waiting = await self.look()
                except TRANSIENT as fault:
                    logger.warning("statistics-wait", fault=type(fault).__name__)
                if waiting:
                    await asyncio.sleep(QUIET_S)
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(IDLE_S):
                            await self._woken.wait()
        finally:
            self._worker.shutdown(wait=False, cancel_futures=True)

    async def look(self) -> int:
        """Compute for clients who were there at the last look and are quiet since.

        Returns how many wait for the next look.
        """
        async with self._db.reading() as connection:
            found = await clients.unreflected_clients(connection, AT_ONCE)
        quiet = [one for one, version in found.items() if self._seen.get(one) == version]
        self._seen = found
        clock = asyncio.get_running_loop().time
        for client_id in quiet:
            began = clock()
            if await self.reflect(client_id):
                self._committed()
            if self._busy():
                await asyncio.sleep((clock() - began) * (1 - SHARE) / SHARE)
        return len(found)

    async def reflect(self, client_id: UUID) -> bool:
        """Compute for one client and apply it; False when somebody else does, or they reported."""
        now = self._clock()
        async with self._db.transaction() as tx:
            if not await clients.claim_reflection(tx, client_id):
                return False
            client = await clients.read_client(tx, client_id)
            if client.reported_version <= client.reflected_version:
                return False
            at = now if client.as_of is None else max(now, client.as_of)
            known = replace(
                client,
                reports=await histories.load_reports(tx, client_id, at - HISTORY, MOST_REPORTS),
                holds=await histories.load_holds(tx, client_id),
            )
            took_place = await count_sessions(tx, client_id, at - WINDOW, at)
            compute = partial(reflect, known, at, self._rules, took_place=took_place)
            entry = await asyncio.get_running_loop().run_in_executor(self._worker, compute)
            locked = (await clients.lock_clients(tx, [client_id])).get(client_id)
            if locked is None or locked.version != client.version:
                return False
            heard = own_entry(locked, entry, at, told_at=now)
            await tell(tx, await apply(tx, {client_id: locked}, [heard], self._rules))
        return True
