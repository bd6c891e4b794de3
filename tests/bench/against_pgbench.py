"""Bookings by 16 clients over HTTP, beside pgbench running the same statements on that database."""

import asyncio
import json
import os
import re
import shutil
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg

from services.booking.demo import TRAINERS, demo_id
from shared.postgres import Database, Transaction
from tests.bench.journeys import WARM_UP, free_times
from tests.bench.report import Row, percentile
from tests.bench.setting import Setting
from tests.e2e.reach import eventually
from tests.integration.booking import front_door
from tests.integration.booking.front_door import NOW, a_wish

CLIENTS = 16
BOOKINGS = 1_200
PGBENCH_S = 8
ROUNDS = 3
RATIO = 0.4
"""What HTTP, parsing, rules and links may cost beside the statements."""

RECORDED_AT = NOW.replace(hour=14) + timedelta(days=100)
"""Far from NOW: every later instant in the recorded statements belongs to the wished time."""

STAFF = {demo_id(f"trainer{number:02}@limber.example") for number in range(1, len(TRAINERS) + 1)}

UUID_TEXT = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


async def bookings_at_once(setting: Setting) -> list[Row]:
    """The service and pgbench in turn, with as many clients; the ratio of what they get done.

    notify and progress are paused: what they do with a booking afterwards would take the cores from
    whichever runs second.
    """
    if shutil.which("pgbench") is None:
        return [Row("bookings/s, 16 clients", "not measured: pgbench is not installed")]
    ours, theirs, took = list[float](), list[float](), list[float]()
    async with setting.reach.http() as visitor:
        times = await free_times(visitor)
    with TemporaryDirectory(prefix="limber-pgbench-") as folder:
        script = Path(folder) / "booking.sql"
        script.write_text(await _recorded(setting.database_url))
        async with _paused(setting, "notify-1", "progress-1"):
            await _clients(setting.reach.base_url, list(islice(times, WARM_UP)))
            for _ in range(ROUNDS):
                began = time.perf_counter()
                round_took = await _clients(
                    setting.reach.base_url, list(islice(times, BOOKINGS // ROUNDS))
                )
                ours.append(len(round_took) / (time.perf_counter() - began))
                took += round_took
                await _published(setting.database_url)
                theirs.append(await _pgbench(setting.database_url, script))
                await _published(setting.database_url)
    p50, p99 = (percentile(took, percent) * 1000 for percent in (50, 99))
    ratio = median(ours) / median(theirs)
    return [
        Row(
            f"bookings/s, {CLIENTS} clients",
            f"{median(ours):,.0f} (p50 {p50:.0f} ms, p99 {p99:.0f} ms)",
            f"{median(theirs):,.0f} (pgbench, the same statements)",
            ratio,
            f">= {RATIO}",
            ratio >= RATIO,
            {"unit": "1/s", "ours": ours, "pgbench": theirs, "p50_ms": p50, "p99_ms": p99},
        )
    ]


@asynccontextmanager
async def _paused(setting: Setting, *names: str) -> AsyncIterator[None]:
    lines = (await setting.reach.limber("ps")).splitlines()
    pids = {line.split()[0]: int(line.split()[1]) for line in lines}
    for name in names:
        os.kill(pids[name], signal.SIGSTOP)
    try:
        yield
    finally:
        for name in names:
            os.kill(pids[name], signal.SIGCONT)


async def _published(url: str) -> None:
    """Wait until the relay has nothing left to do."""
    connection = await asyncpg.connect(url)
    try:

        async def is_empty() -> bool:
            return not await connection.fetchval("select exists (select from booking.outbox)")

        await eventually(is_empty, "an empty outbox", within_s=60)
    finally:
        await connection.close()


class _RecordedDatabase(Database):
    """A database that remembers what its transactions asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "booking")
        self.asked: list[tuple[str, Sequence[Any]]] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """As ever, and remembered."""

        def note(query: Any) -> None:
            # What is run for several rows at once is logged with a list of them.
            rows = query.args if isinstance(query.args, list) else [query.args]
            self.asked.extend((query.query, row) for row in rows)

        async with super().transaction() as tx:
            with tx.query_logger(note):
                yield tx


async def _recorded(url: str) -> str:
    """The statements of one booking as a script; its new people, ids and times vary by run."""
    email, key = f"bench.{uuid4().hex}@example.org", uuid4().hex
    db = _RecordedDatabase(url)
    async with db.opened(), front_door.opened(db) as door:
        # The first one on a connection also asks Postgres about types.
        await door.made("/v1/bookings", a_wish(RECORDED_AT + timedelta(days=1)))
        db.asked.clear()
        wish = a_wish(RECORDED_AT, email=email, service="first-workout", conditions=["back-pain"])
        await door.made("/v1/bookings", wish, key=key)
    dynamic = _Dynamic(email, key)
    lines = ["\\set n random(1, 500000000)", "begin;"]
    lines += [dynamic.statement(query, arguments) for query, arguments in db.asked]
    return "\n".join([*lines, "end;", ""])


class _Dynamic:
    """Recorded values as SQL: what was new in the recording is new in each run of the script."""

    def __init__(self, email: str, key: str) -> None:
        self._email = email
        self._key = key
        self._ids: dict[UUID, int] = {}

    def statement(self, query: str, arguments: Sequence[Any]) -> str:
        """The query with its arguments written in."""
        written = [self.value(one) for one in arguments]
        text = re.sub(r"\$(\d+)", lambda found: written[int(found[1]) - 1], query)
        return " ".join(text.split()) + ";"

    def value(self, value: Any) -> str:  # noqa: PLR0911 - one line for each kind
        """One argument as SQL."""
        if value is None or isinstance(value, bool | int):
            return "null" if value is None else str(value).lower()
        if isinstance(value, UUID) and value not in STAFF:
            return f"({self._id(value)})::uuid"
        if isinstance(value, datetime):
            return self._instant(value)
        if isinstance(value, bytes):
            return "sha256(convert_to('k' || (:n)::bigint, 'UTF8'))"
        if isinstance(value, list | tuple):
            kind = "uuid" if any(isinstance(one, UUID) for one in value) else "text"
            if any(isinstance(one, datetime) for one in value):
                kind = "timestamptz"
            return f"array[{', '.join(self.value(one) for one in value)}]::{kind}[]"
        if isinstance(value, dict):
            return f"{_quoted(json.dumps(value))}::jsonb"
        return self._text(str(value))

    def _text(self, text: str) -> str:
        if text == self._email:
            return "('c' || (:n)::bigint || '@example.org')"
        if text == self._key:
            return "('key' || (:n)::bigint)"
        if UUID_TEXT.fullmatch(text) and UUID(text) not in STAFF:
            return f"({self._id(UUID(text))})"
        return _quoted(text)

    def _id(self, value: UUID) -> str:
        place = self._ids.setdefault(value, len(self._ids) + 1)
        return f"'{place:08x}-0000-4000-8000-' || lpad(to_hex((:n)::bigint), 12, '0')"

    def _instant(self, at: datetime) -> str:
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        literal = f"timestamp{'tz' if at.tzinfo else ''} '{at.isoformat()}'"
        later = aware > NOW + timedelta(days=1)
        return f"({literal} + (:n)::float8 * interval '90 minutes')" if later else f"({literal})"


def _quoted(text: str) -> str:
    # A colon would be read as a variable of the script.
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\u003a")
    return f"E'{escaped}'"


async def _pgbench(url: str, script: Path) -> float:
    process = await asyncio.create_subprocess_exec(
        "pgbench",
        *("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(PGBENCH_S)),
        *("-f", str(script), url),
        env={"PGOPTIONS": "-c search_path=booking,extensions", "PATH": "/usr/bin:/bin"},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    found = re.search(r"tps = ([\d.]+)", out.decode())
    if process.returncode or found is None:
        raise RuntimeError(f"pgbench: {err.decode()[-2000:]}")
    return float(found[1])


async def _clients(base_url: str, wishes: Iterable[tuple[str, str]]) -> list[float]:
    waiting, took = iter(wishes), list[float]()

    async def client() -> None:
        where = urlsplit(base_url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for start, trainer in waiting:
            asked = time.perf_counter()
            writer.write(_request(where.netloc, start, trainer))
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            if not head.startswith(b"HTTP/1.1 201"):
                raise RuntimeError(f"a booking was answered {head[:40]!r} {body[:300]!r}")
            took.append(time.perf_counter() - asked)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return took


def _request(host: str, start: str, trainer: str) -> bytes:
    # Written by hand: a library's client would take a good part of the two cores.
    body = json.dumps(
        {
            "service": "first-workout",
            "mode": "virtual",
            "start": start,
            "trainer": trainer,
            "client": {
                "name": "Ada Sample",
                "email": f"bench.{uuid4().hex}@example.org",
                "tz": "America/Toronto",
            },
            "conditions": ["back-pain"],
            "consent": {"reminders": True, "marketing": False},
        }
    ).encode()
    head = (
        f"POST /v1/bookings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: {uuid4().hex}\r\n\r\n"
    )
    return head.encode() + body
