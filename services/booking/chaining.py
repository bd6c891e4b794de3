"""The access log's lines are chained in a loop; any replica may, one at a time does."""

import asyncio

import structlog

from services.booking.store import access_chain
from shared.postgres import TRANSIENT, Database

CHAIN_EVERY_S = 10.0
"""For how long a line could be changed without a trace."""

log = structlog.get_logger()


class Chaining:
    """Chains in a loop. The newest hash goes to the log, out of reach of who holds the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Chain until cancelled; faults of the moment are waited out."""
        while True:
            try:
                while await self.chain():
                    pass
            except TRANSIENT as fault:
                log.warning("chaining-waits", fault=type(fault).__name__)
            await asyncio.sleep(CHAIN_EVERY_S)

    async def chain(self) -> bool:
        """Chain what is there; whether there may be more."""
        async with self._db.transaction() as tx:
            chained = await access_chain.chain(tx)
        if chained is None:
            return False
        lines, head = chained
        log.info("access-log-chained", lines=lines, head=head)
        return lines == access_chain.AT_ONCE
