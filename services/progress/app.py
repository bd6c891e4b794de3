"""The composition root of progress: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.progress.consumers import subscriptions
from services.progress.domain import rules
from services.progress.settings import ProgressSettings
from shared.http import create_app
from shared.runtime import Runtime


def build(settings: ProgressSettings) -> FastAPI:
    """The service, running while the application does."""
    runtime = Runtime("progress", settings, subscriptions(rules.load()))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running():
            yield

    return create_app(
        "progress",
        metrics=runtime.metrics,
        health=runtime.health,
        lifespan=lifespan,
        description="Judges check-ins by the safety rules and keeps what a client's page shows.",
    )
