"""How long what is kept: docs/retention.md tells of every table and topic, with the figures of the
code, and the jobs forget what its time has passed for."""

import re
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.topics import COMPACTED_WITHIN_MS
from services.booking.api.writing import KEY_LIVES
from services.booking.domain.waitlist import OFFER_LIVES
from services.booking.handlers.sign_in import CODE_LIVES, SESSION_LIVES
from services.booking.store import access_chain
from services.booking.store import retention as of_booking
from services.notify.domain import webhooks
from services.notify.store import happenings, purge, reports
from services.notify.store import retention as of_notify
from shared import inbox
from shared.contracts.catalogue import TOPICS
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.integration.booking.front_door import NOW

PAGE = (Path(__file__).parents[3] / "docs" / "retention.md").read_text()
KIT = {"outbox", "inbox", "parked_keys", "dead_letters", "erased", "migrations"}

KEPT = {
    "booking.access_log": access_chain.KEPT,
    "booking.access_chain": access_chain.KEPT,
    "booking.waitlist": of_booking.WAITED,
    "booking.waitlist_offers": of_booking.WAITED,
    "booking.flares": of_booking.FLARED,
    "booking.messages": of_booking.TOLD,
    "booking.sessions": SESSION_LIVES,
    "booking.sign_in_codes": CODE_LIVES,
    "booking.holds": OFFER_LIVES,
    "booking.idempotency_keys": KEY_LIVES,
    **{
        f"notify.{table}": purge.KEPT
        for table in (
            "deliveries", "attempts", "bookings", "safety_alerts", "clearances",
            "acknowledgements",
        )
    },
    "notify.happenings": happenings.KEPT_FOR,
    "notify.staff_log": of_notify.STAFF_LOG_KEPT,
    **{
        f"notify.{table}": webhooks.KEPT_FOR
        for table in ("webhook_facts", "webhook_deliveries", "webhook_attempts")
    },
    "notify.callbacks_seen": reports.SEEN_FOR,
    "every service.inbox": inbox.KEPT_FOR,
    **{
        f"topics.{topic.name}": timedelta(days=topic.retention_days)
        for topic in TOPICS
        if not topic.compacted
    },
    **{
        f"topics.{topic.name}": timedelta(milliseconds=COMPACTED_WITHIN_MS)
        for topic in TOPICS
        if topic.compacted
    },
}  # fmt: skip


def told() -> dict[str, str]:
    """`section.table` to how long, as the page has it."""
    found = {}
    section = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section = line[3:].lower()
        elif row := re.match(r"\| `([a-z_.]+)` \| ([^|]+) \|", line):
            found[f"{section}.{row[1]}"] = row[2].strip()
    return found


def in_words(kept: timedelta) -> str:
    count, unit = (kept.days, "day") if kept.days else (kept.seconds // 60, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def test_the_page_has_the_figures_of_the_code() -> None:
    page = told()

    assert [] == [
        (name, in_words(kept), page.get(name))
        for name, kept in KEPT.items()
        if not page.get(name, "").endswith(in_words(kept))
    ]


async def test_every_table_and_topic_stands_there(database: MigratedDatabase) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    rows = await connection.fetch(
        "select schemaname, tablename from pg_tables"
        " where schemaname in ('booking', 'notify', 'progress')"
    )
    await connection.close()

    wanted = {
        f"every service.{table}" if table in KIT else f"{schema}.{table}" for schema, table in rows
    } | {f"topics.{topic.name}" for topic in TOPICS}
    assert wanted == set(told())


@pytest.mark.parametrize(("days", "left"), [(395, 1), (398, 0)])
async def test_a_fact_about_a_session_goes_with_the_messages_about_it(
    notify_db: Database, days: int, left: int
) -> None:
    async with notify_db.transaction() as tx:
        await tx.execute(
            "insert into bookings (id, version, status, client_id, trainer_id, service, mode,"
            " start_at, end_at, tz, updated_at) values (gen_random_uuid(), 1, 'completed',"
            " gen_random_uuid(), gen_random_uuid(), 'training', 'virtual', $1, $1, 'UTC', $1)",
            NOW - timedelta(days=days),
        )
        await of_notify.forget_old(tx, now=NOW)
        assert left == await tx.fetchval("select count(*) from bookings")


async def test_a_sign_in_that_ran_out_and_an_old_flare_go(booking_db: Database) -> None:
    async with booking_db.transaction() as tx:
        await tx.execute(
            "insert into people (id, role, name, email, email_key, tz, language, created_at)"
            " values ($1, 'client', 'Ann', 'a@b.example', 'a@b.example', 'UTC', 'en', now())",
            "01a20000-0000-7000-8000-000000000001",
        )
        for days in (1, -1):
            at = NOW - timedelta(days=days)
            await tx.execute(
                "insert into sessions (token_hash, person_id, expires_at)"
                " select $1, id, $2 from people",
                bytes([days + 2]),
                at,
            )
            await tx.execute(
                "insert into flares (client_id, reported_at) select id, $1 from people",
                at - of_booking.FLARED,
            )
        await of_booking.forget_old(tx, now=NOW)

        assert (1, 1) == (
            await tx.fetchval("select count(*) from sessions"),
            await tx.fetchval("select count(*) from flares"),
        )
