"""Going back: a group in its topics, a service's tables, a database's files."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.recovery.backup import Backup, BackupError, archive_command
from deploy.recovery.offsets import GroupBusyError, UnknownGroupError, set_back
from deploy.recovery.restore import restore
from deploy.recovery.schema import SchemaError, Taken, take_over
from shared.kafka import KafkaAccess
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.shared.fabric import make_topic

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def topic(kafka_bootstrap: str) -> str:
    """A topic with ten records, one each minute from noon on."""
    name = await make_topic(kafka_bootstrap, partitions=1)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    try:
        for number in range(10):
            at = int((NOON + number * MINUTE).timestamp() * 1000)
            await producer.send_and_wait(name, str(number).encode(), timestamp_ms=at)
    finally:
        await producer.stop()
    return name


@pytest.fixture
async def member(kafka_bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of a new group that has read and committed all ten."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_bootstrap,
        group_id=f"test-{uuid4().hex}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        seen = 0
        while seen < 10:
            batch = await consumer.getmany(timeout_ms=500)
            seen += sum(map(len, batch.values()))
        await consumer.commit()
        yield consumer
    finally:
        await consumer.stop()


async def test_a_group_goes_back_to_a_moment(
    kafka_bootstrap: str, topic: str, member: AIOKafkaConsumer
) -> None:
    group, place = member._group_id, TopicPartition(topic, 0)
    await member.stop()

    [moved] = await set_back(KafkaAccess.at(kafka_bootstrap), group, NOON + 6.5 * MINUTE)

    assert (10, 7, 3) == (moved.before, moved.after, moved.again)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, group_id=group)
    await reader.start()
    try:
        reader.assign([place])
        assert 7 == await reader.committed(place)
    finally:
        await reader.stop()


async def test_a_group_never_goes_forward(
    kafka_bootstrap: str, topic: str, member: AIOKafkaConsumer
) -> None:
    group, access = member._group_id, KafkaAccess.at(kafka_bootstrap)
    await member.stop()
    await set_back(access, group, NOON)

    [moved] = await set_back(access, group, NOON + 5 * MINUTE)

    assert (0, 0) == (moved.before, moved.again)


async def test_a_group_that_still_runs_is_left_alone(
    kafka_bootstrap: str, member: AIOKafkaConsumer
) -> None:
    with pytest.raises(GroupBusyError):
        await set_back(KafkaAccess.at(kafka_bootstrap), member._group_id, NOON)


async def test_a_group_that_kafka_does_not_know_is_refused(kafka_bootstrap: str) -> None:
    with pytest.raises(UnknownGroupError):
        await set_back(KafkaAccess.at(kafka_bootstrap), f"nobody-{uuid4().hex}", NOON)


@pytest.fixture
async def beside(
    database_url: str, migrated_template: str, database: MigratedDatabase
) -> AsyncIterator[str]:
    """The superuser's URL of a second migrated database, as a restored server has it."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"create database {name} template {migrated_template}")
        yield database.superuser_url.rpartition("/")[0] + f"/{name}"
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


async def put(url: str, *clients: str, outbox: int = 0) -> None:
    """Clients of progress, each with an entry in the log, and events in the outbox."""
    connection = await asyncpg.connect(url)
    try:
        for client in clients:
            await connection.execute(
                "insert into progress.clients (client_id, version, level) values ($1, 1, 'go')",
                client,
            )
            await connection.execute(
                "insert into progress.log values ($1, 1, 'a.test.v1', 'a test', now(), '{}')",
                client,
            )
        for _ in range(outbox):
            await connection.execute(
                "insert into progress.outbox (event_id, topic, key, type, subject, payload,"
                " occurred_at) values ($1, 't', 'k', 'a.test.v1', 's', '{}', now())",
                uuid4(),
            )
    finally:
        await connection.close()


async def clients_in(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {str(r["client_id"]) for r in await connection.fetch("table progress.clients")}
    finally:
        await connection.close()


async def test_one_schema_is_taken_over_and_goes_on_from_there(
    database: MigratedDatabase, beside: str
) -> None:
    right, wrong = str(uuid4()), str(uuid4())
    await put(beside, right, outbox=3)
    await put(database.superuser_url, wrong, outbox=1)

    taken = await take_over(beside, database.superuser_url, "progress")

    assert {Taken("clients", 1), Taken("log", 1), Taken("outbox", 3)} <= set(taken)
    assert {right} == await clients_in(database.superuser_url)
    # A sequence that was left behind would give a place in the outbox a second time.
    await put(database.superuser_url, str(uuid4()), outbox=1)


async def test_a_service_that_runs_keeps_its_tables(
    database: MigratedDatabase, beside: str
) -> None:
    kept = str(uuid4())
    await put(database.superuser_url, kept)
    async with Database(database.url("progress"), "progress").opened():
        with pytest.raises(SchemaError, match="stop all"):
            await take_over(beside, database.superuser_url, "progress")

    assert {kept} == await clients_in(database.superuser_url)


async def test_tables_of_another_release_are_refused(
    database: MigratedDatabase, beside: str
) -> None:
    connection = await asyncpg.connect(beside)
    await connection.execute("delete from progress.migrations where name like '0002%'")
    await connection.close()

    with pytest.raises(SchemaError, match="migrate"):
        await take_over(beside, database.superuser_url, "progress")


def a_backup(place: Path, data: Path) -> Path:
    """A finished backup, as small as they come."""
    (place / "data" / "pg_wal").mkdir(parents=True)
    (place / "data" / "PG_VERSION").write_text("18\n")
    (place / "data" / "postgresql.auto.conf").touch()
    told = Backup(
        data_directory=str(data),
        archive=str(place.parent / "wal"),
        server_version="18.1",
        began_at=NOON,
        ended_at=NOON + MINUTE,
        start_lsn="0/1",
        stop_lsn="0/2",
        bytes=3,
    )
    (place / "backup.json").write_text(told.model_dump_json())
    return place


def test_a_restore_keeps_the_old_data_and_their_unarchived_wal(tmp_path: Path) -> None:
    data, archive = tmp_path / "data", tmp_path / "wal"
    archive.mkdir()
    (data / "pg_wal").mkdir(parents=True)
    for name in ("0" * 23 + "1", "0" * 23 + "2", "archive_status"):
        (data / "pg_wal" / name).touch()
    (archive / ("0" * 23 + "1")).touch()

    aside = restore(a_backup(tmp_path / "backup", data), to=NOON + 2 * MINUTE)

    assert ["0" * 23 + "2"] == [place.name for place in (data / "pg_wal").iterdir()]
    assert (data / "recovery.signal").exists()
    assert "recovery_target_time = '2026-03-02 12:02:00+00:00'" in (
        (data / "postgresql.auto.conf").read_text()
    )
    assert (aside / "pg_wal" / ("0" * 23 + "1")).exists()


def test_a_backup_cannot_go_to_a_moment_before_its_end(tmp_path: Path) -> None:
    backup = a_backup(tmp_path / "backup", tmp_path / "data")

    with pytest.raises(BackupError, match="older one"):
        restore(backup, to=NOON + MINUTE / 2)


def test_a_backup_that_was_never_finished_is_none(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no finished backup"):
        restore(tmp_path, to=None)


def test_an_archived_segment_is_never_replaced() -> None:
    assert 'cmp -s "%p" "/wal/%f"' in archive_command(Path("/wal"))
