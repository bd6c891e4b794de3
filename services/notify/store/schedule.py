"""Messages come into being, move and are called off; each change with its event in the outbox."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg

from services.notify.domain.planned import Planned
from services.notify.domain.templates import TEMPLATES
from shared import outbox
from shared.contracts.messages import MessageCancelled, MessageScheduled
from shared.identifiers import new_id
from shared.postgres import Transaction

_CANCEL_REMINDERS = """
update deliveries d set state = 'cancelled', reason = e.reason, updated_at = $4, waits_for = null
from unnest($1::uuid[], $2::integer[], $3::text[]) as e(booking_id, version, reason)
where d.subject_id = e.booking_id and d.subject_version < e.version and d.nature = 'reminder'
and d.state in ('scheduled', 'retrying')
returning d.id, d.recipient_id, d.template, d.channel, d.booking_id, d.reason
"""

_CANCEL_FOR_PERSON = """
update deliveries set state = 'cancelled', reason = $1, updated_at = $2, waits_for = null
where recipient_id = $3 and state in ('scheduled', 'retrying')
returning id, recipient_id, template, channel, booking_id
"""

_CANCEL_ESCALATIONS = """
update deliveries set state = 'cancelled', reason = $1, updated_at = $2, waits_for = null
where subject_id = any($3) and template = 'safety-escalation'
and state in ('scheduled', 'retrying')
returning id, recipient_id, template, channel, booking_id
"""

ACKNOWLEDGED = "somebody has looked at it"


async def add(tx: Transaction, planned: Sequence[Planned], *, now: datetime) -> int:
    """Schedule messages; one that is there already stays as it is. Returns how many are new.

    Each gets a row for every channel of its template that reaches the person; mail always, since a
    person who is not known yet, or agrees later, is judged when it is due.
    """
    if not planned:
        return 0
    columns = zip(
        *(
            (
                new_id(),
                message.template.name,
                message.subject_id,
                message.subject_version,
                channel,
                message.recipient_id,
                message.booking_id,
                message.template.message_class,
                message.template.nature,
                json.dumps(message.detail),
                message.nominal_at,
                message.due_at,
                message.expires_at,
                message.traceparent,
            )
            for message in planned
            for channel in message.template.channels
        ),
        strict=True,
    )
    rows = await tx.fetch(
        "insert into deliveries (id, template, subject_id, subject_version, channel, recipient_id,"
        " booking_id, class, nature, detail, nominal_at, due_at, next_at, expires_at, traceparent,"
        " created_at, updated_at)"
        " select e.id, template, subject_id, subject_version, channel, recipient_id, booking_id,"
        " class, nature, detail::jsonb, nominal_at, due_at, due_at, expires_at, traceparent,"
        " $15, $15"
        " from unnest($1::uuid[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::uuid[],"
        " $7::uuid[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],"
        " $13::timestamptz[], $14::text[]) with ordinality"
        " as e(id, template, subject_id, subject_version, channel, recipient_id, booking_id, class,"
        " nature, detail, nominal_at, due_at, expires_at, traceparent, place)"
        " left join contacts c on c.person_id = e.recipient_id"
        " where e.channel = 'email' or c.reach -> e.class ? e.channel order by place"
        " on conflict (template, subject_id, subject_version, channel, recipient_id) do nothing"
        " returning id, recipient_id, template, channel, booking_id, due_at, traceparent",
        *(list(column) for column in columns),
        now,
    )
    await _tell_scheduled(tx, rows, now)
    return len(rows)


@dataclass(frozen=True)
class Outdated:
    """A booking has a new `version`: `reason` says what became of it."""

    booking_id: UUID
    version: int
    reason: str


async def cancel_reminders(tx: Transaction, outdated: Sequence[Outdated], *, now: datetime) -> None:
    """Call off the reminders of older versions of bookings that have not gone out."""
    if not outdated:
        return
    rows = await tx.fetch(
        _CANCEL_REMINDERS,
        [one.booking_id for one in outdated],
        [one.version for one in outdated],
        [one.reason for one in outdated],
        now,
    )
    cancelled = (
        MessageCancelled(reason=row["reason"], at=now, **_told(row))
        for row in sorted(rows, key=itemgetter("id"))
    )
    await outbox.add(tx, cancelled, now=now)


async def cancel_for_person(
    tx: Transaction, person_id: UUID, *, reason: str, now: datetime
) -> None:
    """Call off all that has not gone out to a person."""
    rows = await tx.fetch(_CANCEL_FOR_PERSON, reason, now, person_id)
    await tell_cancelled(tx, rows, reason, now)


async def cancel_escalations(tx: Transaction, alerts: Sequence[UUID], *, now: datetime) -> None:
    """Call off the steps of these alerts that were not taken yet: somebody has looked."""
    rows = await tx.fetch(_CANCEL_ESCALATIONS, ACKNOWLEDGED, now, alerts)
    await tell_cancelled(tx, rows, ACKNOWLEDGED, now)


async def wake(
    tx: Transaction,
    people: Sequence[UUID],
    booking_ids: Sequence[UUID],
    *,
    wishes_changed: Sequence[UUID] = (),
    now: datetime,
) -> int:
    """Let messages that wait for these people, or for where these bookings are, be looked at now.

    Of those in `wishes_changed` also what waits for their hours, another day or the digest.
    Nothing is looked at before it is due.
    """
    if not people:
        return 0
    status: str = await tx.execute(
        "update deliveries set next_at = greatest(due_at, $2), waits_for = null"
        " where recipient_id = any($1) and state in ('scheduled', 'retrying')"
        " and (waits_for in ('contact', 'access')"
        " or waits_for in ('hours', 'cap', 'digest') and recipient_id = any($3))",
        people,
        now,
        wishes_changed,
    )
    woken = int(status.rsplit(maxsplit=1)[-1])
    if booking_ids:
        status = await tx.execute(
            "update deliveries set next_at = greatest(due_at, $2), waits_for = null"
            " where subject_id = any($1)"
            " and waits_for = 'access' and state in ('scheduled', 'retrying')",
            booking_ids,
            now,
        )
        woken += int(status.rsplit(maxsplit=1)[-1])
    return woken


async def move_reminders(
    tx: Transaction,
    due_for: Mapping[UUID, Callable[[str, datetime], datetime]],
    *,
    now: datetime,
) -> None:
    """Give people's reminders a new due time: their zone or hours changed.

    `due_for` makes it, for each of them, from the template and the nominal time.
    """
    if not due_for:
        return
    rows = await tx.fetch(
        "select id, recipient_id, template, nominal_at, due_at from deliveries"
        " where recipient_id = any($1) and state = 'scheduled' and nature = 'reminder' for update",
        list(due_for),
    )
    due = {
        row["id"]: due_for[row["recipient_id"]](row["template"], row["nominal_at"]) for row in rows
    }
    moved = [row for row in rows if due[row["id"]] != row["due_at"]]
    if not moved:
        return
    changed = await tx.fetch(
        "update deliveries d set due_at = e.due_at, next_at = greatest(e.due_at, $3),"
        " updated_at = $3 from unnest($1::uuid[], $2::timestamptz[]) as e(id, due_at)"
        " where d.id = e.id"
        " returning d.id, d.recipient_id, d.template, d.channel, d.booking_id, d.due_at,"
        " d.traceparent",
        [row["id"] for row in moved],
        [due[row["id"]] for row in moved],
        now,
    )
    await _tell_scheduled(tx, changed, now)


async def open_mails(tx: Transaction, people: Sequence[UUID], now: datetime) -> list[Planned]:
    """What is still to come to people by mail, as it was planned."""
    if not people:
        return []
    rows = await tx.fetch(
        "select template, subject_id, subject_version, recipient_id, booking_id, detail,"
        " nominal_at, due_at, expires_at, traceparent from deliveries where recipient_id = any($1)"
        " and channel = 'email' and state = 'scheduled' and expires_at > $2",
        people,
        now,
    )
    return [Planned(**{**row, "template": TEMPLATES[row["template"]]}) for row in rows]


async def tell_cancelled(
    tx: Transaction,
    rows: Sequence[asyncpg.Record] | Sequence[Mapping[str, Any]],
    reason: str,
    now: datetime,
) -> None:
    """Tell of messages that were called off."""
    await outbox.add(
        tx, (MessageCancelled(reason=reason, at=now, **_told(row)) for row in rows), now=now
    )


async def _tell_scheduled(tx: Transaction, rows: Sequence[asyncpg.Record], now: datetime) -> None:
    await outbox.add_caused(
        tx,
        (
            (MessageScheduled(due_at=row["due_at"], at=now, **_told(row)), now, row["traceparent"])
            for row in rows
        ),
    )


def _told(row: asyncpg.Record | Mapping[str, Any]) -> dict[str, Any]:
    return {
        "message_id": row["id"],
        "recipient_id": row["recipient_id"],
        "template": row["template"],
        "channel": row["channel"],
        "booking_id": row["booking_id"],
    }
