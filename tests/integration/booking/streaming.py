"""An open stream of a client, as a page follows it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from services.booking.streams import Wakeups
from tests.integration.booking.front_door import FrontDoor, Home

PATIENCE_S = 30.0
"""How long anything is waited for before the test fails; nothing here takes as long."""

LISTENER = (
    "datname = current_database() and pid <> pg_backend_pid() and application_name ="
    " 'limber-booking' and (query ilike 'listen %' or query = 'select 1')"
)
"""The connection of this database that hears NOTIFY: it listens, then asks whether it lives."""


@dataclass
class Stream:
    """An open stream: its answer as it arrives, and a client who can hang up."""

    status: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    events: asyncio.Queue[tuple[str, Any]] = field(default_factory=asyncio.Queue)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    ids: list[str] = field(default_factory=list)
    asked: bool = False
    buffer: str = ""

    async def receive(self) -> Message:
        """The request, then nothing until the client hangs up."""
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b""}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Read what the server writes."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.buffer += message.get("body", b"").decode()
        *whole, self.buffer = self.buffer.replace("\r\n", "\n").split("\n\n")
        for block in whole:
            if parsed := parse(block):
                self.events.put_nowait(parsed)
                self.ids += [line[4:] for line in block.split("\n") if line.startswith("id: ")]

    async def next(self) -> tuple[str, Any]:
        """The next event: its name and document."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.events.get()


def parse(block: str) -> tuple[str, Any] | None:
    """Name and document of one event; None for a comment."""
    lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
    return (lines["event"], json.loads(lines["data"])) if "data" in lines else None


@asynccontextmanager
async def following(
    door: FrontDoor, client: str, token: str, *, after: str | None = None
) -> AsyncIterator[Stream]:
    """A stream of a client that hangs up at the end; by then nobody watches any more.

    `after` is the Last-Event-ID of a page that comes back.
    """
    stream = Stream()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/v1/clients/{client}/stream",
        "raw_path": b"",
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {token}".encode()),
            *([(b"last-event-id", after.encode("utf-8"))] if after is not None else []),
        ],
    }
    task = asyncio.create_task(_run(door.app, scope, stream))
    try:
        yield stream
    finally:
        stream.hung_up.set()
        async with asyncio.timeout(PATIENCE_S):
            await task


async def _run(app: ASGIApp, scope: Scope, stream: Stream) -> None:
    try:
        await app(scope, stream.receive, stream.send)
    finally:
        stream.closed.set()


@asynccontextmanager
async def listening(wakeups: Wakeups, home: Home) -> AsyncIterator[None]:
    """The process hears NOTIFY while the block runs."""
    task = asyncio.create_task(wakeups.listen())
    heard = f"select exists (select from pg_stat_activity where {LISTENER})"
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with home.db.reading() as connection:
                if await connection.fetchval(heard):
                    break
                await connection.fetchval("select pg_sleep(0.02)")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
