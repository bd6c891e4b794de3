"""Notify as partners see it: facts in, requests out, with a clock that the test sets."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.notify.channels.webhooks import WebhookMetrics, WebhookSender
from services.notify.handlers.webhooks import Webhooks
from services.notify.store import webhooks as store
from shared.contracts.booking import BookingConfirmed
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope, Event
from shared.contracts.messages import MessageSent
from shared.handling import Handlers
from shared.postgres import Database, Transaction
from shared.signatures import SignatureError, new_secret, verify
from shared.telemetry import Metrics
from tests.integration.notify.partner import Heard
from tests.unit.notify.builders import CLIENT, NOW

CONFIRMED, SENT = BookingConfirmed.type, MessageSent.type
ALL = (CONFIRMED, SENT)


class Telling:
    """Notify as partners see it: facts in, requests out, with a clock that the test sets."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = NOW
        self.handled: list[str] = []
        self.woken = 0
        self.hearing = Webhooks(self.clock, self._wake).hearing(
            Handlers({BookingConfirmed: self._handle, ContactChanged: self._handle})
        )
        self.sender = self.another_sender()

    def another_sender(self) -> WebhookSender:
        return WebhookSender(
            self.db, self.clock, WebhookMetrics(Metrics().registry), lambda: None, inwards=True
        )

    def clock(self) -> datetime:
        return self.now

    async def partner(
        self, url: str, types: Sequence[str] = ALL, secret: str | None = None
    ) -> UUID:
        """A webhook made a moment before now."""
        async with self.db.transaction() as tx:
            made = await store.add(
                tx,
                store.Wish("a partner", url, types),
                secret or new_secret(),
                uuid4(),
                most=50,
                now=self.now - timedelta(seconds=1),
            )
        assert made is not None
        return made.id

    async def hear(self, *events: Event, at: datetime | None = None) -> None:
        for event in events:
            envelope: Envelope[Any] = Envelope(
                id=str(uuid4()),
                source="/limber/test",
                type=event.type,
                time=at or self.now,
                subject=None,
                data=event,
            )
            async with self.db.transaction() as tx:
                await self.hearing.events[type(event)](tx, envelope)

    async def send(self) -> None:
        """Send until nothing is due."""
        for _ in range(200):
            if not await self.sender.begin_due():
                return
            await self.sender.ended()
        raise AssertionError("something is due for ever")

    async def close(self) -> None:
        await self.sender._outgoing.close()

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows("select state from webhook_deliveries")]

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        async with self.db.reading() as connection:
            found: list[Any] = await connection.fetch(sql, *arguments)
            return found

    async def _handle(self, _: Transaction, event: Envelope[Any]) -> None:
        self.handled.append(event.type)

    def _wake(self) -> None:
        self.woken += 1


def a_message_sent() -> MessageSent:
    return MessageSent(
        message_id=uuid4(),
        recipient_id=CLIENT,
        template="reminder-24h",
        channel="email",
        at=NOW,
    )


def fits(secret: str, heard: Heard) -> bool:
    try:
        verify([secret], heard.headers, heard.body, now_s=time.time())
    except SignatureError:
        return False
    return True
