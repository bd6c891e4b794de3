"""Senders take the messages of a channel that are due, with all that is known of each."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.notify.domain.delivery import Access, BookingNow, Code, Delivery, Person
from shared.contracts.contacts import Grant, Preferences, PushDevice, UnsubscribeAccess
from shared.identifiers import new_id
from shared.postgres import Transaction

LEASE = timedelta(seconds=20)
"""Longer than the longest send (`channels.SEND_TIMEOUT_S`); a killed sender's messages wait so
long. Each attempt begins a new one."""

_TAKE = """
with urgent as (
    select id from deliveries
    where state in ('scheduled', 'retrying') and class = 'essential'
    and channel = $5 and next_at <= $1
    order by next_at limit $2 for update skip locked
), other as (
    select id from deliveries
    where state in ('scheduled', 'retrying') and class <> 'essential'
    and channel = $5 and next_at <= $1
    order by next_at limit greatest($2 - (select count(*) from urgent), 0) for update skip locked
), d as (
    update deliveries
    set state = 'sending', lease = $3, leased_until = clock_timestamp() + $4::interval,
        waits_for = null, updated_at = $1
    where id = any(array(select id from urgent union all select id from other))
    returning *
)
"""

_ONE = "with d as (select * from deliveries where id = $1)"

_KNOWN = """
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
    ) as earlier_open,
    (
        select s.reason from suppressions s
        where s.channel = d.channel and s.lifted_at is null
        and s.address = lower(btrim(case d.channel when 'email' then p.email else p.phone end))
        and (s.reason <> 'complaint' or d.class <> 'essential')
        order by s.reason = 'complaint', s.at limit 1
    ) as suppressed_because
from d
left join contacts p on p.person_id = d.recipient_id
left join bookings b on b.id = d.booking_id
-- Whom a message to somebody else is about: of a booking only the client's contact knows the place.
left join contacts c on c.person_id <> d.recipient_id and c.person_id = coalesce(
    (d.detail ->> 'client_id')::uuid, (d.detail ->> 'trainer_id')::uuid, b.client_id
)
order by d.class <> 'essential', d.due_at, d.subject_version, d.id
"""


async def claim(tx: Transaction, channel: str, *, limit: int, now: datetime) -> list[Delivery]:
    """Take up to `limit` messages that are due, essential ones first, with what is known of them.

    `present.complete` adds what only some of them need.
    """
    rows = await tx.fetch(_TAKE + _KNOWN, now, limit, new_id(), LEASE, channel)
    return [delivery_of(row) for row in rows]


async def look(connection: Transaction, message_id: UUID) -> Delivery | None:
    """A message as a sender would see it now, without taking it."""
    rows = await connection.fetch(_ONE + _KNOWN, message_id)
    return delivery_of(rows[0]) if rows else None


def delivery_of(row: asyncpg.Record) -> Delivery:
    """A message from its row, and what was joined to it."""
    found = dict(row)
    access = code = booking = None
    other = found.get("other_name")
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
        person=_person(row) if found.get("person_id") is not None else None,
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
        rounds=found["rounds"],
        traceparent=found["traceparent"],
        suppressed_because=found.get("suppressed_because"),
    )


def _person(row: asyncpg.Record) -> Person:
    return Person(
        id=row["person_id"],
        role=row["role"],
        name=row["name"],
        email=row["email"],
        language=row["language"],
        tz=row["tz"],
        reminders=row["reminders"],
        marketing=row["marketing"],
        phone=row["phone"],
        grants=tuple(Grant.model_validate(one) for one in row["grants"]),
        preferences=row["preferences"] and Preferences.model_validate(row["preferences"]),
        unsubscribe=tuple(UnsubscribeAccess.model_validate(one) for one in row["unsubscribe"]),
        devices=tuple(PushDevice.model_validate(one) for one in row["devices"]),
    )
