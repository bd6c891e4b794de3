"""The consumer's promises: once in effect, parked per key, replayed in order, never in the way."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from aiokafka import ConsumerRecord

from shared import dead_letters, inbox
from shared.consumer import Consumer
from shared.contracts.event import Envelope
from shared.handling import Handlers, Together
from shared.postgres import Database, Transaction
from tests.integration.shared.fabric import NOW, Counted, Header, headers, record


class Applied:
    """Effects in the database: which numbers of which owner were applied, in which order."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.refuse: set[int] = set()
        self.wanted = 0
        self.batches: list[list[int]] = []

    async def apply_all(self, tx: Transaction, events: Sequence[Envelope[Counted]]) -> None:
        self.batches.append([event.data.number for event in events])
        for event in events:
            await self.apply(tx, event)

    async def apply(self, tx: Transaction, event: Envelope[Counted]) -> None:
        if event.data.number in self.refuse:
            raise LookupError("the rule that this number needs is missing")
        effect = (f"effect {event.data.owner}", str(event.data.number))
        await inbox.first_seen(tx, [effect], now=NOW)

    async def of(self, owner: str) -> list[int]:
        async with self.db.reading() as connection:
            rows = await connection.fetch(
                "select event_id from inbox where source = $1 order by ctid", f"effect {owner}"
            )
        return [int(row["event_id"]) for row in rows]

    async def parked(self) -> list[dead_letters.DeadLetter]:
        async with self.db.reading() as connection:
            return await dead_letters.list_parked(connection, "progress")

    async def ask_replay(self, **which: Any) -> int:
        async with self.db.transaction() as tx:
            return len(await dead_letters.request_replay(tx, now=NOW, **which))


@pytest.fixture
def applied(progress_db: Database) -> Applied:
    return Applied(progress_db)


@pytest.fixture(params=["one by one", "together"])
def consumer(progress_db: Database, applied: Applied, request: pytest.FixtureRequest) -> Consumer:
    together = Together(frozenset({Counted}), applied.apply_all)
    return a_consumer(
        progress_db,
        Handlers(together=together)
        if request.param == "together"
        else Handlers({Counted: applied.apply}),
    )


def a_consumer(db: Database, handlers: Handlers) -> Consumer:
    """A consumer that is handed its records by the tests."""
    return Consumer(
        db,
        "127.0.0.1:1",
        group="test",
        handlers=handlers,
        clock=lambda: NOW,
        committed=lambda: None,
    )


def counted(owner: str, number: int) -> Counted:
    return Counted(owner=owner, number=number)


async def test_an_event_that_arrives_three_times_has_one_effect(
    consumer: Consumer, applied: Applied
) -> None:
    twin = record(counted("ann", 1), 0, identity="same")

    await consumer.handle_batch([twin, record(counted("ann", 1), 1, identity="same")])
    await consumer.handle_batch([twin])

    assert [1] == await applied.of("ann")


def without(name: str, event: Counted) -> list[Header]:
    return [h for h in headers(event) if h[0] != name]


def replaced(name: str, value: bytes | None, event: Counted) -> list[Header]:
    return [(n, value if n == name else v) for n, v in headers(event)]


BAD = counted("poison", 1)
POISON: dict[str, tuple[Sequence[Header] | None, bytes | None]] = {
    "bad header bytes": (replaced("ce_id", b"\xff\xfe", BAD), b""),
    "null header": (replaced("ce_type", None, BAD), b""),
    "missing id": (without("ce_id", BAD), b""),
    "bad time": (replaced("ce_time", b"yesterday", BAD), b""),
    "bad JSON": (None, b"{not json"),
    "not UTF-8": (None, b'{"owner": "\xff"}'),
    "wrong schema": (None, b'{"owner": "poison", "number": "many"}'),
    "tombstone": (None, None),
    "oversize": (None, b"x" * (1024 * 1024 + 1)),
    "null character": (None, b'{"owner": "poison", "number": 1, "x": "\\u0000"}'),
    "another key": (None, b'{"owner": "somebody", "number": 1}'),
}


@pytest.mark.parametrize("kind", POISON)
async def test_poison_parks_with_its_bytes_and_neighbours_are_handled(
    consumer: Consumer, applied: Applied, kind: str
) -> None:
    given, value = POISON[kind]
    poison = record(BAD, 1, given=given, value=value)

    await consumer.handle_batch(
        [record(counted("ann", 1), 0), poison, record(counted("ben", 1), 2)]
    )

    parked = await applied.parked()
    assert [("poison", 1, 0)] == [(p.key, p.offset, p.behind) for p in parked]
    assert ([1], [1], []) == (
        await applied.of("ann"),
        await applied.of("ben"),
        await applied.of("poison"),
    )
    async with applied.db.reading() as connection:
        kept = await dead_letters.show_parked(connection, parked[0].id)
    assert kept is not None
    assert (poison.value, [list(h) for h in poison.headers]) == (kept["value"], kept["headers"])


async def test_an_unknown_type_is_passed_over(consumer: Consumer, applied: Applied) -> None:
    newer = record(
        counted("ann", 1), 0, given=replaced("ce_type", b"number.doubted.v7", counted("ann", 1))
    )

    await consumer.handle_batch([newer, record(counted("ann", 2), 1)])

    assert ([2], []) == (await applied.of("ann"), await applied.parked())


class Noted(Counted):
    """Another type of event, handled by itself."""

    type: ClassVar[str] = "number.noted.v1"


async def test_events_are_handled_together_as_far_as_they_follow_each_other(
    progress_db: Database, applied: Applied
) -> None:
    async def note(_: Transaction, event: Envelope[Noted]) -> None:
        applied.batches.append([-event.data.number])

    consumer = a_consumer(
        progress_db,
        Handlers({Noted: note}, together=Together(frozenset({Counted}), applied.apply_all)),
    )
    twin = record(counted("ann", 1), 0, identity="same")
    await consumer.handle_batch(
        [
            twin,
            record(counted("ben", 2), 1),
            twin,
            record(Noted(owner="ann", number=3), 2),
            record(counted("ann", 4), 3),
        ]
    )

    assert [[1, 2], [-3], [4]] == applied.batches


async def test_a_batch_handled_together_falls_apart_around_the_event_that_fails(
    progress_db: Database, applied: Applied
) -> None:
    applied.refuse.add(2)
    together = Together(frozenset({Counted}), applied.apply_all)
    consumer = a_consumer(progress_db, Handlers(together=together))

    await consumer.handle_batch(
        [record(counted(owner, n), n) for n, owner in enumerate(("ann", "ben", "cas", "ben"))]
    )

    assert [[0, 1, 2, 3], [0], [1], [2], [3]] == applied.batches
    assert [("cas", 2)] == [(p.key, p.offset) for p in await applied.parked()]


async def test_later_records_of_a_parked_key_wait_and_are_replayed_in_order(
    consumer: Consumer, applied: Applied
) -> None:
    applied.refuse = {2}
    batch = [record(counted("ann", n), n) for n in (1, 2, 3)]
    await consumer.handle_batch([*batch, record(counted("ben", 9), 4)])
    await consumer.handle_batch([record(counted("ann", 4), 5)])
    assert ([1], [9]) == (await applied.of("ann"), await applied.of("ben"))
    assert [(2, 2), (3, 1), (5, 0)] == [(p.offset, p.behind) for p in await applied.parked()]

    applied.refuse = set()
    asked = await applied.ask_replay(key="ann")
    replayed = await consumer.replay_parked()

    assert (3, 3) == (asked, replayed)
    assert [1, 2, 3, 4] == await applied.of("ann")
    assert [] == await applied.parked()
    await consumer.handle_batch([record(counted("ann", 5), 6)])
    assert [1, 2, 3, 4, 5] == await applied.of("ann")


async def test_a_replay_that_fails_again_stays_parked_with_the_new_reason(
    consumer: Consumer, applied: Applied
) -> None:
    applied.refuse = {1}
    await consumer.handle_batch([record(counted("ann", 1), 0), record(counted("ann", 2), 1)])

    await applied.ask_replay()

    assert 0 == await consumer.replay_parked()
    assert 0 == await consumer.replay_parked()
    assert ["LookupError in the handler", None] == [p.error for p in await applied.parked()]
    assert [] == await applied.of("ann")


async def test_replaying_one_letter_takes_its_whole_lane_along(
    consumer: Consumer, applied: Applied
) -> None:
    applied.refuse = {1}
    await consumer.handle_batch([record(counted("ann", 1), 0), record(counted("ann", 2), 1)])
    last = (await applied.parked())[-1]
    applied.refuse = set()

    await applied.ask_replay(letter=last.id)
    await consumer.replay_parked()

    assert [1, 2] == await applied.of("ann")


async def test_a_discarded_letter_lets_the_records_behind_it_go_on(
    consumer: Consumer, applied: Applied
) -> None:
    await consumer.handle_batch(
        [record(counted("ann", 1), 0, value=b"{not json"), record(counted("ann", 2), 1)]
    )
    first = (await applied.parked())[0]

    async with applied.db.transaction() as tx:
        assert await dead_letters.discard(tx, first.id)
    await consumer.replay_parked()

    assert ([2], []) == (await applied.of("ann"), await applied.parked())


async def test_keyless_records_park_alone(consumer: Consumer, applied: Applied) -> None:
    def keyless(offset: int) -> ConsumerRecord:
        full = record(counted("ann", offset), offset, value=b"{not json")
        return ConsumerRecord(**{**full.__dict__, "key": None})

    await consumer.handle_batch([keyless(0), keyless(1), record(counted("ann", 5), 2)])

    assert [(None, 0), (None, 0)] == [(p.key, p.behind) for p in await applied.parked()]
    assert [5] == await applied.of("ann")
