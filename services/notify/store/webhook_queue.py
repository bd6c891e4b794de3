"""What partners are to be told: facts go in, are claimed partner by partner, and end in the log.

A claim writes the attempt's row: one without an end is a request whose fate nobody knows, and it
is made again under the same id.
"""

from datetime import datetime, timedelta
from uuid import UUID

from services.notify.domain.webhooks import (
    LANES,
    STRUGGLING,
    TRIED_FOR,
    Ended,
    Following,
    Sending,
)
from services.notify.store.webhooks import wake
from shared import outbox
from shared.contracts.webhooks import WebhookPaused
from shared.identifiers import new_id
from shared.postgres import Transaction

LEASE = timedelta(seconds=30)
"""Twice the longest request: a killed process's deliveries wait so long."""

MOST_AT_ONCE = 500
"""Rows of one clearing or giving up, so that no transaction is long."""

_ADD = """
with wanting as (
    select id, state from webhooks where $4 = any(types) and created_at <= $5
), fact as (
    insert into webhook_facts (id, source, event_id, type, at, body)
    select $1, $2, $3, $4, $5, $6 where exists (select from wanting)
    on conflict (source, event_id) do nothing returning id
)
insert into webhook_deliveries
    (id, webhook_id, fact_id, next_at, give_up_at, created_at, updated_at)
select gen_random_uuid(), w.id, f.id, $7, $7::timestamptz + $8, $7, $7
from fact f, wanting w where w.state = 'active'
"""

_CLAIM = """
with open as (
    -- One process at a time looks at a partner, so that its lanes are counted rightly.
    select id, failures from webhooks
    where state = 'active' and (try_at is null or try_at <= $1)
    order by id for no key update skip locked
), due as (
    select d.id, row_number() over (partition by open.id order by d.next_at, d.id) as place
    from open cross join lateral (
        select w.id, w.next_at from webhook_deliveries w
        where w.webhook_id = open.id and w.state = 'waiting' and w.next_at <= $1
        order by w.next_at, w.id
        limit greatest(
            case when open.failures >= $6 then 1 else $5 end - (
                select count(*) from webhook_deliveries b
                where b.webhook_id = open.id and b.state = 'sending'
            ), 0
        )
        for update skip locked
    ) d
), taken as (
    update webhook_deliveries
    set state = 'sending', lease = $2, leased_until = clock_timestamp() + $4::interval,
        attempts = attempts + 1, updated_at = $1
    where id = any(array(select id from due order by place, id limit $3))
    returning *
), begun as (
    insert into webhook_attempts (delivery_id, number, started_at)
    select id, attempts, $1 from taken
)
select t.id, t.webhook_id, t.lease, t.attempts, t.give_up_at, f.type, f.body,
    w.url, w.secret, w.failing_since, w.failures,
    case when w.old_secret_until > $1 then w.old_secret end as old_secret
from taken t join webhooks w on w.id = t.webhook_id join webhook_facts f on f.id = t.fact_id
order by t.next_at, t.id
"""

_SETTLE = """
with closed as (
    update webhook_attempts set result = $4, status = $5, fault = $6, finished_at = $9
    where delivery_id = $1 and number = $3 and result is null
)
update webhook_deliveries
set state = $7, next_at = coalesce($8, next_at), lease = null, leased_until = null, updated_at = $9
where id = $1 and lease = $2 and state = 'sending' returning id
"""

_RECOVER = """
with late as (
    select id from webhook_deliveries where state = 'sending' and leased_until < clock_timestamp()
    limit $2 for update skip locked
), closed as (
    update webhook_attempts a set result = 'unknown', finished_at = $1 from late
    where a.delivery_id = late.id and a.result is null
)
update webhook_deliveries d set state = 'waiting', lease = null, leased_until = null,
    updated_at = $1 from late where d.id = late.id
"""


async def wanted_types(tx: Transaction) -> frozenset[str]:
    """The types that some webhook wants, paused ones included: those can be replayed."""
    rows = await tx.fetch("select distinct unnest(types) as type from webhooks")
    return frozenset(row["type"] for row in rows)


async def add(
    tx: Transaction,
    *,
    source: str,
    event_id: str,
    type_: str,
    at: datetime,
    body: str,
    now: datetime,
) -> int:
    """Queue a fact for each active webhook that wants it and was there when it happened."""
    status: str = await tx.execute(
        _ADD, new_id(), source, event_id, type_, at, body, now, TRIED_FOR
    )
    return int(status.rsplit(maxsplit=1)[-1])


async def claim(tx: Transaction, *, limit: int, now: datetime) -> list[Sending]:
    """Take up to `limit` due deliveries in turn of the partners, each within its own lanes."""
    rows = await tx.fetch(_CLAIM, now, new_id(), limit, LEASE, LANES, STRUGGLING)
    return [
        Sending(
            id=row["id"],
            webhook_id=row["webhook_id"],
            lease=row["lease"],
            attempt=row["attempts"],
            url=row["url"],
            secrets=tuple(one for one in (row["secret"], row["old_secret"]) if one is not None),
            type=row["type"],
            body=row["body"].encode(),
            give_up_at=row["give_up_at"],
            failing_since=row["failing_since"],
            failures=row["failures"],
        )
        for row in rows
    ]


async def settle(
    tx: Transaction, sending: Sending, ended: Ended, following: Following, *, now: datetime
) -> bool:
    """Write how an attempt ended and what follows; True when this paused the partner."""
    held = await tx.fetchval(
        _SETTLE,
        sending.id,
        sending.lease,
        sending.attempt,
        ended.result,
        ended.status,
        ended.fault,
        following.state,
        following.next_at,
        now,
    )
    if held is None:
        # It ran out of its lease; who has it now writes what becomes of it.
        return False
    if following.state == "delivered":
        await _is_back(tx, sending, now=now)
        return False
    failing_since = await tx.fetchval(
        "update webhooks set failures = failures + 1, failing_since = coalesce(failing_since, $2),"
        " try_at = greatest(try_at, $3) where id = $1 returning failing_since",
        sending.webhook_id,
        now,
        following.try_at,
    )
    if following.pause is None:
        return False
    paused = await tx.fetchval(
        "update webhooks set state = 'paused', paused_because = $2, version = version + 1,"
        " updated_at = $3 where id = $1 and state = 'active' returning id",
        sending.webhook_id,
        following.pause,
        now,
    )
    if paused is None:
        return False
    fact = WebhookPaused(
        webhook_id=sending.webhook_id, because=following.pause, failing_since=failing_since, at=now
    )
    await outbox.add(tx, [fact], now=now)
    return True


async def _is_back(tx: Transaction, sending: Sending, *, now: datetime) -> None:
    """A success ends a partner's failing; what waited because of it goes out now."""
    before = await tx.fetchval(
        "with before as (select failures from webhooks where id = $1)"
        " update webhooks set failures = 0, failing_since = null, try_at = null"
        " where id = $1 and failing_since is not null returning (select failures from before)",
        sending.webhook_id,
    )
    if before is not None and before >= STRUGGLING:
        await wake(tx, sending.webhook_id, now=now)


async def recover(tx: Transaction, *, now: datetime) -> int:
    """Take back what killed processes held; end what nobody took in time. Returns how many."""
    taken: str = await tx.execute(_RECOVER, now, MOST_AT_ONCE)
    ended: str = await tx.execute(
        "update webhook_deliveries set state = 'failed', updated_at = $1 where id = any(array("
        "select id from webhook_deliveries where state = 'waiting' and give_up_at <= $1"
        " limit $2 for update skip locked))",
        now,
        MOST_AT_ONCE,
    )
    return sum(int(status.rsplit(maxsplit=1)[-1]) for status in (taken, ended))


async def replay_one(
    tx: Transaction, webhook_id: UUID, delivery_id: UUID, *, now: datetime
) -> bool | None:
    """Send a delivery again, under the same id; False while it is being sent, None for no such."""
    row = await tx.fetchrow(
        "with found as (select id, state from webhook_deliveries where id = $2 and webhook_id = $1"
        " for update), again as (update webhook_deliveries d set state = 'waiting', next_at = $3,"
        " give_up_at = $3::timestamptz + $4, updated_at = $3 from found"
        " where d.id = found.id and found.state <> 'sending' returning d.id)"
        " select exists (select from again) as again from found",
        webhook_id,
        delivery_id,
        now,
        TRIED_FOR,
    )
    return None if row is None else bool(row["again"])


async def replay_since(tx: Transaction, webhook_id: UUID, since: datetime, *, now: datetime) -> int:
    """Send all that happened since an instant and is of a wanted type; returns how many.

    What is being sent or waits already goes on as it is.
    """
    status: str = await tx.execute(
        "insert into webhook_deliveries as d"
        " (id, webhook_id, fact_id, next_at, give_up_at, created_at, updated_at)"
        " select gen_random_uuid(), w.id, f.id, $3, $3::timestamptz + $4, $3, $3"
        " from webhooks w join webhook_facts f on f.type = any(w.types)"
        " where w.id = $1 and f.at >= $2"
        " on conflict (webhook_id, fact_id) do update set state = 'waiting', next_at = $3,"
        " give_up_at = excluded.give_up_at, updated_at = $3"
        " where d.state in ('delivered', 'failed')",
        webhook_id,
        since,
        now,
        TRIED_FOR,
    )
    return int(status.rsplit(maxsplit=1)[-1])


async def forget_old(tx: Transaction, *, before: datetime) -> None:
    """Delete facts from before an instant, with their deliveries, a bounded number at a time."""
    await tx.execute(
        "delete from webhook_facts where id = any(array("
        "select id from webhook_facts where at < $1 limit $2))",
        before,
        MOST_AT_ONCE * 10,
    )


async def count_paused(connection: Transaction) -> int:
    """How many webhooks were paused because they fail."""
    count: int = await connection.fetchval(
        "select count(*) from webhooks where paused_because in ('failing', 'gone')"
    )
    return count
