"""The access log is chained: a line that is changed, taken out or slipped in is found."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.booking.chaining import Chaining
from services.booking.store import access_chain, access_log
from shared.postgres import Database
from tests.integration.booking.front_door import AMARA, NOW, FrontDoor, Home

ANN, BEN = uuid4(), uuid4()


@pytest.fixture
async def db(home: Home, door: FrontDoor) -> Database:
    """Ten looks, one of them at a list, chained in two goes."""
    for number in range(10):
        async with door.db.transaction() as tx:
            if number == 5:
                await access_log.note_all(tx, AMARA, "trainer", [ANN, BEN], "look 5", now=NOW)
            else:
                await access_log.note(tx, AMARA, "trainer", ANN, f"look {number}", now=NOW)
        if number == 4:
            await Chaining(door.db).chain()
    await Chaining(door.db).chain()
    return door.db


@pytest.fixture
async def intruder(home: Home) -> AsyncIterator[asyncpg.Connection]:
    """Somebody whom no trigger stops."""
    connection = await asyncpg.connect(
        home.superuser_url, server_settings={"session_replication_role": "replica"}
    )
    yield connection
    await connection.close()


async def verdict(db: Database, head: str | None = None) -> access_chain.Verdict:
    async with db.reading() as connection:
        return await access_chain.verify(connection, head=head, now=NOW)


async def test_what_was_written_is_intact(db: Database) -> None:
    found = await verdict(db)

    assert (10, 0, None) == (found.lines, found.waiting, found.wrong)


@pytest.mark.parametrize(
    "harm",
    [
        "update booking.access_log set what = 'nothing' where what = 'look 3'",
        "update booking.access_log set clients = clients[:1] where what = 'look 5'",
        "update booking.access_log set at = at + interval '1 us' where what = 'look 9'",
        "delete from booking.access_log where what = 'look 0'",
        "delete from booking.access_log where what = 'look 7'",
        (
            "delete from booking.access_chain where log_id ="
            " (select id from booking.access_log where what = 'look 3')"
        ),
        (
            "with l as (delete from booking.access_log where what = 'look 5' returning id)"
            " delete from booking.access_chain where log_id = (select id from l)"
        ),
    ],
)
async def test_tampering_is_found(db: Database, intruder: asyncpg.Connection, harm: str) -> None:
    head = (await verdict(db)).head
    await intruder.execute(harm)

    assert (await verdict(db, head)).wrong is not None


async def test_a_chain_made_anew_does_not_know_the_hash_that_was_noted(
    db: Database, intruder: asyncpg.Connection
) -> None:
    head = (await verdict(db)).head
    await intruder.execute("update booking.access_log set what = 'nothing' where what = 'look 3'")
    await intruder.execute("delete from booking.access_chain")
    await Chaining(db).chain()

    assert (await verdict(db)).wrong is None
    assert "the hash that was noted is not in the chain" == (await verdict(db, head)).wrong


async def test_booking_itself_can_neither_change_nor_delete_a_line(db: Database) -> None:
    for harm in (
        "update access_log set what = 'nothing'",
        "delete from access_log",
        "truncate access_log",
        "update access_chain set hash = ''",
        "delete from access_chain",
    ):
        async with db.reading() as connection:
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(harm)


async def test_lines_older_than_their_time_go_and_the_rest_stays_whole(
    db: Database, intruder: asyncpg.Connection
) -> None:
    await intruder.execute("delete from booking.access_log")
    await intruder.execute("delete from booking.access_chain")
    for age in (900, 800, 10, 1):
        async with db.transaction() as tx:
            old = NOW - timedelta(days=age)
            await access_log.note(tx, AMARA, "trainer", ANN, "progress", now=old)
    await Chaining(db).chain()

    async with db.transaction() as tx:
        gone = await access_chain.forget_old(tx, now=NOW)
    async with db.transaction() as tx:
        again = await access_chain.forget_old(tx, now=NOW)

    found = await verdict(db)
    assert (2, 0) == (gone, again)
    assert (2, None) == (found.lines, found.wrong)


async def test_a_line_that_commits_late_is_chained_after_those_before_it(
    db: Database, home: Home
) -> None:
    async with db.transaction() as late:
        await access_log.note(late, AMARA, "trainer", ANN, "late", now=NOW)
        async with db.transaction() as tx:
            await access_log.note(tx, AMARA, "trainer", ANN, "early", now=NOW)
        await Chaining(db).chain()
    await Chaining(db).chain()

    found = await verdict(db)
    assert (12, 0, None) == (found.lines, found.waiting, found.wrong)
