"""Batches: what comes together is scheduled as if it had come one by one, in fewer statements."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.notify.handlers.webhooks import Webhooks
from shared.consumer import Consumer
from shared.contracts.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingRescheduled,
    SafetyAcknowledged,
)
from shared.contracts.contacts import Preferences, QuietTime
from shared.contracts.event import Event
from shared.postgres import Database
from tests.integration.notify.ears import EVERY_WAY, Ears, undone
from tests.integration.notify.notify_lives import NotifyLife, cut
from tests.integration.notify.telling import Telling
from tests.integration.notify.test_messages_golden import LEAD, level
from tests.integration.shared.fabric import record
from tests.unit.notify.builders import (
    CLIENT,
    NOW,
    START,
    TRAINER,
    a_booking_access,
    a_contact,
    a_fact,
    a_sign_in,
    an_envelope,
    facts_together,
)

LIVES, EVENTS = 3, 130
LONGEST = 60
STEP = timedelta(hours=7)

ROWS = {
    "deliveries": "to_jsonb(t) - array['id', 'lease', 'leased_until']",
    "contacts": "to_jsonb(t)",
    "bookings": "to_jsonb(t)",
    "together": "to_jsonb(t)",
    "safety_alerts": "to_jsonb(t)",
    "acknowledgements": "to_jsonb(t)",
    "happenings": "to_jsonb(t)",
    "clearances": "to_jsonb(t)",
}

TOLD = """
select array[d.template, d.subject_id::text, d.subject_version::text, d.channel,
    d.recipient_id::text] as message, o.type, o.payload::jsonb - 'message_id' as payload
from outbox o join deliveries d on d.id = (o.payload::jsonb ->> 'message_id')::uuid order by o.seq
"""


async def seen(ears: Ears) -> dict[str, Any]:
    """Every row but its random names, and what was told of each message, in order."""
    found: dict[str, Any] = {
        table: [row["r"] for row in await ears.rows(f"select {row} as r from {table} t order by 1")]
        for table, row in ROWS.items()
    }
    told = defaultdict[tuple[str, ...], list[Any]](list)
    for row in await ears.rows(TOLD):
        told[tuple(row["message"])].append((row["type"], row["payload"]))
    return found | {"told": told, "outbox": len(await ears.rows("select from outbox"))}


async def ends(
    db: Database, batches: Sequence[Sequence[Event]], *, together: bool
) -> tuple[dict[str, Any], list[bool]]:
    """How a life ends, and after which batches senders were woken; time passes between them."""
    woken = []
    async with undone(db) as ears:
        for batch in batches:
            before = ears.woken
            await (ears.hear_together(batch) if together else ears.hear(*batch))
            woken.append(ears.woken > before)
            for channel in ("email", "sms", "push"):
                await ears.judged(channel)
            ears.now += STEP
        return await seen(ears), woken


async def test_a_batch_ends_as_its_events_one_by_one(notify_db: Database) -> None:
    expected, found = {}, {}
    for seed in range(LIVES):
        batches = cut(NotifyLife(seed).events(EVENTS), seed, LONGEST)
        expected[seed] = await ends(notify_db, batches, together=False)
        found[seed] = await ends(notify_db, batches, together=True)

    assert expected == found


MOVED = a_fact(
    BookingRescheduled,
    version=2,
    start=START + timedelta(hours=3),
    previous_start=START,
    previous_trainer_id=TRAINER,
)
ENDED = a_fact(BookingCancelled, version=3, cancelled_by="client")
EVERYWHERE = a_contact(**EVERY_WAY)
NIGHT = Preferences(quiet=QuietTime(start="06:00", end="20:00"))
SIGN_INS = [a_sign_in(START, request_id=UUID(int=500 + n)) for n in range(2)]

CLOSE = {
    "a booking that moves": [a_contact(), a_fact(), MOVED],
    "a booking that ends": [a_fact(), MOVED, ENDED],
    "a person who moves": [a_fact(), a_contact(tz="Asia/Tokyo"), a_contact(version=2)],
    "a person with other hours": [a_contact(), a_fact(), a_contact(version=2, preferences=NIGHT)],
    "a person with a phone": [a_contact(), a_fact(), EVERYWHERE.model_copy(update={"version": 2})],
    "a person without one": [EVERYWHERE, a_fact(), a_contact(version=2)],
    "two codes": [a_contact(sign_in=SIGN_INS[0]), a_contact(version=2, sign_in=SIGN_INS[1])],
    "an alert that is answered": [
        a_contact(LEAD, role="lead", bookings=()),
        level("stop"),
        SafetyAcknowledged(client_id=CLIENT, acknowledged_by=TRAINER, at=NOW),
    ],
    "a series": [a_contact(), *facts_together(3), *facts_together(3)],
}  # fmt: skip


async def test_what_an_event_planned_is_there_for_the_next_of_its_batch(
    notify_db: Database,
) -> None:
    expected = {name: await ends(notify_db, [one], together=False) for name, one in CLOSE.items()}

    found = {name: await ends(notify_db, [one], together=True) for name, one in CLOSE.items()}

    assert expected == found


async def test_the_facts_of_a_series_are_told_once_wherever_a_batch_ends(
    notify_db: Database,
) -> None:
    facts = facts_together(4)
    expected = await ends(notify_db, [[a_contact(), *facts]], together=False)

    for first in range(1, 4):
        async with undone(notify_db) as ears:
            await ears.hear_together([a_contact(), *facts[:first]])
            await ears.hear_together(facts[first:])
            await ears.judged()
            found = await seen(ears)
        assert expected[0]["deliveries"] == found["deliveries"]
        assert [] == found["together"]


async def test_forty_events_take_the_statements_of_one(notify_db: Database) -> None:
    people = [UUID(int=1_000 + n) for n in range(40)]
    contacts = [a_contact(who, bookings=(a_booking_access(who),)) for who in people]
    bookings = [a_fact(booking_id=who, client_id=who) for who in people]
    ears = Ears(notify_db)
    counted = []
    for events in (contacts[:1], contacts[1:], bookings[:1], bookings[1:]):
        statements: list[str] = []
        async with notify_db.transaction() as tx:
            with tx.query_logger(lambda query, into=statements: into.append(query.query)):
                await ears.together.handle(tx, [an_envelope(event) for event in events])
        counted.append(
            len([one for one in statements if "typeinfo_tree" not in one and "jit" not in one])
        )

    assert counted[0] == counted[1] == 4
    assert counted[2] == counted[3] == 3
    assert 40 * 5 == len(await ears.scheduled())


async def test_a_poisonous_event_leaves_those_of_others_in_its_batch(notify_db: Database) -> None:
    nonsense = Preferences(quiet=QuietTime(start="late", end="early"))
    ears = Ears(notify_db)
    consumer = Consumer(
        notify_db,
        "127.0.0.1:1",
        group="test",
        handlers=ears.handlers,
        clock=ears.clock,
        committed=lambda: None,
    )
    people = [UUID(int=1_000 + n) for n in range(3)]
    events: list[Event] = [
        *(a_contact(who, preferences=nonsense if who == people[1] else None) for who in people),
        *(a_fact(booking_id=who, client_id=who) for who in people),
    ]

    await consumer.handle_batch([record(event, n) for n, event in enumerate(events)])

    assert [people[0], people[2]] == [
        row["person_id"] for row in await ears.rows("select person_id from contacts order by 1")
    ]
    assert 3 == len(await ears.rows("select from bookings"))
    assert 1 == len(await ears.rows("select from dead_letters"))


async def test_what_waits_is_not_looked_at_before_it_is_due(notify_db: Database) -> None:
    six_in_toronto = START - timedelta(hours=4)
    day_before, evening_before = (six_in_toronto - timedelta(hours=h) for h in (24, 33))
    async with undone(notify_db) as ears:
        await ears.hear(a_fact(start=six_in_toronto))
        ears.now = evening_before
        await ears.judged()
        ears.now += timedelta(minutes=1)

        # There it is the evening when the day before begins in Toronto: nothing speaks against it.
        await ears.hear(a_contact(tz="Asia/Tokyo"))

        [reminder] = await ears.rows("select * from deliveries where template = 'reminder-24h'")
    assert (None, day_before) == (reminder["waits_for"], reminder["next_at"])


async def test_partners_hear_of_each_public_fact_of_a_batch(
    notify_db: Database, telling: Telling
) -> None:
    await telling.partner("https://partner.example/hook", [BookingConfirmed.type])
    heard = Webhooks(telling.clock, telling._wake).hearing(Ears(notify_db).handlers)
    assert heard.together is not None
    bookings = [a_fact(booking_id=UUID(int=700 + n)) for n in range(3)]

    async with notify_db.transaction() as tx:
        await heard.together.handle(
            tx, [an_envelope(event) for event in (a_contact(), *bookings, MOVED)]
        )

    assert ["waiting"] * 3 == await telling.states()
    assert {CLIENT} == {row["person_id"] for row in await telling.rows("select * from contacts")}
    assert NOW == telling.now
