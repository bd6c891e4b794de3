"""Senders take messages that are due, and write down what became of them.

Each change of state is one statement that names the state and the lease it expects, so that two
senders never both believe that a message is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.notify.domain.delivery import (
    Access,
    BookingNow,
    Code,
    Delivery,
    Drop,
    Person,
    Wait,
)
from services.notify.domain.outcome import Next, Outcome, after_unknown
from shared import outbox
from shared.contracts.contacts import Grant, Preferences, PushDevice, UnsubscribeAccess
from shared.contracts.messages import (
    MessageCancelled,
    MessageFact,
    MessageFailed,
    MessageSent,
    MessageUnknown,
)
from shared.identifiers import new_id
from shared.postgres import Transaction

LEASE = timedelta(seconds=20)
"""Longer than the longest send (`smtp.SEND_TIMEOUT_S`); a killed sender's messages wait so long."""

RECOVERED_AT_ONCE = 100
"""Messages of killed senders taken back in one transaction."""

_CLAIM = """
with urgent as (
    select id from deliveries
    where state in ('scheduled', 'retrying') and class = 'essential' and next_at <= $1
    order by next_at limit $2 for update skip locked
), other as (
    select id from deliveries
    where state in ('scheduled', 'retrying') and class <> 'essential' and next_at <= $1
    order by next_at limit greatest($2 - (select count(*) from urgent), 0) for update skip locked
), d as (
    update deliveries
    set state = 'sending', lease = $3, leased_until = clock_timestamp() + $4::interval,
        waits_for = null, updated_at = $1
    where id = any(array(select id from urgent union all select id from other))
    returning *
)
select d.*,
    p.person_id, p.role, p.name, p.email, p.language, p.tz, p.reminders, p.marketing, p.sign_in,
    p.phone, p.grants, p.preferences, p.unsubscribe, p.devices,
    coalesce(c.bookings, p.bookings) -> d.booking_id::text as access,
    case when d.detail ? 'sessions' then coalesce(c.bookings, p.bookings) end as accesses,
    b.version as booking_version, b.status as booking_status,
    c.name as other_name,
    p.waitlist ->> (d.detail ->> 'waitlist_id') as leave_token,
    d.nature = 'announcement' and exists (
        select from deliveries e
        where e.subject_id = d.subject_id and e.recipient_id = d.recipient_id
        and e.channel = d.channel and e.nature = 'announcement'
        and e.subject_version < d.subject_version
        and e.state in ('scheduled', 'retrying', 'sending')
    ) as earlier_open
from d
left join contacts p on p.person_id = d.recipient_id
left join bookings b on b.id = d.booking_id
-- Whom a message to somebody else is about: of a booking only the client's contact knows the place.
left join contacts c on c.person_id <> d.recipient_id and c.person_id = coalesce(
    (d.detail ->> 'client_id')::uuid, (d.detail ->> 'trainer_id')::uuid, b.client_id
)
order by d.class <> 'essential', d.due_at, d.subject_version, d.id
"""

_BEGIN = """
with ready as (
    update deliveries d
    set attempts = attempts + 1, leased_until = clock_timestamp() + $3::interval, updated_at = $5
    where id = $1 and lease = $2 and state = 'sending' and (
        nature <> 'reminder' or exists (
            select from bookings b where b.id = d.booking_id
            and b.version = d.subject_version and b.status = 'confirmed'
        )
    )
    returning attempts
)
insert into attempts (delivery_id, number, provider, started_at)
select $1, attempts, $4, $5 from ready returning number
"""

_SETTLE = """
with closed as (
    update attempts set outcome = $4, code = $5, finished_at = $9
    where delivery_id = $1 and number = $3 and outcome is null
), moved as (
    update deliveries
    set state = $6, reason = $7, next_at = coalesce($8, next_at), lease = null,
        leased_until = null, unknowns = unknowns + ($4::text = 'unknown')::integer, updated_at = $9
    where id = $1 and lease = $2 and state = 'sending'
    returning subject_id, recipient_id, nature
), woken as (
    update deliveries w set next_at = $9, waits_for = null from moved m
    where m.nature = 'announcement' and w.subject_id = m.subject_id
    and w.recipient_id = m.recipient_id
    and w.waits_for = 'earlier' and w.state in ('scheduled', 'retrying')
)
select count(*) from moved
"""


async def claim(tx: Transaction, *, limit: int, now: datetime) -> list[Delivery]:
    """Take up to `limit` messages that are due, essential ones first, with all known of them."""
    rows = await tx.fetch(_CLAIM, now, limit, new_id(), LEASE)
    return [_delivery(row) for row in rows]


async def begin(tx: Transaction, delivery: Delivery, provider: str, *, now: datetime) -> int | None:
    """Write that an attempt begins; its number, or None when the message is no longer ours to send.

    A reminder whose booking changed since it was taken does not begin.
    """
    number: int | None = await tx.fetchval(
        _BEGIN, delivery.id, delivery.lease, LEASE, provider, now
    )
    return number


@dataclass(frozen=True)
class Ended:
    """An attempt that ended, and what follows for its message."""

    delivery: Delivery
    attempt: int
    outcome: Outcome
    following: Next


async def settle(tx: Transaction, ended: Sequence[Ended], *, now: datetime) -> set[UUID]:
    """Write how attempts ended; the ids of those messages that were still held, so now changed."""
    facts, changed = [], set()
    for end in ended:
        delivery, following = end.delivery, end.following
        moved = await tx.fetchval(
            _SETTLE,
            delivery.id,
            delivery.lease,
            end.attempt,
            end.outcome.result,
            end.outcome.code,
            following.state,
            following.reason,
            following.at,
            now,
        )
        if not moved:
            continue
        changed.add(delivery.id)
        fact = _fact(delivery, following, now)
        if end.outcome.result == "unknown":
            fact = MessageUnknown(at=now, **_told(delivery))
        if fact is not None:
            facts.append(fact)
    await outbox.add(tx, facts, now=now)
    return changed


async def put_back(
    tx: Transaction, waiting: Sequence[tuple[Delivery, Wait]], *, now: datetime
) -> None:
    """Give messages back until something they need is there."""
    await tx.execute(
        "update deliveries d"
        " set state = case when d.attempts > 0 then 'retrying' else 'scheduled' end,"
        " next_at = e.until, waits_for = e.waits_for, lease = null, leased_until = null,"
        " updated_at = $5"
        " from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[])"
        " as e(id, lease, until, waits_for)"
        " where d.id = e.id and d.lease = e.lease and d.state = 'sending'",
        [delivery.id for delivery, _ in waiting],
        [delivery.lease for delivery, _ in waiting],
        [wait.until for _, wait in waiting],
        [wait.waits_for for _, wait in waiting],
        now,
    )


async def give_up(tx: Transaction, delivery: Delivery, drop: Drop, *, now: datetime) -> None:
    """End a message that is not to go out."""
    await _end(tx, delivery, Next(drop.state, drop.reason), now=now)


async def fail(tx: Transaction, delivery: Delivery, reason: str, *, now: datetime) -> None:
    """End a message that cannot be written."""
    await _end(tx, delivery, Next("failed", reason), now=now)


async def release(tx: Transaction, deliveries: Sequence[Delivery], *, now: datetime) -> None:
    """Give back messages that were taken but not begun, for any sender to take at once."""
    await tx.execute(
        "update deliveries d"
        " set state = case when attempts > 0 then 'retrying' else 'scheduled' end,"
        " next_at = $3, lease = null, leased_until = null, updated_at = $3"
        " from unnest($1::uuid[], $2::uuid[]) as e(id, lease)"
        " where d.id = e.id and d.lease = e.lease and d.state = 'sending' and not exists"
        " (select from attempts a where a.delivery_id = d.id and a.outcome is null)",
        [delivery.id for delivery in deliveries],
        [delivery.lease for delivery in deliveries],
        now,
    )


async def recover(tx: Transaction, *, in_hand: Sequence[UUID], now: datetime) -> int:
    """Take back what killed senders held; returns how many. `in_hand` is what this one still holds.

    Without an open attempt nothing was sent. With one nobody knows, and the policy decides.
    """
    rows = await tx.fetch(
        "select d.*, a.number from deliveries d"
        " left join attempts a on a.delivery_id = d.id and a.outcome is null"
        " where d.state = 'sending' and d.leased_until < clock_timestamp() and d.id <> all($1)"
        " order by d.leased_until limit $2 for update of d skip locked",
        in_hand,
        RECOVERED_AT_ONCE,
    )
    held = [(_delivery(row), row["number"]) for row in rows]
    await release(tx, [delivery for delivery, number in held if number is None], now=now)
    begun = [
        Ended(
            delivery,
            number,
            Outcome("unknown"),
            after_unknown(delivery.message_class, delivery.unknowns, now=now),
        )
        for delivery, number in held
        if number is not None
    ]
    await settle(tx, begun, now=now)
    return len(rows)


async def oldest_due(tx: Transaction, *, now: datetime) -> timedelta:
    """How long the oldest message that is due and waits for nothing has not been looked at."""
    oldest = await tx.fetchval(
        "select min(next_at) from deliveries"
        " where state in ('scheduled', 'retrying') and class = 'essential' and next_at <= $1",
        now,
    )
    return timedelta(0) if oldest is None else now - oldest


async def _end(tx: Transaction, delivery: Delivery, following: Next, *, now: datetime) -> None:
    ended = await tx.fetchval(
        "with ended as (update deliveries set state = $3, reason = $4, waits_for = null,"
        " lease = null, leased_until = null, updated_at = $5"
        " where id = $1 and lease = $2 and state = 'sending' returning subject_id, recipient_id),"
        " woken as (update deliveries w set next_at = $5, waits_for = null from ended e"
        " where w.subject_id = e.subject_id and w.recipient_id = e.recipient_id"
        " and w.waits_for = 'earlier' and w.state in ('scheduled', 'retrying'))"
        " select count(*) from ended",
        delivery.id,
        delivery.lease,
        following.state,
        following.reason,
        now,
    )
    fact = _fact(delivery, following, now)
    if ended and fact is not None:
        await outbox.add(tx, [fact], now=now)


def _fact(delivery: Delivery, following: Next, now: datetime) -> MessageFact | None:
    told = _told(delivery)
    reason = following.reason or following.state
    match following.state:
        case "sent":
            return MessageSent(at=now, **told)
        case "failed" | "bounced" | "expired":
            return MessageFailed(at=now, reason=reason, **told)
        case "cancelled":
            return MessageCancelled(at=now, reason=reason, **told)
        case "unknown":
            return MessageUnknown(at=now, **told)
        case "scheduled" | "retrying" | "sending":
            return None


def _told(delivery: Delivery) -> dict[str, Any]:
    return {
        "message_id": delivery.id,
        "recipient_id": delivery.recipient_id,
        "template": delivery.template,
        "channel": delivery.channel,
        "booking_id": delivery.booking_id,
    }


def _delivery(row: asyncpg.Record) -> Delivery:
    found = dict(row)
    person = access = code = booking = None
    other = found.get("other_name")
    if found.get("person_id") is not None:
        person = Person(
            id=found["person_id"],
            role=found["role"],
            name=found["name"],
            email=found["email"],
            language=found["language"],
            tz=found["tz"],
            reminders=found["reminders"],
            marketing=found["marketing"],
            phone=found["phone"],
            grants=tuple(Grant.model_validate(one) for one in found["grants"]),
            preferences=found["preferences"] and Preferences.model_validate(found["preferences"]),
            unsubscribe=tuple(
                UnsubscribeAccess.model_validate(one) for one in found["unsubscribe"]
            ),
            devices=tuple(PushDevice.model_validate(one) for one in found["devices"]),
        )
    if found.get("access") is not None:
        known = found["access"] if other is None else found["access"] | {"with_name": other}
        access = Access(**known)
    if (asked := found.get("sign_in")) is not None:
        code = Code(
            UUID(asked["request_id"]), asked["code"], datetime.fromisoformat(asked["expires_at"])
        )
    if found.get("booking_version") is not None:
        booking = BookingNow(found["booking_version"], found["booking_status"])
    return Delivery(
        id=found["id"],
        template=found["template"],
        subject_id=found["subject_id"],
        subject_version=found["subject_version"],
        recipient_id=found["recipient_id"],
        booking_id=found["booking_id"],
        channel=found["channel"],
        message_class=found["class"],
        nature=found["nature"],
        detail=found["detail"],
        due_at=found["due_at"],
        expires_at=found["expires_at"],
        created_at=found["created_at"],
        attempts=found["attempts"],
        unknowns=found["unknowns"],
        lease=found["lease"],
        person=person,
        access=access,
        accesses={
            UUID(booking_id): Access(**known)
            for booking_id, known in (found.get("accesses") or {}).items()
        },
        code=code,
        booking=booking,
        other_name=other,
        leave_token=found.get("leave_token"),
        earlier_open=found.get("earlier_open", False),
    )
