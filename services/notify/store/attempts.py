"""Attempts: a row is committed before a provider is spoken to, and closed when it has answered.

One that stays open is a send whose end nobody saw, and nothing else is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.domain.delivery import Delivery
from services.notify.domain.outcome import Outcome
from services.notify.store.claims import LEASE
from shared.postgres import Transaction

_BEGIN = """
with wanted as (
    select id, lease, provider from unnest($1::uuid[], $2::uuid[], $3::text[])
    as e(id, lease, provider)
), ready as (
    update deliveries d
    set attempts = attempts + 1, leased_until = clock_timestamp() + $4::interval, updated_at = $5
    from wanted e
    where d.id = e.id and d.lease = e.lease and d.state = 'sending' and (
        d.nature <> 'reminder' or exists (
            select from bookings b where b.id = d.booking_id
            and b.version = d.subject_version and b.status = 'confirmed'
        )
    )
    returning d.id, d.attempts, e.provider
)
insert into attempts (delivery_id, number, provider, started_at)
select id, attempts, provider, $5 from ready returning delivery_id, number
"""

_TURNED_AWAY = """
with tried as (
    update deliveries set attempts = attempts + 1, updated_at = $6,
        leased_until = clock_timestamp() + $7::interval
    where id = $1 and lease = $2 and state = 'sending' returning attempts
)
insert into attempts (delivery_id, number, provider, started_at, finished_at, outcome, code)
select $1, attempts, $3, $6, $6, $4, $5 from tried returning number
"""


@dataclass(frozen=True)
class Beginning:
    """A message that is about to be handed to a provider."""

    delivery: Delivery
    provider: str


async def begin(
    connection: Transaction, beginnings: Sequence[Beginning], *, now: datetime
) -> dict[UUID, int]:
    """Write that attempts begin; their numbers by message, of those still ours to send.

    A reminder whose booking changed since it was taken does not begin.
    """
    rows = await connection.fetch(
        _BEGIN,
        [one.delivery.id for one in beginnings],
        [one.delivery.lease for one in beginnings],
        [one.provider for one in beginnings],
        LEASE,
        now,
    )
    return {row["delivery_id"]: row["number"] for row in rows}


async def turned_away(
    connection: Transaction, one: Beginning, outcome: Outcome, *, now: datetime
) -> bool:
    """Write an attempt that ended before anything was handed over; False when not ours to send."""
    number = await connection.fetchval(
        _TURNED_AWAY,
        one.delivery.id,
        one.delivery.lease,
        one.provider,
        outcome.result,
        outcome.code,
        now,
        LEASE,
    )
    return number is not None


async def close(
    connection: Transaction, delivery: Delivery, number: int, outcome: Outcome, *, now: datetime
) -> None:
    """Write how an attempt ended, while its message is tried with another provider."""
    await connection.execute(
        "update attempts set outcome = $3, code = $4, status = $5, reference = $6, finished_at = $7"
        " where delivery_id = $1 and number = $2 and outcome is null",
        delivery.id,
        number,
        outcome.result,
        outcome.code,
        outcome.status,
        outcome.reference,
        now,
    )


async def message_with_reference(connection: Transaction, reference: str) -> UUID | None:
    """The message that a provider knows by this name."""
    found: UUID | None = await connection.fetchval(
        "select delivery_id from attempts where reference = $1 order by started_at desc limit 1",
        reference,
    )
    return found
