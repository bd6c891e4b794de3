"""What is true of claimed messages at this moment, beyond what the claim joins to them.

Only messages that ask for it cost a statement: invitations, escalations, and what a day's cap
may hold back.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notify.domain.delivery import Delivery
from services.notify.domain.judging import is_capped
from services.notify.domain.templates import CHECK_IN_BEFORE, SAFETY_ESCALATION
from shared.postgres import Transaction

LOOKED_BACK = timedelta(hours=26)
"""The longest day of any zone, when clocks go back."""

_OVERTAKEN = """
select d.id, d.template = 'safety-escalation' as acknowledged from deliveries d
where d.id = any($1) and case d.template
    when 'safety-escalation' then exists (
        select from safety_alerts a where a.id = d.subject_id and a.acknowledged_at is not null
    )
    when 'why-it-hurt' then exists (
        select from happenings h where h.client_id = d.recipient_id and h.kind = 'check-in'
        and h.why and h.heard_at >= (d.detail ->> 'since')::timestamptz
    )
    else exists (
        select from happenings h where h.client_id = d.recipient_id and h.kind = 'check-in'
        and h.code = d.detail ->> 'kind' and (h.booking_id = d.booking_id
            or h.booking_id is null and h.at >= (d.detail ->> 'since')::timestamptz)
    )
end
"""

_LOCK = """
select pg_advisory_xact_lock(hashtextextended(name, 0))
from (select distinct unnest($1::text[]) as name order by name) as names
"""

_SENT = """
select d.recipient_id, d.channel, coalesce(d.sent_at, $3) as at
from unnest($1::uuid[], $2::text[]) as e(recipient_id, channel)
join deliveries d using (recipient_id, channel)
where d.class <> 'essential' and (
    d.sent_at > $3 - $4::interval
    or d.state = 'sending' and not d.id = any($5)
)
"""


async def complete(
    tx: Transaction, claimed: Sequence[Delivery], *, now: datetime
) -> list[Delivery]:
    """The claimed messages with what was told or looked at meanwhile, and what was sent today.

    To be called in the transaction of the claim: what two senders claim for one person counts for
    the cap of both, because the second waits here until the first has committed.
    """
    return await _with_sent(tx, await _with_answers(tx, claimed), now)


async def _with_answers(tx: Transaction, claimed: Sequence[Delivery]) -> list[Delivery]:
    asking = [one.id for one in claimed if _may_be_overtaken(one)]
    if not asking:
        return list(claimed)
    found = {row["id"]: row["acknowledged"] for row in await tx.fetch(_OVERTAKEN, asking)}
    return [
        replace(one, answered=not found[one.id], acknowledged=found[one.id])
        if one.id in found
        else one
        for one in claimed
    ]


async def _with_sent(tx: Transaction, claimed: Sequence[Delivery], now: datetime) -> list[Delivery]:
    capped = {(one.recipient_id, one.channel) for one in claimed if is_capped(one)}
    if not capped:
        return list(claimed)
    await tx.fetch(_LOCK, [f"cap {person} {channel}" for person, channel in capped])
    rows = await tx.fetch(
        _SENT,
        [person for person, _ in capped],
        [channel for _, channel in capped],
        now,
        LOOKED_BACK,
        [one.id for one in claimed],
    )
    sent: dict[tuple[UUID, str], list[datetime]] = {}
    for row in rows:
        sent.setdefault((row["recipient_id"], row["channel"]), []).append(row["at"])
    return [
        replace(one, sent_lately=tuple(sent.get((one.recipient_id, one.channel), ())))
        if is_capped(one)
        else one
        for one in claimed
    ]


def _may_be_overtaken(delivery: Delivery) -> bool:
    return delivery.nature == "invitation" or delivery.template in {
        CHECK_IN_BEFORE.name,
        SAFETY_ESCALATION.name,
    }
