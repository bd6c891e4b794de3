"""What events of one batch lead to keeps its own cause, whether or not this service is followed."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from services.progress.consumers import subscriptions
from shared import outbox
from shared.consumer import Consumer
from shared.contracts.event import Event
from shared.handling import Handlers
from shared.postgres import Database, Transaction
from shared.tracing import caused_by
from tests.integration.notify.ears import Ears
from tests.integration.shared.fabric import NOW, Counted, headers, record
from tests.unit.notify.builders import a_booking_access, a_contact, a_fact
from tests.unit.progress.builders import RULES, a_check_in

PEOPLE = [UUID(int=1_000 + n) for n in range(3)]


def cause_of(person: UUID) -> str:
    """The traceparent of what a person did."""
    return f"00-{person.int:032x}-{1:016x}-01"


def consuming(db: Database, handlers: Handlers, clock: Callable[[], Any]) -> Consumer:
    return Consumer(
        db, "127.0.0.1:1", group="t", handlers=handlers, clock=clock, committed=lambda: None
    )


async def hear(consumer: Consumer, events: Sequence[tuple[Event, UUID]]) -> None:
    """As one batch, each event with the cause of its person."""
    await consumer.handle_batch(
        [
            record(event, n, given=[*headers(event), ("traceparent", cause_of(who).encode())])
            for n, (event, who) in enumerate(events)
        ]
    )


async def test_each_message_of_a_batch_comes_from_the_event_about_it(notify_db: Database) -> None:
    ears = Ears(notify_db)
    contacts = [(a_contact(who, bookings=(a_booking_access(who),)), who) for who in PEOPLE]
    bookings = [(a_fact(booking_id=who, client_id=who), who) for who in PEOPLE]

    await hear(consuming(notify_db, ears.handlers, ears.clock), [*contacts, *bookings])

    rows = await ears.rows("select subject_id, traceparent from deliveries")
    assert len(PEOPLE) < len(rows)
    assert [cause_of(row["subject_id"]) for row in rows] == [row["traceparent"] for row in rows]
    told = await ears.rows(
        "select d.subject_id, o.traceparent from outbox o"
        " join deliveries d on d.id = (o.payload::jsonb ->> 'message_id')::uuid"
    )
    assert [cause_of(row["subject_id"]) for row in told] == [row["traceparent"] for row in told]


async def test_what_progress_concludes_comes_from_the_report_it_is_about(
    progress_db: Database,
) -> None:
    reports = [(a_check_in(n, "daily", 8, client=who), who) for n, who in enumerate(PEOPLE)]

    await hear(consuming(progress_db, subscriptions(RULES), lambda: NOW), reports)

    async with progress_db.reading() as connection:
        rows = await connection.fetch("select key, traceparent from outbox")
    assert len(PEOPLE) <= len(rows)
    assert [cause_of(UUID(row["key"])) for row in rows] == [row["traceparent"] for row in rows]


async def test_an_event_handled_by_itself_is_the_cause_of_what_its_handler_tells(
    progress_db: Database,
) -> None:
    async def tell_on(tx: Transaction, event: Any) -> None:
        await outbox.add(tx, [event.data], now=NOW)

    consumer = consuming(progress_db, Handlers({Counted: tell_on}), lambda: NOW)

    await hear(consumer, [(Counted(owner=str(who), number=1), who) for who in PEOPLE])

    async with progress_db.reading() as connection:
        rows = await connection.fetch("select key, traceparent from outbox")
    assert [cause_of(UUID(row["key"])) for row in rows] == [row["traceparent"] for row in rows]


async def test_events_know_no_cause_once_its_block_has_ended(progress_db: Database) -> None:
    async with progress_db.transaction() as tx:
        with caused_by(cause_of(PEOPLE[0])):
            await outbox.add(tx, [Counted(owner="ann", number=1)], now=NOW)
        await outbox.add(tx, [Counted(owner="ann", number=2)], now=NOW)

    async with progress_db.reading() as connection:
        rows = await connection.fetch("select traceparent from outbox order by seq")
    assert [cause_of(PEOPLE[0]), None] == [row["traceparent"] for row in rows]
