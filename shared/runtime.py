"""A running service: its database, relay, consumer and watchers under one roof."""

import asyncio
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog
import uvicorn
from fastapi import FastAPI

from shared import inbox
from shared.consumer import Consumer
from shared.draining import DrainingServer
from shared.handling import Handlers
from shared.health import Health, Measure
from shared.outbox import Relay
from shared.postgres import TRANSIENT, Database, Transaction
from shared.settings import ServiceSettings
from shared.telemetry import Metrics, configure_logging
from shared.tracing import tracing_for

START_TIMEOUT_S = 60.0
"""How long a service waits for its database before it gives up and is started again."""

STOP_TIMEOUT_S = 8.0
"""Parts that have not ended by then are left behind; nothing uncommitted counts."""

GRACE_S = 3
"""Open requests and streams get this long when the service stops."""

KEEP_ALIVE_S = 75
"""Balancers keep idle connections for up to 60 s. Whoever asks must be the first to close: a
request on a connection that the server has just closed fails, and may not be asked twice."""

CLEAN_EVERY_S = 3600.0

NOT_STARTED = 3
"""Exit code of a service that could not start."""

log = structlog.get_logger()

Task = Callable[[], Awaitable[None]]
Clean = Callable[[Transaction], Awaitable[None]]
Hear = Callable[[str, str], None]
"""Hears of each event that Kafka has acknowledged: its type and its JSON."""


class Runtime:
    """The parts every service has. `build` in a service's `app.py` adds its own."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        handlers: Handlers,
        *,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """`committed` is called after each batch of events, once their effects are committed.

        A service adds to `measures` what it wants measured, and to `hears` what counts its events.
        """

        def wake() -> None:
            self.relay.wake()
            committed()

        self.clock = settings.clock
        self.metrics = Metrics(service)
        self.measures: list[Measure] = []
        self.hears: list[Hear] = []
        self.tracing = tracing_for(service, settings.trace_collector)
        self.db = Database(
            settings.database_url.get_secret_value(), service, waited=self.metrics.db_wait.observe
        )
        self.relay = Relay(
            self.db,
            settings.kafka,
            source=f"/limber/{service}",
            published=self._count_published,
            tracing=self.tracing,
        )
        self.consumer = Consumer(
            self.db,
            settings.kafka,
            group=service,
            handlers=handlers,
            clock=self.clock,
            committed=wake,
            metrics=self.metrics,
            tracing=self.tracing,
        )
        self.health = Health(
            self.db, self.metrics, self.clock, self.consumer, measures=self.measures
        )

    @asynccontextmanager
    async def running(
        self, extra: Sequence[Task] = (), *, cleaning: Sequence[Clean] = ()
    ) -> AsyncIterator[None]:
        """Everything runs while the block runs. A part that fails ends the process.

        `extra` are the service's own loops; `cleaning` is done once an hour.
        """

        async def clean() -> None:
            await self._clean(cleaning)

        async with self._database():
            parts: list[Task] = [
                self.relay.run,
                self.consumer.run,
                self.consumer.run_replays,
                self.health.watch,
                clean,
                *extra,
            ]
            tasks = [asyncio.create_task(_named(part), name=part.__name__) for part in parts]
            for task in tasks:
                task.add_done_callback(_end_process_on_fault)
            try:
                yield
            finally:
                for task in tasks:
                    task.remove_done_callback(_end_process_on_fault)
                    task.cancel()
                _, hanging = await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
                if hanging:
                    log.warning("parts-abandoned", parts=[task.get_name() for task in hanging])
                await self.tracing.close()

    def _count_published(self, rows: Sequence[asyncpg.Record]) -> None:
        for (topic, kind), count in Counter((row["topic"], row["type"]) for row in rows).items():
            self.metrics.published.labels(topic, kind).inc(count)
        for hear in self.hears:
            for row in rows:
                hear(row["type"], row["payload"])

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[None]:
        delay, deadline = 0.1, asyncio.get_running_loop().time() + START_TIMEOUT_S
        while True:
            opened = self.db.opened()
            try:
                await opened.__aenter__()
                break
            except TRANSIENT as fault:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                log.warning("database-awaited", fault=type(fault).__name__, delay_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
        try:
            yield
        finally:
            await opened.__aexit__(None, None, None)

    async def _clean(self, cleaning: Sequence[Clean]) -> None:
        while True:
            try:
                async with self.db.transaction() as tx:
                    await inbox.forget_old(tx, now=self.clock())
                    for forget in cleaning:
                        await forget(tx)
            except TRANSIENT as fault:
                log.warning("cleaning-waits", fault=type(fault).__name__)
            await asyncio.sleep(CLEAN_EVERY_S)


def serve(build: Callable[[], FastAPI], settings: ServiceSettings, service: str) -> None:
    """Run a service until SIGTERM or SIGINT; exits with a code when it does not start."""
    configure_logging(service, settings.log_level)
    app = build()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        # By default uvicorn believes X-Forwarded-For of whoever runs on this machine.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = DrainingServer(config, drain_s=settings.drain_s, began=app.state.health.drain)
    # The signal is raised again once all has ended; an operator's Ctrl-C is no fault.
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(NOT_STARTED)


async def _named(part: Task) -> None:
    await part()


def _end_process_on_fault(task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return
    fault = task.exception()
    place = traceback.extract_tb(fault.__traceback__)[-1] if fault else None
    log.critical(
        "part-ended",
        part=task.get_name(),
        fault=type(fault).__name__,
        at=f"{place.filename}:{place.lineno}" if place else None,
    )
    os.kill(os.getpid(), signal.SIGTERM)
