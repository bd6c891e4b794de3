"""Facts for partners: each that notify hears on a public topic, for the webhooks that want it."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.notify.store import webhook_queue
from shared.clock import Clock, rfc3339
from shared.contracts.catalogue import TOPICS
from shared.contracts.event import Envelope, Event
from shared.contracts.messages import (
    MessageCancelled,
    MessageFailed,
    MessageSent,
    MessageUnknown,
    RecipientRestored,
    RecipientSuppressed,
)
from shared.contracts.webhooks import WebhookPaused
from shared.handling import Handle, HandleAll, Handlers, Together
from shared.postgres import Transaction

OWN: tuple[type[Event], ...] = (
    MessageSent,
    MessageFailed,
    MessageUnknown,
    MessageCancelled,
    RecipientSuppressed,
    RecipientRestored,
    WebhookPaused,
)
"""What notify itself tells, and hears again like anybody else, for partners alone."""

PUBLIC = frozenset(topic.name for topic in TOPICS if not topic.private and not topic.compacted)


class Webhooks:
    """Queues facts for partners, in the transaction that made their effects true."""

    def __init__(self, clock: Clock, queued: Callable[[], None]) -> None:
        """`queued` is called when a delivery may be due; the transaction is still open then."""
        self._clock = clock
        self._queued = queued
        self._wanted: frozenset[str] = frozenset()
        self._read_at: datetime | None = None

    def hearing(self, handlers: Handlers) -> Handlers:
        """The handlers, with partners told of each public fact besides."""
        events: dict[type[Event], Handle] = dict.fromkeys(OWN, self._fact)
        for event, handle in handlers.events.items():
            events[event] = self._after(handle) if event.topic in PUBLIC else handle
        together = handlers.together
        if together is not None:
            together = Together(together.types, self._after_all(together.handle))
        return Handlers(events, handlers.tombstones, together)

    def _after(self, handle: Handle) -> Handle:
        async def both(tx: Transaction, event: Envelope[Any]) -> None:
            await handle(tx, event)
            await self._fact(tx, event)

        return both

    def _after_all(self, handle: HandleAll) -> HandleAll:
        async def both(tx: Transaction, events: Sequence[Envelope[Any]]) -> None:
            await handle(tx, events)
            for event in events:
                if event.data.topic in PUBLIC:
                    await self._fact(tx, event)

        return both

    async def _fact(self, tx: Transaction, event: Envelope[Any]) -> None:
        if not await self._is_wanted(tx, event):
            return
        told = {
            "id": event.id,
            "type": event.type,
            "timestamp": rfc3339(event.time),
            "data": event.data.model_dump(mode="json"),
        }
        queued = await webhook_queue.add(
            tx,
            source=event.source,
            event_id=event.id,
            type_=event.type,
            at=event.time,
            body=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
            now=self._clock(),
        )
        if queued:
            self._queued()

    async def _is_wanted(self, tx: Transaction, event: Envelope[Any]) -> bool:
        """Whether some webhook wants that type.

        A webhook is told what happened after it was made, so what was read later than the fact
        happened knows all that count: one reading serves a whole batch of facts.
        """
        if self._read_at is None or event.time >= self._read_at:
            read_at = self._clock()
            self._wanted = await webhook_queue.wanted_types(tx)
            self._read_at = read_at
        return event.type in self._wanted


def offered(handlers: Handlers) -> dict[str, str]:
    """The types partners may ask for, each with what it means, by name."""
    return {
        event.type: (event.__doc__ or "").strip().partition("\n")[0]
        for event in sorted(handlers.types, key=lambda event: event.type)
        if event.topic in PUBLIC
    }
