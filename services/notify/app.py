"""Notify, put together: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notify.consumers import listen
from services.notify.metrics import SendMetrics
from services.notify.senders import Sender
from services.notify.settings import NotifySettings
from services.notify.writing.mail import LetterWriter
from shared.http import create_app
from shared.runtime import Runtime

SERVICE = "notify"

DESCRIPTION = "Tells people: confirmations, changes, reminders, sign-in codes and safety alerts."


class Wake:
    """Wakes the sender after the commit of a batch in which a handler scheduled something."""

    def __init__(self) -> None:
        self.sender: Sender | None = None
        self._wanted = False

    def scheduled(self) -> None:
        """A handler scheduled something; its transaction is still open."""
        self._wanted = True

    def committed(self) -> None:
        """The batch is committed."""
        if self._wanted and self.sender is not None:
            self._wanted = False
            self.sender.wake()


def build(settings: NotifySettings) -> FastAPI:
    """The service as an application; nothing runs before its lifespan begins."""
    wake = Wake()
    clock = settings.clock
    handlers = listen(clock, wake.scheduled)
    runtime = Runtime(SERVICE, settings, handlers, committed=wake.committed)
    sender = wake.sender = Sender(
        runtime.db,
        clock,
        settings.servers,
        LetterWriter(sender=settings.from_, public_url=settings.public_url),
        SendMetrics(runtime.metrics.registry),
        runtime.relay.wake,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running([sender.run]):
            yield

    return create_app(
        SERVICE,
        metrics=runtime.metrics,
        health=runtime.health,
        lifespan=lifespan,
        description=DESCRIPTION,
    )
