"""Notify without its senders: events go in, and what is scheduled and judged is looked at."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from services.notify.consumers import listen
from services.notify.domain.delivery import Delivery, Drop, Verdict, Wait
from services.notify.domain.judging import judge_all
from services.notify.handlers.calendar import Calendar
from services.notify.store import claims, present, queue
from shared.contracts.contacts import Grant, PushDevice
from shared.contracts.event import Event
from shared.postgres import Database, Transaction
from shared.records import Tombstone
from tests.unit.notify.builders import NOW, an_envelope

CLAIMED = 100


class Scheduled(NamedTuple):
    """A message as it stands, in the words of a test."""

    template: str
    channel: str
    recipient: UUID
    state: str = "scheduled"


class OneTransaction:
    """A database whose transactions are parts of one, so that a test can undo them all."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._connection.transaction():
            yield self._connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        yield self._connection


class Ears:
    """Hears events on one database, with a clock that the test sets."""

    def __init__(self, db: Database | OneTransaction, now: datetime = NOW) -> None:
        self.db = db
        self.now = now
        self.woken = 0
        self.handlers = listen(self.clock, self._wake)
        assert self.handlers.together is not None
        self.together = self.handlers.together
        self.calendar = Calendar(cast("Database", db), self.clock, lambda: None)

    def clock(self) -> datetime:
        return self.now

    async def hear(self, *events: Event, at: datetime | None = None) -> None:
        """Handle events, each in a transaction of its own."""
        for event in events:
            await self.hear_together([event], at=at)

    async def hear_together(self, events: Sequence[Event], *, at: datetime | None = None) -> None:
        """Handle events as one batch."""
        async with self.db.transaction() as tx:
            await self.together.handle(tx, [an_envelope(one, at=at or self.now) for one in events])

    def _wake(self) -> None:
        self.woken += 1

    async def forget(self, person: UUID) -> None:
        async with self.db.transaction() as tx:
            await self.handlers.tombstones["booking.contacts"](
                tx, Tombstone("booking.contacts", str(person))
            )

    async def scheduled(self, *states: str) -> list[Scheduled]:
        """All messages, or those in these states, sorted."""
        rows = await self.rows("select template, channel, recipient_id, state from deliveries")
        found = [Scheduled(*row) for row in rows]
        return sorted(one for one in found if not states or one.state in states)

    async def judged(self, channel: str = "email", *, sent: bool = True) -> dict[str, Verdict]:
        """What a sender does with what is due now: template to verdict; what is sent counts."""
        async with self.db.transaction() as tx:
            found = await claimed(tx, channel, self.now)
            await settle(tx, found, self.now, sent=sent)
        return {delivery.template: verdict for delivery, verdict in found}

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        async with self.db.reading() as connection:
            found: list[Any] = await connection.fetch(sql, *arguments)
            return found


@asynccontextmanager
async def undone(db: Database) -> AsyncIterator[Ears]:
    """Ears whose effects are gone afterwards."""
    async with db.reading() as connection:
        whole = connection.transaction()
        await whole.start()
        try:
            yield Ears(OneTransaction(connection))
        finally:
            await whole.rollback()


async def claimed(
    tx: Transaction, channel: str, now: datetime, *, most: int = CLAIMED
) -> list[tuple[Delivery, Verdict]]:
    """Messages that are due with their verdicts, taken as a sender takes them."""
    found = await claims.claim(tx, channel, limit=most, now=now)
    return judge_all(await present.complete(tx, found, now=now), now=now)


async def settle(
    tx: Transaction, judged: Sequence[tuple[Delivery, Verdict]], now: datetime, *, sent: bool
) -> None:
    """Write what follows from the verdicts: waits and drops as a sender, sent without sending."""
    for delivery, verdict in judged:
        if isinstance(verdict, Drop):
            await queue.give_up(tx, [(delivery, verdict)], now=now)
        elif isinstance(verdict, Wait):
            await queue.put_back(tx, [(delivery, verdict)], now=now)
        elif sent:
            await tx.execute(
                "update deliveries set state = 'sent', sent_at = $2, lease = null,"
                " leased_until = null where id = $1",
                delivery.id,
                now,
            )
        else:
            await queue.release(tx, [delivery], now=now)


def a_grant(
    channel: str, *, granted: bool = True, expires_at: datetime | None = None, of: str = "service"
) -> Grant:
    return Grant.model_validate(
        {
            "message_class": of,
            "channel": channel,
            "granted": granted,
            "basis": "express" if granted else "withdrawn",
            "at": NOW - timedelta(days=1),
            "expires_at": expires_at,
        }
    )


def a_device(number: int = 1) -> PushDevice:
    return PushDevice(
        id=UUID(int=number), endpoint="https://push.example/1", p256dh="key", auth="secret"
    )


EVERY_WAY: dict[str, Any] = {
    "phone": "+14165550100",
    "grants": (a_grant("email"), a_grant("sms"), a_grant("push")),
    "devices": (a_device(),),
}
"""Consent to all channels, and where to send."""
