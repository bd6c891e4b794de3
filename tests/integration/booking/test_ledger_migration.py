"""The two flags people had become the first lines of their ledgers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from services import booking
from shared.migrations import migrate, read_set
from tests.conftest import MigratedDatabase

JOINED = datetime(2025, 1, 10, tzinfo=UTC)
TRAINED = datetime(2025, 6, 1, 15, tzinfo=UTC)
TWO_YEARS = timedelta(days=730)
FOLDED = "0011_message_consents.sql"

PEOPLE = [
    ("trainer", True, False),
    ("client", True, False),
    ("client", True, True),
    ("client", False, False),
    ("client", True, False),
]
"""Role, reminders, marketing; ids count from 1. The last one has trained."""


async def test_flags_become_lines_that_say_no_more_than_was_known(
    database: MigratedDatabase,
) -> None:
    folder = Path(booking.__file__).parent / "migrations"
    every = read_set("booking", folder)
    before = [one for one in every if one.name < FOLDED]
    connection = await asyncpg.connect(database.superuser_url)
    try:
        await connection.execute("create schema before")
        await migrate(connection, "before", "postgres", before)
        await connection.execute("set search_path = before, extensions")
        for number, (role, reminders, marketing) in enumerate(PEOPLE, start=1):
            await connection.execute(
                "insert into people (id, role, name, email, email_key, tz, language, reminders,"
                " marketing, created_at) values ($1, $2, 'N', $3, $3, 'UTC', 'en', $4, $5, $6)",
                UUID(int=number),
                role,
                f"{number}@example.org",
                reminders,
                marketing,
                JOINED,
            )
        await connection.execute(
            "insert into trainers (id, tz, areas, modes, languages, conditions)"
            " values ($1, 'UTC', '{}', '{virtual}', '{en}', '{}')",
            UUID(int=1),
        )
        await connection.execute(
            "insert into bookings (id, client_id, trainer_id, service, mode, status, version,"
            " start_at, end_at, tz, local_start, created_at, updated_at)"
            " values ($1, $2, $3, 'training', 'virtual', 'completed', 2, $4, $5, 'UTC',"
            " '2025-06-01 14:00', $6, $5)",
            UUID(int=9),
            UUID(int=5),
            UUID(int=1),
            TRAINED - timedelta(hours=1),
            TRAINED,
            JOINED,
        )

        await migrate(connection, "before", "postgres", every)

        rows = await connection.fetch(
            "select person_id, message_class, basis, granted, evidence, at, expires_at"
            " from before.message_consents order by id"
        )
    finally:
        await connection.close()
    assert {JOINED} == {row["at"] for row in rows}
    assert [
        (1, "service", "implied", True, "works with Limber", None),
        (2, "service", "implied", True, "booking form", JOINED + TWO_YEARS),
        (3, "service", "implied", True, "booking form", JOINED + TWO_YEARS),
        (4, "service", "withdrawn", False, "booking form", None),
        (5, "service", "implied", True, "booking form", TRAINED + TWO_YEARS),
        (3, "marketing", "express", True, "booking form", None),
    ] == [
        (
            row["person_id"].int,
            row["message_class"],
            row["basis"],
            row["granted"],
            row["evidence"],
            row["expires_at"],
        )
        for row in sorted(
            rows, key=lambda row: (row["message_class"] != "service", row["person_id"])
        )
    ]
