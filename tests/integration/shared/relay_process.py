"""One relay as a process of its own: `python -m … URL SCHEMA BOOTSTRAP`; killed by its test."""

import asyncio
import sys

from shared.outbox import Relay
from shared.postgres import Database


async def main(url: str, schema: str, bootstrap: str) -> None:
    async with Database(url, schema, pool_max=3).opened() as db:
        sys.stdout.write("relaying\n")
        sys.stdout.flush()
        await Relay(db, bootstrap, source="/limber/test").run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
