"""People for whom a message of the calendar has to be planned."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.notify.domain.recurring import Due
from shared.postgres import Transaction

_WORTH_TELLING = """
select place from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[])
    with ordinality as e(template, person_id, since, until, place)
where case e.template
    when 'trainer-agenda' then exists (
        select from bookings b where b.trainer_id = e.person_id and b.status = 'confirmed'
        and b.start_at >= e.since and b.start_at < e.until
    )
    when 'tip' then exists (
        select from bookings b where b.client_id = e.person_id
        and b.status in ('confirmed', 'completed') and b.start_at between e.since and e.until
    )
    else exists (
        select from bookings b where b.client_id = e.person_id
        and b.status in ('confirmed', 'completed') and b.start_at between e.since and e.until
    ) or exists (
        select from happenings h where h.client_id = e.person_id
        and h.at > e.since and h.at <= e.until
    ) or exists (
        select from deliveries w where w.recipient_id = e.person_id
        and w.nature = 'encouragement' and w.state in ('scheduled', 'retrying')
    )
end
"""


async def people_to_plan(tx: Transaction, now: datetime, *, limit: int) -> Sequence[asyncpg.Record]:
    """Id, role and zone of people to look at now; nobody else looks at them until the commit."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select person_id, role, tz from contacts"
        " where plan_at <= $1 and role in ('client', 'trainer')"
        " order by plan_at limit $2 for update skip locked",
        now,
        limit,
    )
    return rows


async def worth_telling(tx: Transaction, dues: Sequence[Due]) -> list[Due]:
    """Those of them for whom there is something to say."""
    if not dues:
        return []
    rows = await tx.fetch(
        _WORTH_TELLING,
        [due.planned.template.name for due in dues],
        [due.planned.recipient_id for due in dues],
        [due.since for due in dues],
        [due.until for due in dues],
    )
    places = {row["place"] for row in rows}
    return [due for place, due in enumerate(dues, start=1) if place in places]


async def look_again(tx: Transaction, looks: Sequence[tuple[UUID, datetime]]) -> None:
    """Write when each person is looked at next."""
    await tx.execute(
        "update contacts c set plan_at = e.at"
        " from unnest($1::uuid[], $2::timestamptz[]) as e(person_id, at)"
        " where c.person_id = e.person_id",
        [person for person, _ in looks],
        [at for _, at in looks],
    )
