"""Booking's routes in this process on a real database: asked over HTTP, with a clock to turn."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import httpx
import uvicorn
from aiokafka import ConsumerRecord
from fastapi import FastAPI

from services.booking import consumers, demo
from services.booking.api import stream
from services.booking.api.limits import Limits
from services.booking.api.writing import Writer
from services.booking.app import add_routes
from services.booking.domain.links import Links, LinkSigner
from services.booking.domain.meetings import NamedRooms
from services.booking.handlers import sign_in
from services.booking.store import people
from services.booking.store.client_keys import ClientKeys
from services.booking.streams import Wakeups
from shared import sealing
from shared.consumer import Consumer
from shared.contracts.event import Event
from shared.contracts.progress import SafetyHoldLifted, SafetyHoldPlaced
from shared.health import Health
from shared.http import create_app
from shared.outbox import Relay
from shared.postgres import Database, Transaction
from shared.runtime import GRACE_S
from shared.sealing import MasterKey
from shared.telemetry import Metrics
from tests.conftest import MigratedDatabase
from tests.integration.booking.documented import Documented
from tests.integration.shared.fabric import record

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TEN = datetime(2026, 5, 6, 14, tzinfo=UTC)
"""Ten in the morning in Toronto, two days after NOW."""

HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)
PUBLIC_URL = "http://limber.test"
NOWHERE = "127.0.0.1:1"
"""Where no Kafka is: nothing here may need one."""

KEPT = ["people", "trainers", "weekly_hours", "migrations"]
"""Tables that hold the demo's people and the state of the schema."""

DEMO = "@limber.example"
"""Where the demo's people have their addresses, and nobody else."""

SIGNER = LinkSigner(b"only for tests")
KEYS = ClientKeys(MasterKey(b"32 bytes that are only for tests"))
AMARA, BENOIT, CHLOE = (demo.demo_id(f"trainer{n:02}@limber.example") for n in (1, 2, 3))


@dataclass
class TurnedClock:
    """A clock that moves when a test says so."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Go forward by a timedelta's arguments."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Published:
    """An event as it waits in the outbox."""

    topic: str
    type: str
    key: str
    data: Any


def utc(at: datetime) -> str:
    """An instant as requests write it."""
    return at.isoformat().replace("+00:00", "Z")


def a_client(email: str = "ann@example.org", **other: Any) -> dict[str, Any]:
    """Somebody who books."""
    return {"name": "Ann Example", "email": email, "tz": "America/Toronto", **other}


def a_time(start: datetime = TEN, *, trainer: UUID | None = AMARA, **other: Any) -> dict[str, Any]:
    """A wished time, virtual."""
    wish = {"service": "training", "mode": "virtual", "start": utc(start), **other}
    return wish if trainer is None else wish | {"trainer": str(trainer)}


def a_wish(
    start: datetime = TEN,
    *,
    email: str = "ann@example.org",
    trainer: UUID | None = AMARA,
    **other: Any,
) -> dict[str, Any]:
    """A booking straight from a time."""
    return a_time(start, trainer=trainer) | {
        "client": a_client(email),
        "consent": {"reminders": True, "marketing": False},
        **other,
    }


def a_hold(client: str, number: int = 1, **other: Any) -> SafetyHoldPlaced:
    """A safety hold on a client's sessions; `number` makes its id."""
    hold = {"kind": "session", "rule": "R1", "level": "emergency", "at": NOW} | other
    return SafetyHoldPlaced(client_id=UUID(client), hold_id=UUID(int=number), **hold)


def a_lift(client: str, number: int = 1) -> SafetyHoldLifted:
    """The end of the safety hold of that number."""
    return SafetyHoldLifted(
        client_id=UUID(client), hold_id=UUID(int=number), lifted_by=AMARA, at=NOW
    )


class FrontDoor:
    """Ask booking, turn its clock, hand it events, and look into its tables."""

    def __init__(
        self, db: Database, http: httpx.AsyncClient, app: FastAPI, documented: Documented
    ) -> None:
        self.db = db
        self.http = http
        self.app = app
        self.documented = documented
        self.clock = TurnedClock()
        self.wakeups = Wakeups(db)
        relay = Relay(db, NOWHERE, source="/limber/booking")
        self.writer = Writer(db, relay, self.clock, KEYS)
        add_routes(
            app,
            db=db,
            clock=self.clock,
            writer=self.writer,
            links=Links(SIGNER, NamedRooms("https://meet.limber.test")),
            public_url=PUBLIC_URL,
            wakeups=self.wakeups,
            limits=Limits(db, self.clock, spare_loopback=True),
        )
        self.consumer = Consumer(
            db,
            NOWHERE,
            group="test",
            handlers=consumers.handlers(SIGNER, self.clock),
            clock=self.clock,
            committed=lambda: None,
        )
        self._offset = 0

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        version: str | None = None,
        **other: Any,
    ) -> httpx.Response:
        """One request; `body` is sent as JSON, `version` as If-Match."""
        headers = {"Idempotency-Key": key, "If-Match": version}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            # Not httpx's own JSON: it cannot write all that a hostile client can.
            other["content"] = json.dumps(body)
            headers["Content-Type"] = "application/json"
        return await self.http.request(
            method, path, headers={n: v for n, v in headers.items() if v is not None}, **other
        )

    async def post(self, path: str, body: Any = None, **how: Any) -> httpx.Response:
        """A POST; see `ask`."""
        return await self.ask("POST", path, body, **how)

    async def made(self, path: str, body: Any, **how: Any) -> Any:
        """What a POST that has to succeed made."""
        answer = await self.post(path, body, **how)
        assert answer.status_code in {200, 201, 202}, answer.text
        return answer.json()

    async def book(self, start: datetime = TEN, *, token: str | None = None, **wish: Any) -> Any:
        """A new booking as it is answered."""
        return await self.made("/v1/bookings", a_wish(start, **wish), token=token)

    async def sign_in(self, email: str) -> str:
        """A bearer token of somebody who is known."""
        async with self.db.transaction() as tx:
            person = await people.lock_person_by_email(tx, email)
            assert person is not None
            session = await sign_in.open_session(tx, person, signer=SIGNER, now=self.clock())
        return session.token

    async def hear(self, *events: Event, identities: tuple[str, ...] = ()) -> None:
        """Hand events over as one batch of records, as Kafka would."""
        records: list[ConsumerRecord] = []
        for event, identity in zip(
            events, identities or [str(uuid4()) for _ in events], strict=True
        ):
            self._offset += 1
            records.append(record(event, self._offset, identity=identity))
        await self.consumer.handle_batch(records)
        assert 0 == await self.value("select count(*) from dead_letters")

    async def value(self, sql: str, *arguments: Any) -> Any:
        """The one value of a query."""
        async with self.db.reading() as connection:
            return await connection.fetchval(sql, *arguments)

    async def tables(self) -> dict[str, str]:
        """Every row of every table as text, by table: equal before and after means untouched."""
        async with self.db.reading() as connection:
            names = await connection.fetchval(
                "select array_agg(tablename::text) from pg_tables where schemaname = 'booking'"
            )
            rows = await connection.fetch(
                " union all ".join(
                    f"select '{name}', coalesce(string_agg(r::text, e'\\n' order by r::text), '')"
                    f' from "{name}" r'
                    for name in names
                )
            )
        return dict(rows)

    async def published(self, *, key: str | None = None, topic: str = "") -> list[Published]:
        """What waits in the outbox, oldest first; of one key and topics like `topic`.

        Sealed texts are opened.
        """
        async with self.db.reading() as connection:
            rows = await connection.fetch(
                "select topic, type, key, payload from outbox"
                " where ($1::text is null or key = $1) and topic like $2 || '%' order by seq",
                key,
                topic,
            )
            return [
                Published(
                    r["topic"], r["type"], r["key"], await self.opened(connection, r["payload"])
                )
                for r in rows
            ]

    async def opened(self, connection: Transaction, payload: str | None) -> Any:
        """An event's data with what was typed as it was typed; None of a tombstone."""
        if payload is None:
            return None
        data = json.loads(payload)
        sealed = sealing.PREFIX in payload
        sealer = await KEYS.find(connection, UUID(data["client_id"])) if sealed else None
        return data if sealer is None else sealer.open_all(data)


@dataclass(frozen=True)
class Home:
    """A database that tests use one after the other."""

    db: Database
    url: str
    superuser_url: str
    superuser: asyncpg.Connection

    async def clear(self) -> None:
        """Only the demo's people are left, as on the first day."""
        names = await self.superuser.fetch(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname = 'booking' and tablename <> all($1)",
            KEPT,
        )
        # Rows are few: deleting them is many times faster than truncating thirty tables. They
        # reference each other, so the connection is one that does not look.
        await self.superuser.execute(
            "".join(f"delete from {name};" for (name,) in names)
            + "delete from booking.weekly_hours;"
            " delete from booking.trainers where id in ("
            f" select id from booking.people where email_key not like '%{DEMO}');"
            f" delete from booking.people where email_key not like '%{DEMO}';"
            " update booking.people set contact_version = 0;"
            " update booking.trainers set tz = 'America/Toronto', notice_minutes = null,"
            " window_days = null, buffer_before_minutes = null, buffer_after_minutes = null,"
            " base_postal = null, schedule_version = 1;"
            " insert into booking.weekly_hours (trainer_id, day, from_time, to_time)"
            " select id, day, '09:00', '17:00' from booking.trainers, generate_series(0, 6) day"
        )


@asynccontextmanager
async def opened(db: Database, *, checked: bool = False) -> AsyncIterator[FrontDoor]:
    """The front door on a database; its clock begins at NOW.

    With `checked` its `documented` notes each answer that the OpenAPI document does not tell.
    """
    metrics = Metrics()
    app = create_app(
        "booking",
        metrics=metrics,
        health=Health(db, metrics, lambda: NOW, None),
        description="booking, under test",
    )
    documented = Documented(app)
    transport = httpx.ASGITransport(documented if checked else app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        yield FrontDoor(db, http, app, documented)


@asynccontextmanager
async def fresh_database(database_url: str, template: str) -> AsyncIterator[Home]:
    """A copy of a migrated database with the demo's people in it."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"create database {name} template {template}")
        url = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
        role_url = MigratedDatabase(url).url("booking")
        async with Database(role_url, "booking").opened() as db:
            async with db.transaction() as tx:
                await demo.add_missing(tx, SIGNER, now=NOW)
            superuser = await asyncpg.connect(
                url,
                server_settings={
                    "session_replication_role": "replica",
                    "synchronous_commit": "off",
                },
            )
            try:
                yield Home(db, role_url, url, superuser)
            finally:
                await superuser.close()
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    """The problem in a refusal; it has to be a whole one, of that status and code."""
    assert (status, f"/problems/{code}") == (answer.status_code, answer.json()["type"]), answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    found = answer.json()
    assert status == found["status"]
    assert found["detail"]
    return found


async def _serve(database_url: str) -> None:
    # Only a NOTIFY can wake a stream here.
    stream.LOOK_AGAIN_S = 3600.0
    async with Database(database_url, "booking").opened() as db, opened(db) as door:
        door.clock.now = NOW
        listens = asyncio.create_task(door.wakeups.listen())
        config = uvicorn.Config(
            door.app, log_config=None, lifespan="off", timeout_graceful_shutdown=GRACE_S
        )
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            port = listening.getsockname()[1]
            listening.listen()
            # Who connects from now on waits in the backlog until the server accepts.
            sys.stdout.write(f"http://127.0.0.1:{port}\n")
            sys.stdout.flush()
            await uvicorn.Server(config).serve(sockets=[listening])
        listens.cancel()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
