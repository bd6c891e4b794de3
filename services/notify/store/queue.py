"""What became of messages that senders took.

Each change of state is one statement that names the state and the lease it expects, so that two
senders never both believe that a message is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notify.domain.delivery import Delivery, Drop, Wait
from services.notify.domain.outcome import Next, Outcome, after_death
from services.notify.store import suppressions
from services.notify.store.claims import delivery_of
from shared import outbox
from shared.contracts.messages import (
    MessageCancelled,
    MessageFact,
    MessageFailed,
    MessageSent,
    MessageUnknown,
)
from shared.postgres import Transaction

RECOVERED_AT_ONCE = 100
"""Messages of killed senders taken back in one transaction."""

_SETTLE = """
with ended as (
    select * from unnest(
        $1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::integer[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::timestamptz[]
    ) as e(id, lease, number, outcome, code, status, reference, state, reason, at)
), closed as (
    update attempts a
    set outcome = e.outcome, code = e.code, status = e.status, reference = e.reference,
        finished_at = $11
    from ended e where a.delivery_id = e.id and a.number = e.number and a.outcome is null
), moved as (
    update deliveries d
    set state = e.state, reason = e.reason, next_at = coalesce(e.at, d.next_at), lease = null,
        leased_until = null, unknowns = d.unknowns + (e.outcome = 'unknown')::integer,
        rounds = d.rounds + 1, updated_at = $11,
        sent_at = case when e.state in ('sent', 'unknown') then $11 else d.sent_at end
    from ended e where d.id = e.id and d.lease = e.lease and d.state = 'sending'
    returning d.id, d.subject_id, d.recipient_id, d.channel, d.nature
), woken as (
    update deliveries w set next_at = $11, waits_for = null from moved m
    where m.nature = 'announcement' and w.subject_id = m.subject_id
    and w.recipient_id = m.recipient_id and w.channel = m.channel
    and w.waits_for = 'earlier' and w.state in ('scheduled', 'retrying')
)
select id from moved
"""


@dataclass(frozen=True)
class Ended:
    """How trying a message ended, and what follows; `attempt` is the one still open, if one is."""

    delivery: Delivery
    attempt: int | None
    outcome: Outcome
    following: Next


async def settle(tx: Transaction, ended: Sequence[Ended], *, now: datetime) -> set[UUID]:
    """Write how attempts ended; the ids of those messages that were still held, so now changed."""
    if not ended:
        return set()
    rows = await tx.fetch(
        _SETTLE,
        [end.delivery.id for end in ended],
        [end.delivery.lease for end in ended],
        [end.attempt for end in ended],
        [end.outcome.result for end in ended],
        [end.outcome.code for end in ended],
        [end.outcome.status for end in ended],
        [end.outcome.reference for end in ended],
        [end.following.state for end in ended],
        [end.following.reason for end in ended],
        [end.following.at for end in ended],
        now,
    )
    changed: set[UUID] = {row["id"] for row in rows}
    held = [end for end in ended if end.delivery.id in changed]
    await outbox.add_caused(
        tx,
        [
            (fact, now, end.delivery.traceparent)
            for end in held
            if (fact := _told_of(end, now)) is not None
        ],
    )
    for end in held:
        await _suppress(tx, end, now)
    return changed


async def put_back(
    tx: Transaction, waiting: Sequence[tuple[Delivery, Wait]], *, now: datetime
) -> None:
    """Give messages back until something they need is there."""
    await _release(
        tx, [(delivery, wait.until, wait.waits_for) for delivery, wait in waiting], now=now
    )


async def release(
    tx: Transaction,
    deliveries: Sequence[Delivery],
    *,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Give back messages that were not begun, for any sender to take at once or from `until` on."""
    await _release(tx, [(delivery, until or now, None) for delivery in deliveries], now=now)


async def give_up(
    tx: Transaction, dropped: Sequence[tuple[Delivery, Drop]], *, now: datetime
) -> None:
    """End messages that are not to go out."""
    ends = [(delivery, Next(drop.state, drop.reason)) for delivery, drop in dropped]
    await _end(tx, ends, now=now)


async def fail(tx: Transaction, delivery: Delivery, reason: str, *, now: datetime) -> None:
    """End a message that cannot be written."""
    await _end(tx, [(delivery, Next("failed", reason))], now=now)


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
    held = [(delivery_of(row), row["number"]) for row in rows]
    await release(tx, [delivery for delivery, number in held if number is None], now=now)
    begun = [
        Ended(
            delivery,
            number,
            Outcome("unknown"),
            after_death(delivery.message_class, delivery.unknowns, now=now),
        )
        for delivery, number in held
        if number is not None
    ]
    await settle(tx, begun, now=now)
    return len(rows)


async def oldest_due(tx: Transaction, *, now: datetime) -> dict[tuple[str, str], timedelta]:
    """By (channel, rank), how long the oldest message that is due has not been looked at.

    The rank is `essential` or `other`.
    """
    rows = await tx.fetch(
        "select channel, (select min(next_at) from deliveries"
        " where state in ('scheduled', 'retrying') and class = 'essential' and channel = c.channel"
        " and next_at <= $1) as essential, (select min(next_at) from deliveries"
        " where state in ('scheduled', 'retrying') and class <> 'essential' and channel = c.channel"
        " and next_at <= $1) as other from unnest(array['email', 'sms', 'push']) as c(channel)",
        now,
    )
    return {
        (row["channel"], rank): timedelta(0) if row[rank] is None else now - row[rank]
        for row in rows
        for rank in ("essential", "other")
    }


async def _release(
    tx: Transaction,
    given_back: Sequence[tuple[Delivery, datetime, str | None]],
    *,
    now: datetime,
) -> None:
    if not given_back:
        return
    await tx.execute(
        "update deliveries d"
        " set state = case when d.rounds > 0 then 'retrying' else 'scheduled' end,"
        " next_at = e.until, waits_for = e.waits_for, lease = null, leased_until = null,"
        " updated_at = $5"
        " from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[])"
        " as e(id, lease, until, waits_for)"
        " where d.id = e.id and d.lease = e.lease and d.state = 'sending' and not exists"
        " (select from attempts a where a.delivery_id = d.id and a.outcome is null)",
        [delivery.id for delivery, _, _ in given_back],
        [delivery.lease for delivery, _, _ in given_back],
        [until for _, until, _ in given_back],
        [waits_for for _, _, waits_for in given_back],
        now,
    )


async def _end(tx: Transaction, ends: Sequence[tuple[Delivery, Next]], *, now: datetime) -> None:
    rows = await tx.fetch(
        "with ended as (update deliveries d set state = e.state, reason = e.reason,"
        " waits_for = null, lease = null, leased_until = null, updated_at = $5"
        " from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])"
        " as e(id, lease, state, reason)"
        " where d.id = e.id and d.lease = e.lease and d.state = 'sending'"
        " returning d.id, d.subject_id, d.recipient_id, d.channel),"
        " woken as (update deliveries w set next_at = $5, waits_for = null from ended e"
        " where w.subject_id = e.subject_id and w.recipient_id = e.recipient_id"
        " and w.channel = e.channel and w.waits_for = 'earlier'"
        " and w.state in ('scheduled', 'retrying'))"
        " select id from ended",
        [delivery.id for delivery, _ in ends],
        [delivery.lease for delivery, _ in ends],
        [following.state for _, following in ends],
        [following.reason for _, following in ends],
        now,
    )
    ended = {row["id"] for row in rows}
    facts = [
        (fact, now, delivery.traceparent)
        for delivery, following in ends
        if delivery.id in ended and (fact := _fact(delivery, following, now))
    ]
    await outbox.add_caused(tx, facts)


async def _suppress(tx: Transaction, end: Ended, now: datetime) -> None:
    delivery, outcome = end.delivery, end.outcome
    evidence = " ".join(str(part) for part in (outcome.code, outcome.status) if part)
    address = suppressions.address_of(delivery)
    if outcome.result == "bounced" and address is not None:
        await suppressions.suppress(
            tx,
            suppressions.Address(delivery.channel, address),
            reason="hard-bounce",
            evidence=evidence,
            recipient_id=delivery.recipient_id,
            now=now,
        )
    for device_id in outcome.gone:
        await suppressions.suppress(
            tx,
            suppressions.Address("push", str(device_id)),
            reason="gone",
            evidence=evidence,
            recipient_id=delivery.recipient_id,
            now=now,
        )


def _told_of(end: Ended, now: datetime) -> MessageFact | None:
    if end.outcome.result == "unknown":
        return MessageUnknown(at=now, **told(end.delivery))
    return _fact(end.delivery, end.following, now)


def _fact(delivery: Delivery, following: Next, now: datetime) -> MessageFact | None:
    reason = following.reason or following.state
    match following.state:
        case "sent":
            return MessageSent(at=now, **told(delivery))
        case "failed" | "bounced" | "expired":
            return MessageFailed(at=now, reason=reason, **told(delivery))
        case "cancelled":
            return MessageCancelled(at=now, reason=reason, **told(delivery))
        case "unknown":
            return MessageUnknown(at=now, **told(delivery))
        case "scheduled" | "retrying" | "sending":
            return None


def told(delivery: Delivery) -> dict[str, Any]:
    """What every fact about a message says of it."""
    return {
        "message_id": delivery.id,
        "recipient_id": delivery.recipient_id,
        "template": delivery.template,
        "channel": delivery.channel,
        "message_class": delivery.message_class,
        "booking_id": delivery.booking_id,
    }
