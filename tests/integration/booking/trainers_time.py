"""Trainers' time in a transaction of its own: taken, off, and asked for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.booking import demo
from services.booking.domain import services
from services.booking.domain.links import LinkSigner
from services.booking.queries.slots import SlotWish, candidates, explain
from shared.postgres import Database, Transaction

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TEN = datetime(2026, 5, 6, 14, tzinfo=UTC)
"""Ten in the morning in Toronto, two days from now."""

TRAINING = services.find("training")
HOUR = timedelta(hours=1)
AMARA = demo.demo_id("trainer01@limber.example")
BENOIT = demo.demo_id("trainer02@limber.example")
CHLOE = demo.demo_id("trainer03@limber.example")
ELENA = demo.demo_id("trainer05@limber.example")
"""She visits Toronto and Hamilton."""
IN_TORONTO = SlotWish(TRAINING, "in-person", "toronto", "M5V 2T6")
VIRTUAL = SlotWish(TRAINING, "virtual")


@pytest.fixture
async def tx(booking_db: Database) -> AsyncIterator[Transaction]:
    """A transaction in a database with the demo's people."""
    async with booking_db.transaction() as connection:
        await demo.add_missing(connection, LinkSigner(b"only for tests"), now=NOW)
        yield connection


async def take(
    tx: Transaction,
    trainer: UUID,
    start: datetime,
    length: timedelta = HOUR,
    *,
    hold_until: datetime | None = None,
    place: tuple[str, str] | tuple[None, None] = (None, None),
) -> UUID:
    """Take a trainer's time with a booking, or with a hold that runs out."""
    taken = uuid4()
    await tx.execute(
        "insert into reservations (id, kind, trainer_id, during, blocked, expires_at, area, postal)"
        " values ($1, $2, $3, $4, $4, $5, $6, $7)",
        taken,
        "hold" if hold_until else "booking",
        trainer,
        asyncpg.Range(start, start + length),
        hold_until,
        *place,
    )
    return taken


def of(trainer: UUID) -> SlotWish:
    """A visit in Toronto by one trainer."""
    return replace(IN_TORONTO, trainer_id=trainer)


async def take_off(tx: Transaction, trainer: UUID, start: datetime, end: datetime) -> None:
    await tx.execute(
        "insert into time_off (id, trainer_id, during, created_by, created_at)"
        " values ($1, $2, $3, $2, $4)",
        uuid4(),
        trainer,
        asyncpg.Range(start, end),
        NOW,
    )


async def a_client_of(tx: Transaction) -> UUID:
    client = uuid4()
    await tx.execute(
        "insert into people (id, role, name, email, email_key, tz, language, created_at)"
        " values ($1, 'client', 'Ann', $2, $2, 'America/Toronto', 'en', $3)",
        client,
        f"{client}@example.org",
        NOW,
    )
    return client


async def a_booking(
    tx: Transaction, client: UUID, trainer: UUID, start: datetime, status: str
) -> None:
    await tx.execute(
        "insert into bookings (id, client_id, trainer_id, service, mode, status, version, start_at,"
        " end_at, tz, local_start, created_at, updated_at) values ($1, $2, $3, 'training',"
        " 'virtual', $4, 1, $5, $6, 'America/Toronto', $7, $8, $8)",
        uuid4(),
        client,
        trainer,
        status,
        start,
        start + HOUR,
        start.replace(tzinfo=None),
        NOW,
    )


async def codes(tx: Transaction, wish: SlotWish, start: datetime) -> list[str]:
    """Why a start is not offered."""
    return [reason.code for reason in await explain(tx, wish, start, now=NOW)]


async def names_at(tx: Transaction, start: datetime, **wish: Any) -> list[str]:
    found = await candidates(tx, replace(IN_TORONTO, **wish), start, now=NOW)
    return [one.name for one in found]
