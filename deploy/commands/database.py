"""The operator's connection to one service's schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from deploy.commands.failure import Failure
from deploy.stack import Stack
from shared.postgres import prepare, session_settings

SERVICES = ("booking", "notify", "progress")


@asynccontextmanager
async def connected(stack: Stack, service: str) -> AsyncIterator[asyncpg.Connection]:
    """Connected while the block runs, with the service's schema on the search path.

    Raises:
        Failure: the database cannot be reached.
    """
    try:
        connection = await asyncpg.connect(
            stack.database_url, server_settings=session_settings(service)
        )
    except (OSError, asyncpg.PostgresError) as fault:
        raise Failure(f"the database does not answer: {type(fault).__name__}") from fault
    try:
        await prepare(connection)
        yield connection
    finally:
        await connection.close()
