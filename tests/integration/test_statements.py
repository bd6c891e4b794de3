"""Statements and commits of a booking and a check-in in each service, held to a baseline.

A change that needs more or fewer changes tests/bench/baseline.json with it, and says why.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import ANY

from services.booking import consumers, demo
from services.notify.consumers import listen
from services.progress.consumers import subscriptions
from shared import outbox
from shared.consumer import Consumer
from shared.contracts.catalogue import EVENT_TYPES
from shared.contracts.event import Event
from shared.handling import Handlers
from shared.outbox import Relay
from shared.postgres import Database, Transaction
from tests.conftest import MigratedDatabase
from tests.integration.booking import front_door
from tests.integration.booking.front_door import NOW, SIGNER, a_wish
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.shared.fabric import Header, headers, new_counted, record
from tests.unit.progress.builders import RULES

BASELINE = Path(__file__).parents[1] / "bench" / "baseline.json"
WRITES = ("insert", "update", "delete")
LOOK_UP = ("typeinfo_tree", "set_config('jit'")
"""asyncpg looks array types up once a connection; that is no cost of a request."""

EMAIL = "ann@example.org"


class CountedDatabase(Database):
    """A database that knows what it was asked."""

    def __init__(self, database: MigratedDatabase, service: str) -> None:
        super().__init__(database.url(service), service)
        self._statements: list[str] = []
        self._commits = 0

    def take(self) -> dict[str, int]:
        """Statements and commits since the last look; BEGIN and COMMIT are no statements here."""
        taken = {"statements": len(self._statements), "commits": self._commits}
        self._statements, self._commits = [], 0
        return taken

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """As ever, and counted."""
        async with super().transaction() as tx:
            with tx.query_logger(self._note):
                yield tx
        self._commits += 1

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """As ever, and counted: here each statement that writes commits by itself."""

        def note(query: Any) -> None:
            self._note(query)
            self._commits += any(word in query.query for word in WRITES)

        async with super().reading() as connection:
            with connection.query_logger(note):
                yield connection

    def _note(self, query: Any) -> None:
        if not any(word in query.query for word in LOOK_UP):
            self._statements.append(query.query)


class Listener:
    """A service's consumer that is handed what another service's outbox holds."""

    def __init__(self, db: Database, handlers: Handlers) -> None:
        self._topics = handlers.topics
        self._offset = 0
        self._consumer = Consumer(
            db,
            "127.0.0.1:1",
            group="test",
            handlers=handlers,
            clock=lambda: NOW,
            committed=lambda: None,
        )

    async def hear(self, events: Sequence[Event]) -> None:
        """Handle the events of its topics as one batch."""
        mine = [event for event in events if event.topic in self._topics]
        assert mine
        await self._consumer.handle_batch(
            [
                record(event, self._offset + place, given=happening_now(event))
                for place, event in enumerate(mine)
            ]
        )
        self._offset += len(mine)


def happening_now(event: Event) -> list[Header]:
    """The headers of an event; an old one would find its mails no longer worth sending."""
    return [
        (n, NOW.isoformat().encode() if n == "ce_time" else value) for n, value in headers(event)
    ]


async def take_outbox(service: str, database: MigratedDatabase) -> list[Event]:
    """What a service has to publish; afterwards its outbox is empty."""
    async with Database(database.url(service), service).opened() as db, db.transaction() as tx:
        rows = await tx.fetch("select type, payload from outbox order by seq")
        await tx.execute("delete from outbox")
    return [EVENT_TYPES[row["type"]].model_validate_json(row["payload"]) for row in rows]


async def test_a_booking_and_a_check_in_take_the_statements_of_the_baseline(
    database: MigratedDatabase,
) -> None:
    counted: dict[str, dict[str, dict[str, int]]] = {"booking": {}, "notify": {}, "progress": {}}
    booking_db, notify_db, progress_db = (CountedDatabase(database, name) for name in counted)
    async with (
        booking_db.opened(),
        notify_db.opened(),
        progress_db.opened(),
        front_door.opened(booking_db) as door,
        PostOffice() as office,
    ):

        def note(db: CountedDatabase, what: str) -> None:
            counted[db.schema][what] = db.take()

        notify = Notify(notify_db, [office], now=NOW)
        notify_listens = Listener(notify_db, listen(notify.clock, lambda: None))
        progress_listens = Listener(progress_db, subscriptions(RULES))
        async with booking_db.transaction() as tx:
            await demo.add_missing(tx, SIGNER, now=NOW)
        staff = await take_outbox("booking", database)
        await notify_listens.hear(staff)
        note(booking_db, "demo")
        note(notify_db, "demo")

        made = await door.made("/v1/bookings", a_wish(email=EMAIL), key="first")
        note(booking_db, "POST bookings")
        events = await take_outbox("booking", database)
        await notify_listens.hear(events)
        note(notify_db, "a booking's events")
        await notify.lane.send_due()
        note(notify_db, "a booking's mails sent")
        await progress_listens.hear(events)
        note(progress_db, "a booking's events")
        await take_outbox("progress", database)

        token = await door.sign_in(EMAIL)
        note(booking_db, "sign-in")
        body = {"kind": "daily", "pain": 8}
        where = f"/v1/clients/{made['client_id']}/check-ins"
        accepted = await door.made(where, body, token=token, key="second")
        note(booking_db, "POST check-ins")
        await progress_listens.hear(await take_outbox("booking", database))
        note(progress_db, "a check-in")
        answers = await take_outbox("progress", database)
        await Listener(booking_db, consumers.handlers(SIGNER, door.clock)).hear(answers)
        note(booking_db, "a check-in's answer")
        await notify_listens.hear(answers)
        note(notify_db, "a check-in's answer")
        answer = await door.ask("GET", accepted["url"], token=token)
        note(booking_db, "GET a check-in's answer")

    assert ("done", 2) == (answer.json()["status"], len(office.mails))
    del counted["booking"]["demo"], counted["booking"]["sign-in"], counted["notify"]["demo"]
    assert json.loads(BASELINE.read_text()) == {**counted, "relay": ANY}


async def test_a_batch_of_the_relay_takes_the_statements_of_the_baseline(
    database: MigratedDatabase, kafka_bootstrap: str
) -> None:
    event = await new_counted(kafka_bootstrap)
    db = CountedDatabase(database, "progress")
    async with db.opened():
        async with db.transaction() as tx:
            await outbox.add(tx, [event(owner="ann", number=n) for n in range(3)], now=NOW)
        add = db.take()
        relay = Relay(db, kafka_bootstrap, source="/limber/test")
        published = await relay.publish_batch()
        await relay.close()
        batch = db.take()

    assert 3 == published
    expected = json.loads(BASELINE.read_text())["relay"]
    assert expected == {"writing a batch": add, "publishing a batch": batch}
