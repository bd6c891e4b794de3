"""Notify, put together: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notify.channels.mail import mail_channel
from services.notify.consumers import listen
from services.notify.handlers.calendar import Calendar
from services.notify.lanes import Means
from services.notify.metrics import SendMetrics
from services.notify.senders import Sender
from services.notify.settings import NotifySettings
from services.notify.store import digests, happenings
from services.notify.writing.mail import LetterWriter
from shared.http import create_app
from shared.postgres import Transaction
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
    writer = LetterWriter(sender=settings.from_, public_url=settings.public_url)
    metrics = SendMetrics(runtime.metrics.registry)
    sender = wake.sender = Sender(
        Means(runtime.db, clock, metrics, runtime.relay.wake, digests.gather),
        [mail_channel(settings.servers, writer)],
    )

    def planned() -> None:
        runtime.relay.wake()
        sender.wake()

    calendar = Calendar(runtime.db, clock, planned)

    async def clean(tx: Transaction) -> None:
        await happenings.forget_old(tx, clock())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running([sender.run, calendar.run], cleaning=[clean]):
            yield

    return create_app(
        SERVICE,
        metrics=runtime.metrics,
        health=runtime.health,
        lifespan=lifespan,
        description=DESCRIPTION,
    )
