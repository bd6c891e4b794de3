"""Clients: locked, loaded as far as a decision looks, and saved as decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.progress.domain.care import Care
from services.progress.domain.model import (
    Booking,
    BookingStatus,
    Client,
    Exercise,
    Firing,
    Hold,
    Report,
)
from services.progress.domain.next_step import ASKED_FOR
from services.progress.domain.rules import Rules
from services.progress.domain.view import SHOWN_CHECK_INS
from shared.clock import rfc3339
from shared.contracts.booking import BookingFact
from shared.postgres import Transaction

HISTORY_LIMIT = 500
"""Reports loaded at most: ten times what a client who reports twice a day has in the window."""

HOLDS_LIMIT = 100
"""Standing holds loaded: more than the view shows; as long as one is left the level stays."""

COMING_LIMIT = 20
"""Recent and coming bookings looked at; later ones cannot be the next step."""

_CLIENT = (
    "client_id as id, version, level, as_of, lifted_version, due_at, reported_version,"
    " reflected_version, care, next"
)
_REPORT = (
    "id, version, kind, at, tz, booking_id, pain, stiffness, energy, mood, confidence, effort,"
    " enjoyment, worst_pain, exercises, red_flags, why, flare, level, firings"
)
# Hundreds of rows are read at a time: most lists are empty and need no decoding.
_REPORT_READ = (
    "id, version, kind, at, tz, booking_id, pain, stiffness, energy, mood, confidence, effort,"
    " enjoyment, worst_pain, nullif(exercises, '[]') as exercises,"
    " nullif(red_flags, '[]') as red_flags, nullif(why, '[]') as why, flare, level,"
    " case when row_number() over (order by at desc, version desc) = 1 then firings end as firings"
)
_BOOKING = "id, trainer_id, start_at, end_at, tz, status, version"


async def lock_client(tx: Transaction, client_id: UUID) -> Client:
    """The client's row, held until the transaction ends; made when it is the first time."""
    # One statement also for a new client; what it updates is what it found, once it has the lock.
    row = await tx.fetchrow(
        "insert into clients (client_id) values ($1)"  # noqa: S608
        " on conflict (client_id) do update set version = clients.version"
        f" returning {_CLIENT}",
        client_id,
    )
    return _client(row)


async def read_client(tx: Transaction, client_id: UUID) -> Client:
    """The client as it is now, while others may work on it; it was locked before."""
    row = await tx.fetchrow(
        f"select {_CLIENT} from clients where client_id = $1",  # noqa: S608
        client_id,
    )
    return _client(row)


async def load_reports(
    tx: Transaction, client_id: UUID, rules: Rules, since: datetime
) -> tuple[Report, ...]:
    """Newest first: what the view shows, and all that counts for a report of the time `since`.

    Only the newest one comes with its firings: what fired before is history.
    """
    rows = await tx.fetch(
        f"select {_REPORT_READ} from check_ins where client_id = $1 and at >= least($2,"  # noqa: S608
        " coalesce((select at from check_ins where client_id = $1"
        " order by at desc, version desc offset $3 limit 1), '-infinity'))"
        " order by at desc, version desc limit $4",
        client_id,
        since - rules.usual.window,
        SHOWN_CHECK_INS - 1,
        HISTORY_LIMIT,
    )
    return tuple(_report(dict(row)) for row in rows)


async def load_history(
    tx: Transaction, client_id: UUID, since: datetime, most: int
) -> tuple[Report, ...]:
    """At most so many reports since an instant, newest first, as the statistics look at them."""
    rows = await tx.fetch(
        f"select {_REPORT_READ} from check_ins where client_id = $1 and at >= $2"  # noqa: S608
        " order by at desc, version desc limit $3",
        client_id,
        since,
        most,
    )
    return tuple(_report(dict(row)) for row in rows)


async def count_sessions(tx: Transaction, client_id: UUID, since: datetime, until: datetime) -> int:
    """How many sessions ended between two instants, and were neither cancelled nor missed."""
    found: int = await tx.fetchval(
        "select count(*) from bookings where client_id = $1 and end_at > $2 and end_at <= $3"
        " and status in ('confirmed', 'completed')",
        client_id,
        since,
        until,
    )
    return found


async def load_holds(
    tx: Transaction, client_id: UUID, wanted: UUID | None = None
) -> tuple[Hold, ...]:
    """The standing holds, oldest first, at most `HOLDS_LIMIT`; `wanted` is always among them."""
    rows = await tx.fetch(
        "select id, check_in_id, kind, option, rule, level, since, reason, firings from holds"
        " where client_id = $1 and lifted_at is null"
        " order by (id = $2) is not true, since, id limit $3",
        client_id,
        wanted,
        HOLDS_LIMIT,
    )
    holds = (Hold(**{**row, "firings": _firings(row["firings"])}) for row in rows)
    return tuple(sorted(holds, key=lambda hold: (hold.since, hold.id)))


async def load_bookings(tx: Transaction, client_id: UUID, as_of: datetime) -> tuple[Booking, ...]:
    """The recent and coming bookings, earliest first, after the last one before them."""
    rows = await tx.fetch(
        f"(select {_BOOKING} from bookings where client_id = $1"  # noqa: S608
        " and status <> 'cancelled' and end_at <= $2 order by end_at desc, id desc limit 1)"
        f" union all (select {_BOOKING} from bookings where client_id = $1"
        " and status <> 'cancelled' and end_at > $2 order by end_at, id limit $3)",
        client_id,
        as_of - ASKED_FOR - timedelta(days=1),
        COMING_LIMIT,
    )
    return tuple(Booking(**row) for row in rows)


async def save_client(tx: Transaction, client: Client, placed: Sequence[Hold] = ()) -> None:
    """Store where the client stands now, with the holds that are new."""
    await tx.execute(
        "with standing as (update clients set version = $2, level = $3, as_of = $4,"
        " lifted_version = $5, due_at = $6, reported_version = $7, reflected_version = $8,"
        " care = $9, next = $10 where client_id = $1)"
        " insert into holds (client_id, id, check_in_id, kind, option, rule, level, since, reason,"
        " firings) select $1, * from jsonb_to_recordset($11) as h(id uuid, check_in_id uuid,"
        " kind text, option text, rule text, level text, since timestamptz, reason text,"
        " firings jsonb)",
        client.id,
        client.version,
        client.level,
        client.as_of,
        client.lifted_version,
        client.due_at,
        client.reported_version,
        client.reflected_version,
        client.care.model_dump(mode="json", exclude_defaults=True),
        client.next,
        [_hold_row(hold) for hold in placed],
    )


async def add_report(tx: Transaction, client_id: UUID, report: Report) -> None:
    """Store a check-in as judged."""
    values = vars(report) | {
        "exercises": [vars(one) for one in report.exercises],
        "firings": [vars(one) for one in report.firings],
    }
    columns = _REPORT.split(", ")
    places = ", ".join(f"${number}" for number in range(2, len(columns) + 2))
    await tx.execute(
        f"insert into check_ins (client_id, {_REPORT}) values ($1, {places})",  # noqa: S608
        client_id,
        *(values[column] for column in columns),
    )


async def lift_holds(
    tx: Transaction, client_id: UUID, holds: Sequence[UUID], by: UUID | None, at: datetime
) -> None:
    """Note who lifted holds and when, null for a rule; why is in the log."""
    await tx.execute(
        "update holds set lifted_at = $3, lifted_by = $4"
        " where client_id = $1 and id = any($2) and lifted_at is null",
        client_id,
        holds,
        at,
        by,
    )


async def save_booking(tx: Transaction, fact: BookingFact, status: BookingStatus) -> bool:
    """Store a booking's newest state; False when a newer one, or this one, is known already."""
    saved = await tx.fetchval(
        "insert into bookings (id, client_id, trainer_id, start_at, end_at, tz, status, version)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do update"
        " set trainer_id = excluded.trainer_id, start_at = excluded.start_at,"
        " end_at = excluded.end_at, tz = excluded.tz, status = excluded.status,"
        " version = excluded.version where bookings.version < excluded.version"
        " and bookings.client_id = excluded.client_id returning true",
        fact.booking_id,
        fact.client_id,
        fact.trainer_id,
        fact.start,
        fact.end,
        fact.tz,
        status,
        fact.version,
    )
    return saved is not None


async def forget_state(tx: Transaction, client_id: UUID) -> Client:
    """Empty all that the log can rebuild; the client as if nothing had happened."""
    for table in ("holds", "check_ins", "bookings"):
        await tx.execute(f"delete from {table} where client_id = $1", client_id)  # noqa: S608
    client = Client(client_id)
    await save_client(tx, client)
    return client


def _client(row: Mapping[str, Any]) -> Client:
    return Client(**{**row, "care": Care.model_validate(row["care"])})


def _hold_row(hold: Hold) -> dict[str, Any]:
    return vars(hold) | {
        "firings": [vars(one) for one in hold.firings],
        "id": str(hold.id),
        "check_in_id": None if hold.check_in_id is None else str(hold.check_in_id),
        "since": rfc3339(hold.since),
    }


def _report(row: dict[str, Any]) -> Report:
    row["exercises"] = tuple(Exercise(**exercise) for exercise in row["exercises"] or ())
    row["red_flags"] = tuple(row["red_flags"] or ())
    row["why"] = tuple(row["why"] or ())
    row["firings"] = _firings(row["firings"] or [])
    return Report(**row)


def _firings(stored: list[dict[str, Any]]) -> tuple[Firing, ...]:
    return tuple(Firing(**firing) for firing in stored)


async def due_clients(tx: Transaction, now: datetime, most: int) -> list[UUID]:
    """Clients for whom time alone changes something, locked; those at work are left to others."""
    rows = await tx.fetch(
        "select client_id from clients where due_at <= $1 order by due_at limit $2"
        " for update skip locked",
        now,
        most,
    )
    return [row["client_id"] for row in rows]


async def unreflected_clients(tx: Transaction, most: int) -> dict[UUID, int]:
    """Clients with reports the statistics have not seen, any of them, with their versions."""
    rows = await tx.fetch(
        "select client_id, version from clients where reported_version > reflected_version"
        " limit $1",
        most,
    )
    return {row["client_id"]: row["version"] for row in rows}


async def claim_reflection(tx: Transaction, client_id: UUID) -> bool:
    """Whether this transaction is the only one that computes for the client, until it ends."""
    claimed: bool = await tx.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 'clients'::regclass::bigint))",
        str(client_id),
    )
    return claimed
