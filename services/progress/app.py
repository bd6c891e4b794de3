"""The composition root of progress: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.progress.consumers import subscriptions
from services.progress.domain import rules
from services.progress.handlers import erasing
from services.progress.handlers.passing import Passing
from services.progress.handlers.reflect import Reflection
from services.progress.metrics import ProgressMetrics
from services.progress.settings import ProgressSettings
from shared.http import create_app
from shared.postgres import Transaction
from shared.runtime import Runtime


def build(settings: ProgressSettings) -> FastAPI:
    """The service, running while the application does."""
    table = rules.load()

    def heard() -> None:
        reflection.wake()

    runtime = Runtime("progress", settings, subscriptions(table), committed=heard)
    passing = Passing(runtime.db, table, runtime.clock, runtime.relay.wake)
    reflection = Reflection(
        runtime.db, table, runtime.clock, runtime.relay.wake, busy=runtime.consumer.at_work
    )

    async def clean(tx: Transaction) -> None:
        await erasing.tell_again(tx, now=runtime.clock())

    metrics = ProgressMetrics(runtime.metrics.registry, runtime.clock)
    metrics.watch_statistics(reflection.waiting)
    runtime.hears.append(metrics.hear)
    runtime.measures.append(metrics.measure)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running([passing.run, reflection.run], cleaning=[clean]):
            yield

    return create_app(
        "progress",
        metrics=runtime.metrics,
        health=runtime.health,
        tracing=runtime.tracing,
        lifespan=lifespan,
        description="Judges check-ins by the safety rules and keeps what a client's page shows.",
    )
