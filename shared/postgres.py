"""Postgres: the pool of one service, its transactions, and which faults pass by themselves."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

Transaction: TypeAlias = asyncpg.Connection
"""A connection inside `Database.transaction()`; nobody but that block commits."""

POOL_MIN, POOL_MAX = 2, 12
"""Connections of one process: enough for 16 writers that mostly wait for each other's commits."""

CLOSE_TIMEOUT_S = 3.0
"""Connections still in use then are cut off: what they did is rolled back."""

STATEMENT_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 5_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000
"""No statement, lock or forgotten transaction may hold others up for longer."""

TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""Faults of the moment: the same work may succeed when it is tried again."""


async def prepare(connection: asyncpg.Connection) -> None:
    """Teach a new connection to read and write JSON columns."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
    # asyncpg looks an array type up at its first use, at the cost of the request that needs it.
    await connection.fetch(
        "select null::uuid[], null::smallint[], null::int[], null::bigint[], null::text[],"
        " null::timestamptz[]"
    )


async def _tidy(connection: asyncpg.Connection) -> None:
    # Transactions end with their block and nothing else outlives it, so asyncpg's own reset would
    # be a round trip for nothing; it is kept for a connection that broke off in between.
    if connection.is_in_transaction():
        await connection.reset()


class Database:
    """One service's schema, reached as that service's role."""

    def __init__(
        self,
        url: str,
        schema: str,
        *,
        pool_max: int = POOL_MAX,
        waited: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`waited` hears how many seconds each piece of work waited for its connection."""
        self.schema = schema
        self._waited = waited
        self._url = url
        self._pool_max = pool_max
        self._pool: asyncpg.Pool | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Database"]:
        """Connected while the block runs."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=POOL_MIN,
            max_size=self._pool_max,
            init=prepare,
            reset=_tidy,
            command_timeout=STATEMENT_TIMEOUT_MS / 1000 + 1,
            server_settings=session_settings(self.schema),
        )
        try:
            yield self
        finally:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit on the way out, roll back on any exception: nobody else commits."""
        async with self._connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A connection for statements that only read, each for itself."""
        async with self._connection() as connection:
            yield connection

    def connections(self) -> dict[str, int]:
        """How many connections are `busy` and `idle`."""
        pool = self._open_pool()
        idle = pool.get_idle_size()
        return {"busy": pool.get_size() - idle, "idle": idle}

    @asynccontextmanager
    async def listening(self, channel: str, heard: Any) -> AsyncIterator[Transaction]:  # noqa: ANN401
        """A connection of its own that calls `heard(payload)` for each NOTIFY on `channel`."""
        connection = await asyncpg.connect(
            self._url, server_settings=session_settings(self.schema) | {"idle_session_timeout": "0"}
        )
        try:
            await connection.add_listener(channel, lambda _c, _pid, _ch, payload: heard(payload))
            yield connection
        finally:
            await connection.close(timeout=2)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Transaction]:
        began = time.perf_counter()
        async with self._open_pool().acquire() as connection:
            self._waited(time.perf_counter() - began)
            yield connection

    def _open_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            raise RuntimeError("the database is used outside `opened()`")
        return self._pool


def session_settings(schema: str) -> dict[str, str]:
    """What every connection of a service is set to."""
    return {
        "application_name": f"limber-{schema}",
        "search_path": f"{schema},extensions",
        "timezone": "UTC",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    }
