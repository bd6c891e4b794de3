"""Holds that ran out are swept, and their time goes to who waits next; any number may sweep."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from services.booking.handlers import freed, waitlist
from services.booking.store.waitlist import lock_run_out
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database

SWEEP_EVERY_S = 1.0
"""How late the next in line may hear of a time, and a visitor see it again."""

END_EVERY_S = 60.0
"""Days end seldom; a minute late harms nobody, for no time of a past day is offered anyway."""

AT_ONCE = 500
"""Trainers swept in one go; those beyond have their turn a second later."""

log = structlog.get_logger()


class Sweeper:
    """Sweeps in a loop. All state is in rows: each trainer's sweep is one transaction."""

    def __init__(self, db: Database, clock: Clock, committed: Callable[[], None]) -> None:
        """`committed` is called when something was told."""
        self._db = db
        self._clock = clock
        self._committed = committed

    async def run(self) -> None:
        """Sweep until cancelled; faults of the moment are waited out."""
        loop = asyncio.get_running_loop()
        end_next = loop.time()
        while True:
            try:
                await self.sweep()
                if loop.time() >= end_next:
                    await self.end_old()
                    end_next = loop.time() + END_EVERY_S
            except TRANSIENT as fault:
                log.warning("sweeping-waits", fault=type(fault).__name__)
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> int:
        """Sweep each trainer with holds that ran out; returns how many there were.

        A trainer whom somebody has locked is left for the next time: nobody waits for anybody.
        """
        swept: list[UUID] = []
        while len(swept) < AT_ONCE:
            async with self._db.transaction() as tx:
                now = self._clock()
                trainer_id = await lock_run_out(tx, besides=swept, now=now)
                if trainer_id is None:
                    break
                await freed.clear_run_out(tx, trainer_id, now=now)
            swept.append(trainer_id)
            self._committed()
        return len(swept)

    async def end_old(self) -> int:
        """End the entries whose last day has passed; returns how many."""
        async with self._db.transaction() as tx:
            ended = await waitlist.end_old(tx, now=self._clock())
        if ended:
            self._committed()
        return ended
