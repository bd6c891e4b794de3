"""All three services in this process on one database, with Kafka's part played by a list."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from aiokafka import ConsumerRecord

from services.booking import consumers, demo
from services.notify.consumers import listen
from services.progress.consumers import subscriptions
from shared.consumer import Consumer
from shared.contracts.catalogue import TOPICS
from shared.handling import Handlers
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.booking import front_door
from tests.integration.booking.front_door import NOW, SIGNER, FrontDoor, utc
from tests.integration.notify.post_office import Notify, PostOffice
from tests.unit.progress.builders import RULES

SERVICES = ("booking", "notify", "progress")
COMPACTED = {topic.name for topic in TOPICS if topic.compacted}


@dataclass(frozen=True)
class Written:
    """A record as it lies on a topic."""

    topic: str
    key: str
    value: bytes | None


class Town:
    """Ask the front door, then let the services hear each other until nobody has more to say."""

    def __init__(self, door: FrontDoor, dbs: dict[str, Database], notify: Notify) -> None:
        self.door = door
        self.dbs = dbs
        self.notify = notify
        self.written: list[Written] = []
        clock = door.clock
        self.consumers = {
            "booking": self._consumer("booking", consumers.handlers(SIGNER, clock)),
            "notify": self._consumer("notify", listen(clock, lambda: None)),
            "progress": self._consumer("progress", subscriptions(RULES)),
        }
        self._topics = {
            "booking": consumers.handlers(SIGNER, clock).topics,
            "notify": listen(clock, lambda: None).topics,
            "progress": subscriptions(RULES).topics,
        }

    async def settle(self) -> None:
        """Hand on all that waits in the outboxes, in order, until they stay empty."""
        for _ in range(50):
            records = [one for name in SERVICES for one in await self._taken(name)]
            if not records:
                return
            for name in SERVICES:
                mine = [one for one in records if one.topic in self._topics[name]]
                if mine:
                    await self.consumers[name].handle_batch(mine)
        raise AssertionError("the services talk for ever")

    def compacted(self) -> list[Written]:
        """What the topics hold once Kafka has compacted those that it compacts."""
        newest = {(one.topic, one.key): one for one in self.written}
        return [
            one
            for one in self.written
            if one.topic not in COMPACTED
            or (newest[one.topic, one.key] is one and one.value is not None)
        ]

    async def parked(self) -> int:
        """How many records could not be handled."""
        count = 0
        for db in self.dbs.values():
            async with db.reading() as connection:
                count += await connection.fetchval("select count(*) from dead_letters")
        return count

    def _consumer(self, name: str, handlers: Handlers) -> Consumer:
        return Consumer(
            self.dbs[name],
            front_door.NOWHERE,
            group=name,
            handlers=handlers,
            clock=self.door.clock,
            committed=lambda: None,
        )

    async def _taken(self, name: str) -> list[ConsumerRecord]:
        async with self.dbs[name].transaction() as tx:
            rows = await tx.fetch("with t as (delete from outbox returning *) select * from t")
        found = []
        for row in sorted(rows, key=lambda row: row["seq"]):
            value = None if row["payload"] is None else row["payload"].encode()
            self.written.append(Written(row["topic"], row["key"], value))
            headers = [
                ("ce_id", str(row["event_id"]).encode()),
                ("ce_type", row["type"].encode()),
                ("ce_source", f"/limber/{name}".encode()),
                ("ce_time", utc(row["occurred_at"]).encode()),
            ]
            found.append(
                ConsumerRecord(
                    topic=row["topic"],
                    partition=0,
                    offset=len(self.written),
                    timestamp=0,
                    timestamp_type=0,
                    key=row["key"].encode(),
                    value=value,
                    checksum=None,
                    serialized_key_size=0,
                    serialized_value_size=0,
                    headers=tuple(headers if value is not None else ()),
                )
            )
        return found


@asynccontextmanager
async def opened(database: MigratedDatabase, *, demo_people: bool = True) -> AsyncIterator[Town]:
    """A town on that database."""
    async with AsyncExitStack() as stack:
        dbs = {
            name: await stack.enter_async_context(Database(database.url(name), name).opened())
            for name in SERVICES
        }
        if demo_people:
            async with dbs["booking"].transaction() as tx:
                await demo.add_missing(tx, SIGNER, now=NOW)
        door = await stack.enter_async_context(front_door.opened(dbs["booking"]))
        office = await stack.enter_async_context(PostOffice())
        yield Town(door, dbs, Notify(dbs["notify"], [office], now=NOW))


@asynccontextmanager
async def copied(database: MigratedDatabase) -> AsyncIterator[MigratedDatabase]:
    """A backup: the database as it is now, byte by byte. Nobody may be connected to it."""
    parts = urlsplit(database.superuser_url)
    name = f"backup_{uuid4().hex}"
    server = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    try:
        await server.execute(f"create database {name} template {parts.path.strip('/')}")
        yield MigratedDatabase(urlunsplit(parts._replace(path=f"/{name}")))
        await server.execute(f"drop database {name} with (force)")
    finally:
        await server.close()


async def found(database: MigratedDatabase, words: tuple[str, ...]) -> list[str]:
    """Where one of these words stands in any row of any table, as `schema.table word`."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        tables = await connection.fetch(
            "select schemaname, tablename from pg_tables where schemaname = any($1)", SERVICES
        )
        places = []
        for schema, table in tables:
            # As a dump has it: bytea in hex, so words are looked for in hex as well.
            rows = await connection.fetch(
                f"select w from unnest($1::text[], $2::text[]) as x(w, h) where exists ("
                f' select from "{schema}"."{table}" t'
                " where strpos(lower(t::text), lower(w)) > 0 or strpos(t::text, h) > 0)",
                list(words),
                [word.encode().hex() for word in words],
            )
            places += [f"{schema}.{table} {row['w']}" for row in rows]
        return sorted(places)
    finally:
        await connection.close()


async def gone_from_disk(database: MigratedDatabase, words: tuple[str, ...]) -> list[str]:
    """Where one of these words stands in a file of a table, after the tables were rewritten."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        tables = await connection.fetchval(
            "select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables"
            " where schemaname = any($1)",
            SERVICES,
        )
        await connection.execute(f"vacuum full {tables}")
        await connection.execute("checkpoint")
        rows = await connection.fetch(
            "select c.oid::regclass::text as name, pg_relation_filepath(c.oid) as file"
            " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 't', 'i') and (n.nspname = any($1)"
            " or n.nspname = 'pg_toast') and pg_relation_filepath(c.oid) is not null",
            SERVICES,
        )
        places = []
        for row in rows:
            content = await connection.fetchval("select pg_read_binary_file($1, true)", row["file"])
            kept = content or b""
            places += [f"{row['name']} {word}" for word in words if word.encode() in kept]
        return sorted(places)
    finally:
        await connection.close()
