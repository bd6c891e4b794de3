"""Notify, put together: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from services.notify.api.preview import Previews
from services.notify.api.routes import add_routes
from services.notify.channels import Channel
from services.notify.channels.mail import mail_channel
from services.notify.channels.push import PushServices, push_channel
from services.notify.channels.sms import sms_channel
from services.notify.channels.webhooks import WebhookMetrics, WebhookSender
from services.notify.consumers import listen
from services.notify.handlers import contacts
from services.notify.handlers.calendar import Calendar
from services.notify.handlers.webhooks import Webhooks, offered
from services.notify.lanes import Means
from services.notify.metrics import SendMetrics
from services.notify.senders import Sender
from services.notify.settings import NotifySettings
from services.notify.store import digests, happenings, reports, retention
from services.notify.writing.mail import LetterWriter
from services.notify.writing.short import ShortWriter
from shared.http import create_app
from shared.postgres import Transaction
from shared.runtime import Runtime

SERVICE = "notify"

DESCRIPTION = "Tells people: confirmations, changes, reminders, sign-in codes and safety alerts."


class Wake:
    """Wakes who sends after the commit of a batch in which a handler gave them something."""

    def __init__(self) -> None:
        self.sender: Sender | None = None
        self.partners: WebhookSender | None = None
        self._scheduled = self._queued = False

    def scheduled(self) -> None:
        """A handler scheduled a message; its transaction is still open."""
        self._scheduled = True

    def queued(self) -> None:
        """A handler queued a fact for partners; its transaction is still open."""
        self._queued = True

    def committed(self) -> None:
        """The batch is committed."""
        if self._scheduled and self.sender is not None:
            self._scheduled = False
            self.sender.wake()
        if self._queued and self.partners is not None:
            self._queued = False
            self.partners.wake()


def build(settings: NotifySettings) -> FastAPI:
    """The service as an application; nothing runs before its lifespan begins."""
    wake = Wake()
    clock = settings.clock
    heard = listen(clock, wake.scheduled)
    handlers = Webhooks(clock, wake.queued).hearing(heard)
    runtime = Runtime(SERVICE, settings, handlers, committed=wake.committed)
    writer = LetterWriter(
        sender=settings.from_, public_url=settings.public_url, company=settings.company
    )
    short = ShortWriter(public_url=settings.public_url, company=settings.company)
    metrics = SendMetrics(runtime.metrics.registry)
    runtime.hears.append(metrics.hear)
    sender = wake.sender = Sender(
        Means(runtime.db, clock, metrics, runtime.relay.wake, digests.gather, runtime.tracing),
        _channels(settings, writer, short),
    )
    partners = wake.partners = WebhookSender(
        runtime.db,
        clock,
        WebhookMetrics(runtime.metrics.registry),
        runtime.relay.wake,
        inwards=settings.private_targets,
    )

    def planned() -> None:
        runtime.relay.wake()
        sender.wake()

    calendar = Calendar(runtime.db, clock, planned)

    async def clean(tx: Transaction) -> None:
        await happenings.forget_old(tx, clock())
        await partners.forget_old(tx)
        await reports.forget_old(tx, now=clock())
        await contacts.sweep_again(tx, now=clock())
        await retention.forget_old(tx, now=clock())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with runtime.running([sender.run, calendar.run, partners.run], cleaning=[clean]):
            yield

    app = create_app(
        SERVICE,
        metrics=runtime.metrics,
        health=runtime.health,
        tracing=runtime.tracing,
        lifespan=lifespan,
        description=DESCRIPTION,
    )
    add_routes(
        app,
        db=runtime.db,
        clock=clock,
        relay=runtime.relay,
        registry=runtime.metrics.registry,
        previews=Previews(writer, short),
        company=settings.company,
        callback_secrets=settings.secrets_of_providers,
        webhook_types=offered(handlers),
        webhooks_changed=partners.wake,
        inwards=settings.private_targets,
    )
    return app


def _channels(
    settings: NotifySettings, writer: LetterWriter, short: ShortWriter
) -> list[Channel[Any]]:
    """The channels that are set up."""
    channels: list[Channel[Any]] = [mail_channel(settings.servers, writer)]
    if settings.sms:
        channels.append(sms_channel(settings.sms, short))
    if (key := settings.push_key(settings.company.contact)) is not None:
        channels.append(push_channel(PushServices(key, settings.private_targets), short))
    return channels
