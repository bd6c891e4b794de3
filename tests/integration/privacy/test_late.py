"""What comes late about somebody erased: in any order of topics, parked or not, it does nothing."""

import asyncio
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord

from services.progress.store import clients
from shared.contracts.booking import ClientErased
from shared.contracts.contacts import ContactChanged
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.booking.front_door import NOW
from tests.integration.privacy import town
from tests.integration.progress.service import Service
from tests.integration.shared.fabric import record
from tests.unit.progress.builders import CLIENT, a_check_in

ERASED = ClientErased(client_id=CLIENT, at=NOW)


async def test_a_report_behind_the_erasure_changes_nothing_in_its_batch_or_later(
    progress_db: Database,
) -> None:
    service = Service(progress_db)
    await service.hear(a_check_in())
    assert 1 == await service.count("check_ins")

    await service.hear(ERASED, a_check_in())
    await service.hear(a_check_in())

    assert [0, 0] == [await service.count("check_ins"), await service.count("log")]
    (view,) = [one for one in await service.published() if one.type == ""]
    assert (str(CLIENT), None) == (view.key, view.payload)


async def test_a_replica_that_waited_for_the_clients_row_finds_nobody(
    progress_db: Database,
) -> None:
    service = Service(progress_db)
    await service.hear(a_check_in())
    async with progress_db.transaction() as erasing:
        await clients.erase(erasing, CLIENT, at=NOW)
        # As a replica whose look at the erased came before this commit.
        waiting = asyncio.create_task(service.hear(a_check_in()))
        await until_waiting(progress_db)
    await waiting

    assert [0, 0] == [await service.count("check_ins"), await service.count("log")]


async def until_waiting(db: Database) -> None:
    """Until a statement of this database waits for a lock."""
    async with asyncio.timeout(20), db.reading() as connection:
        while not await connection.fetchval(  # noqa: ASYNC110 - the condition is the server's state
            "select exists (select from pg_stat_activity where datname = current_database()"
            " and wait_event_type = 'Lock')"
        ):
            await asyncio.sleep(0.02)


async def test_an_erasure_does_not_wait_behind_parked_records(progress_db: Database) -> None:
    service = Service(progress_db)
    poison = record(ERASED, 1, value=b"{}")
    await service.consumer.handle_batch([poison])
    async with progress_db.reading() as connection:
        assert 1 == await connection.fetchval("select count(*) from parked_keys")

    await service.consumer.handle_batch([record(ERASED, 2)])

    async with progress_db.reading() as connection:
        assert 0 == await connection.fetchval("select count(*) from parked_keys")
        assert 0 == await connection.fetchval("select count(*) from dead_letters")
        assert [CLIENT] == await connection.fetchval("select array_agg(client_id) from erased")


async def test_a_tombstone_does_not_wait_behind_a_document_nobody_can_read(
    database: MigratedDatabase,
) -> None:
    person = uuid4()
    async with town.opened(database) as place:
        consumer = place.consumers["notify"]
        await consumer.handle_batch([_raw(person, b"not a document", 1)])
        await consumer.handle_batch([_raw(person, None, 2)])

        assert 0 == await place.parked()


def _raw(person: UUID, value: bytes | None, offset: int) -> ConsumerRecord:
    return ConsumerRecord(
        topic=ContactChanged.topic,
        partition=0,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=str(person).encode(),
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=(("ce_id", b"x"), ("ce_type", b"contact.changed.v1")),
    )
