"""Time: clients for whom something is due are looked at, each in a transaction of its own."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from services.progress.domain.entries import TimePassed
from services.progress.domain.rules import Rules
from services.progress.handlers.record import apply, own_entry, tell
from services.progress.store import clients
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database

LOOK_EVERY_S = 1.0
"""How late something that time brings may be."""

AT_ONCE = 50
"""Clients looked at before the next look; each commits by itself."""

logger = structlog.get_logger()


class Passing:
    """Applies what time brings, on every replica: a client at work on one is left by the others."""

    def __init__(
        self, db: Database, rules: Rules, clock: Clock, committed: Callable[[], None]
    ) -> None:
        self._db = db
        self._rules = rules
        self._clock = clock
        self._committed = committed

    async def run(self) -> None:
        """Look every second, until cancelled."""
        while True:
            try:
                while await self.apply_due():
                    self._committed()
            except TRANSIENT as fault:
                logger.warning("time-waits", fault=type(fault).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def apply_due(self) -> int:
        """Apply what is due now to some clients; returns to how many."""
        for count in range(AT_ONCE):
            if not await self._apply_next():
                return count
        return AT_ONCE

    async def _apply_next(self) -> bool:
        now = self._clock()
        async with self._db.transaction() as tx:
            due: list[UUID] = await clients.due_clients(tx, now, 1)
            for client_id in due:
                client = await clients.lock_client(tx, client_id)
                entry = TimePassed(client_id=client_id, at=now)
                heard = own_entry(client, entry, now, told_at=now)
                await tell(tx, await apply(tx, {client_id: client}, [heard], self._rules))
        return bool(due)
