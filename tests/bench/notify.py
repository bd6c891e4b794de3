"""Rows of notify: how fast it schedules, finds among a million what is due, and sends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from deploy.migrate import ROOT
from shared.migrations import KIT, migrate, read_set
from tests.bench.report import Row, percentile
from tests.bench.setting import Setting, in_process
from tests.integration.shared.fabric import make_topic

SCHEMA = "notify"

SENDS_PER_S, SENDS_RATIO = 200, 0.8
CLAIM_P99_MS = 10.0
SCHEDULED_PER_S = 2_000


async def scheduling(setting: Setting) -> list[Row]:
    """Bookings on Kafka to rows that are scheduled, by the consumer and its handlers."""
    async with _database(setting.database_url) as url:
        topic = await make_topic(setting.kafka)
        found = await in_process("tests.bench.scheduling_speed", url, setting.kafka, topic)
    events, rows = median(found["events"]), median(found["rows"])
    return [
        Row(
            "bookings -> scheduled messages, rows/s",
            f"{rows:,.0f} ({events:,.0f} events/s,"
            f" {median(found['ms_of_processor']):.1f} ms of one core each)",
            target=f">= {SCHEDULED_PER_S:,}",
            ok=rows >= SCHEDULED_PER_S,
            raw={"unit": "1/s", **found},
        )
    ]


async def claims(setting: Setting) -> list[Row]:
    """Claims of due messages among a million that wait."""
    async with _database(setting.database_url) as url:
        found = await in_process("tests.bench.claims_speed", url)
    p50, p99 = (percentile(found["seconds"], percent) * 1000 for percent in (50, 99))
    return [
        Row(
            f"claim of {median(found['taken']):.0f} among 1,000,000 scheduled",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
            target=f"p99 <= {CLAIM_P99_MS:.0f} ms",
            ok=p99 <= CLAIM_P99_MS,
            raw={"unit": "s", **found},
        )
    ]


async def sends(setting: Setting) -> list[Row]:
    """Mails of one process to a local server, beside a loop that sends the same bytes.

    A server that does nothing with a mail shows what a sender costs; the ratio is held to beside
    one that reads what it takes.
    """
    return [
        await _sends(setting, "library", "mails sent to aiosmtpd, mails/s", SENDS_RATIO),
        await _sends(setting, "bare", "mails sent to a server that does nothing, mails/s", None),
    ]


async def _sends(setting: Setting, kind: str, name: str, ratio: float | None) -> Row:
    async with _database(setting.database_url) as url:
        found = await in_process("tests.bench.sending_speed", url, kind)
    ours, bare, ceiling = (median(found[name]) for name in ("ours", "bare", "ceiling"))
    return Row(
        name,
        f"{ours:,.0f} ({median(found['ms_of_processor']):.1f} ms of one core each)",
        f"{bare:,.0f} (bare aiosmtplib loop, one connection; the server takes {ceiling:,.0f})",
        ours / bare,
        f">= {SENDS_PER_S}" + ("" if ratio is None else f" and >= {ratio}"),
        ours >= SENDS_PER_S and (ratio is None or ours / bare >= ratio),
        {"unit": "1/s", **found},
    )


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[str]:
    """A database with notify's schema alone, dropped afterwards."""
    name = f"bench_{uuid4().hex}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"create database {name}")
        own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        try:
            await _make_schema(own)
            yield own
        finally:
            await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


async def _make_schema(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"create schema extensions; create schema {SCHEMA}")
        wanted = [
            *read_set("kit", KIT),
            *read_set(SCHEMA, ROOT / "services" / SCHEMA / "migrations"),
        ]
        await migrate(connection, SCHEMA, urlsplit(url).username or "", wanted)
    finally:
        await connection.close()
