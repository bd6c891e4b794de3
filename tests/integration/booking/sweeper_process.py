"""One sweeper as a process that ends itself, as if by kill -9, after so many statements.

`python -m … URL INSTANT STATEMENTS`; it ends by itself when nothing is left to sweep.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from services.booking.sweeper import Sweeper
from shared.postgres import Database, Transaction


class DoomedDatabase(Database):
    """A database whose user is killed once it has run a number of statements."""

    def __init__(self, url: str, statements: int) -> None:
        super().__init__(url, "booking", pool_max=2)
        self._left = statements

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """As ever, until the last statement."""
        async with super().transaction() as tx:
            with tx.query_logger(self._count):
                yield tx

    def _count(self, _: Any) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, now: str, statements: str) -> None:
    at = datetime.fromisoformat(now)
    async with DoomedDatabase(url, int(statements)).opened() as db:
        sweeper = Sweeper(db, lambda: at, lambda: None)
        while await sweeper.sweep():
            pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
