"""Progress's consumer with records made by hand, and what can be seen in its database."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord

from services.progress.consumers import subscriptions
from services.progress.handlers import rebuild
from shared.consumer import Consumer
from shared.contracts.booking import BookingConfirmed, BookingFact
from shared.contracts.event import Event
from shared.contracts.submissions import CheckInSubmitted
from shared.postgres import Database
from tests.unit.progress.builders import BOOKING, CLIENT, NOW, RULES, TRAINER, TZ

TABLES = ("clients", "log", "bookings", "check_ins", "holds")


@dataclass(frozen=True)
class Published:
    """An event as it waits in the outbox; `payload` byte for byte."""

    type: str
    key: str
    payload: str | None

    @property
    def data(self) -> Any:
        """The payload, read."""
        return json.loads(self.payload or "null")


class Service:
    """Hand records over, then look."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._offset = 0
        self.consumer = Consumer(
            db,
            "127.0.0.1:1",
            group="test",
            handlers=subscriptions(RULES),
            clock=lambda: NOW,
            committed=lambda: None,
        )

    async def hear(self, *events: Event) -> None:
        """Handle these events as one batch."""
        await self.consumer.handle_batch([self.record(event) for event in events])

    async def hear_one_by_one(self, events: Sequence[Event]) -> None:
        """Handle each event as a batch of its own."""
        for event in events:
            await self.hear(event)

    async def hear_at_once(self, batches: Sequence[Sequence[Event]]) -> None:
        """Handle these batches at the same time, as replicas do."""
        records = [[self.record(event) for event in batch] for batch in batches]
        await asyncio.gather(*map(self.consumer.handle_batch, records))

    def record(self, event: Event, *, identity: str | None = None) -> ConsumerRecord:
        """A record of an event, at the next offset."""
        self._offset += 1
        time = event.submitted_at if isinstance(event, CheckInSubmitted) else NOW
        headers = {
            "ce_specversion": "1.0",
            "ce_id": identity or str(uuid4()),
            "ce_type": event.type,
            "ce_source": "/limber/booking",
            "ce_time": time.isoformat(),
            "ce_subject": event.subject,
        }
        return ConsumerRecord(
            topic=event.topic,
            partition=0,
            offset=self._offset,
            timestamp=0,
            timestamp_type=0,
            key=event.key.encode(),
            value=event.model_dump_json().encode(),
            checksum=None,
            serialized_key_size=-1,
            serialized_value_size=-1,
            headers=tuple((name, value.encode()) for name, value in headers.items()),
        )

    async def published(self, *types: type[Event]) -> list[Published]:
        """What waits in the outbox, oldest first; of these types only, if any are named."""
        async with self.db.reading() as connection:
            rows = await connection.fetch(
                "select type, key, payload from outbox"
                " where $1::text[] = '{}' or type = any($1) order by seq",
                [event.type for event in types],
            )
        return [Published(**row) for row in rows]

    async def state(self, *tables: str) -> dict[str, str]:
        """Every row of progress's own tables as text, by table."""
        found = {}
        async with self.db.reading() as connection:
            for table in tables or TABLES:
                found[table] = await connection.fetchval(
                    f"select coalesce(string_agg(r::text, e'\\n' order by r::text), '')"
                    f" from {table} r"
                )
        return found

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        async with self.db.reading() as connection:
            found: int = await connection.fetchval(f"select count(*) from {table}")
        return found

    async def rebuild(self, client: UUID = CLIENT) -> list[str]:
        """Make a client's state again; the payloads of the events that followed."""
        async with self.db.transaction() as tx:
            events = await rebuild.rebuild(tx, client, RULES)
        return [event.model_dump_json() for event in events]


def a_fact(
    kind: type[BookingFact] = BookingConfirmed,
    version: int = 1,
    *,
    booking: UUID = BOOKING,
    trainer: UUID = TRAINER,
    start: datetime = NOW + timedelta(days=1),
    client: UUID = CLIENT,
    **more: Any,
) -> BookingFact:
    """A fact about a booking of one hour."""
    return kind(
        booking_id=booking,
        client_id=client,
        trainer_id=trainer,
        service="first-workout",
        mode="in-person",
        area="toronto",
        start=start,
        end=start + timedelta(hours=1),
        tz=TZ,
        version=version,
        **more,
    )
