"""Claims among a million scheduled messages: `python -m tests.bench.claims_speed DATABASE`."""

import asyncio
import json
import sys
import time

import asyncpg
import uvloop

from shared.postgres import Database
from tests.integration.notify.post_office import Notify, PostOffice
from tests.unit.notify.builders import NOW

MESSAGES, BOOKINGS, PEOPLE = 1_000_000, 250_000, 50_000
DUE = 12_000
"""Of all messages; the others are due within the next sixty days."""

CLAIMS, WARM_UP = 500, 20
NOBODY = 1
"""A port; no server is spoken to."""

SCHEMA = "notify"

FILL = (
    f"""
    insert into contacts (person_id, version, role, name, email, language, tz, reminders,
        marketing, updated_at)
    select lpad(n::text, 32, '0')::uuid, 1, 'client', 'Ada Sample', 'c' || n || '@example.org',
        'en', 'America/Toronto', true, false, $1::timestamptz
    from generate_series(1, {PEOPLE}) n
    """,
    f"""
    insert into bookings (id, version, status, client_id, trainer_id, service, mode, start_at,
        end_at, tz, updated_at)
    select ('b' || lpad(n::text, 31, '0'))::uuid, 1, 'confirmed',
        lpad((1 + n % {PEOPLE})::text, 32, '0')::uuid, lpad((1 + n % 20)::text, 32, '0')::uuid,
        'training', 'virtual', $1::timestamptz + interval '1 day',
        $1::timestamptz + interval '1 day 1 hour',
        'America/Toronto', $1::timestamptz
    from generate_series(1, {BOOKINGS}) n
    """,
    f"""
    insert into deliveries (id, template, subject_id, subject_version, channel, recipient_id,
        booking_id, class, nature, detail, nominal_at, due_at, next_at, expires_at, created_at,
        updated_at)
    select gen_random_uuid(),
        case n % 4 when 0 then 'booking-confirmed' when 1 then 'check-in-before'
            when 2 then 'reminder-24h' else 'reminder-2h' end,
        booking, 1, 'email', client, booking,
        case n % 4 when 0 then 'essential' else 'service' end,
        case n % 4 when 0 then 'announcement' else 'reminder' end,
        '{{}}', at, at, at, at + interval '1 day', $1::timestamptz - interval '1 day',
        $1::timestamptz - interval '1 day'
    from (
        select n, ('b' || lpad((1 + n / 4 % {BOOKINGS})::text, 31, '0'))::uuid as booking,
            lpad((1 + n / 4 % {PEOPLE})::text, 32, '0')::uuid as client,
            case when n <= {DUE} then $1::timestamptz - n * interval '10 ms'
                else $1::timestamptz + n * interval '60 days' / {MESSAGES} end as at
        from generate_series(1, {MESSAGES}) n
    ) e
    """,
)

ENDED = """
update deliveries set state = 'sent', lease = null, leased_until = null where id = any($1::uuid[])
"""


async def fill(url: str) -> None:
    """A million messages that wait, as if written over time: with the planner's statistics."""
    connection = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    try:
        for statement in FILL:
            await connection.execute(statement, NOW)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def main(url: str) -> None:
    """Print the seconds of each claim, and how many messages it took."""
    await fill(url)
    seconds, taken = [], []
    async with Database(url, SCHEMA).opened() as db:
        notify = Notify(db, [PostOffice(port=NOBODY)], NOW)
        for _ in range(WARM_UP + CLAIMS):
            began = time.perf_counter()
            claimed = await notify.claimed()
            seconds.append(time.perf_counter() - began)
            taken.append(len(claimed))
            # As many dead rows as sending leaves behind.
            async with db.transaction() as tx:
                await tx.execute(ENDED, [delivery.id for delivery in claimed])
            notify.lane.in_hand.clear()
            await asyncio.sleep(0)
    found = {"seconds": seconds[WARM_UP:], "taken": taken[WARM_UP:]}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:2]))
