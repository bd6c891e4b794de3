"""What a digest sums up, read when it is sent."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.notify.domain.delivery import Delivery, Person
from services.notify.domain.recurring import day_bounds, summed_up
from services.notify.domain.templates import TRAINER_AGENDA
from services.notify.domain.windows import zone_or_company
from services.notify.store.schedule import tell_cancelled
from shared.clock import rfc3339
from shared.postgres import Transaction

TOLD = "told in the weekly summary"

_SUMMARY = """
with told as (
    update deliveries w
    set state = 'cancelled', reason = $6, waits_for = null, updated_at = $5
    where w.recipient_id = $1 and w.nature = 'encouragement' and $7
    and w.state in ('scheduled', 'retrying') and w.due_at <= $5 and w.expires_at > $5
    returning w.id, w.recipient_id, w.template, w.channel, w.booking_id, w.class, w.detail, w.due_at
), distinct_told as (
    select template, detail, min(due_at) as due_at from told group by template, detail
), kept as (
    update deliveries d set detail = d.detail || jsonb_build_object(
        'waiting', coalesce(d.detail -> 'waiting', '[]') || coalesce((
            select jsonb_agg(
                jsonb_build_object('template', template, 'detail', detail) order by due_at
            ) from distinct_told
        ), '[]')
    )
    where d.id = $2 returning d.detail -> 'waiting' as waiting
)
select
    (select waiting from kept) as waiting,
    (select coalesce(jsonb_agg(to_jsonb(told)), '[]') from told) as told,
    (
        select count(*) from bookings b where b.client_id = $1 and b.status = 'completed'
        and b.end_at > $3 and b.end_at <= $4
    ) as sessions_done,
    (
        select count(*) from happenings h where h.client_id = $1 and h.kind = 'check-in'
        and h.at > $3 and h.at <= $4
    ) as check_ins,
    (
        select coalesce(
            jsonb_agg(jsonb_build_object('code', h.code, 'kind', h.sort) order by h.at), '[]'
        )
        from happenings h where h.client_id = $1 and h.kind = 'milestone'
        and h.at > $3 and h.at <= $4
    ) as milestones,
    (
        select jsonb_build_object(
            'start', b.start_at, 'service', b.service, 'mode', b.mode,
            'with_name', p.bookings -> b.id::text ->> 'with_name'
        )
        from bookings b left join contacts p on p.person_id = b.client_id
        where b.client_id = $1 and b.status = 'confirmed' and b.start_at > $5
        order by b.start_at limit 1
    ) as next
"""

_AGENDA = """
select b.start_at, b.end_at, b.service, b.mode, c.name as client_name,
    c.bookings -> b.id::text ->> 'address' as address,
    c.bookings -> b.id::text ->> 'join_url' as join_url
from bookings b left join contacts c on c.person_id = b.client_id
where b.trainer_id = $1 and b.status = 'confirmed' and b.start_at >= $2 and b.start_at < $3
order by b.start_at
"""


async def gather(tx: Transaction, delivery: Delivery, now: datetime) -> Mapping[str, Any] | None:
    """What a digest tells of as things stand; None when there is nothing.

    The weekly summary takes over what waited for it, for good, in this transaction: its row keeps
    it, so that a second try tells it too and nothing is told twice.
    """
    if delivery.person is None:
        return None
    if delivery.template == TRAINER_AGENDA.name:
        return await _agenda(tx, delivery, delivery.person)
    return await _summary(tx, delivery, delivery.person, now)


async def _agenda(tx: Transaction, delivery: Delivery, person: Person) -> Mapping[str, Any] | None:
    day = date.fromisoformat(delivery.detail["day"])
    first, last = day_bounds(day, zone_or_company(person.tz))
    rows = await tx.fetch(_AGENDA, person.id, first, last)
    sessions = [
        {
            "start": rfc3339(row["start_at"]),
            "end": rfc3339(row["end_at"]),
            "service": row["service"],
            "mode": row["mode"],
            "client_name": row["client_name"],
            "address": row["address"],
            "join_url": row["join_url"],
        }
        for row in rows
    ]
    return {"day": day.isoformat(), "sessions": sessions} if sessions else None


async def _summary(
    tx: Transaction, delivery: Delivery, person: Person, now: datetime
) -> Mapping[str, Any] | None:
    since, until = summed_up(delivery.due_at)
    digest = person.preferences is not None and person.preferences.digest
    row = await tx.fetchrow(_SUMMARY, person.id, delivery.id, since, until, now, TOLD, digest)
    await tell_cancelled(tx, row["told"], TOLD, now)
    waiting = row["waiting"] or []
    milestones = [one["detail"] for one in waiting if one["template"] == "milestone"]
    gathered = {
        "sessions_done": row["sessions_done"],
        "check_ins": row["check_ins"],
        "milestones": _once([*row["milestones"], *milestones]),
        "waiting": [one for one in waiting if one["template"] != "milestone"],
        "next": row["next"],
    }
    return gathered if any(gathered.values()) else None


def _once(milestones: list[dict[str, str]]) -> list[dict[str, str]]:
    return list({one["code"]: one for one in milestones}.values())
