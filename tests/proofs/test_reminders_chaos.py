"""Thousands of bookings that move, while notify and its Postgres are killed: each reminder once."""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.embedded import servers
from tests.proofs.mail_driver import Driver
from tests.proofs.mail_oracle import Evidence, Row, judge
from tests.proofs.mail_strikes import ROUGH_FOR_A_MOMENT, ROUGH_FOR_LONG, Strikes
from tests.proofs.mail_world import BEGIN, FULL, SMALL, a_world
from tests.proofs.notify_stack import NotifyStack
from tests.proofs.recording import Moods, RecordingOffice
from tests.proofs.scale import cases

pytestmark = [
    pytest.mark.proof,
    pytest.mark.crash,
    pytest.mark.embedded,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(
        "LIMBER_PROOF_SCALE" not in os.environ, reason="takes minutes: `make prove` runs it"
    ),
]

BOOKINGS = 10_000
SMALL_UP_TO = 1_000
SEED = int(os.environ.get("LIMBER_CHAOS_SEED", "20261123"))
REPLICAS = 2
SHOWN = 40


LEDGER = """
select d.template, d.subject_id, d.subject_version, d.recipient_id, d.state, d.reason,
    count(*) filter (where a.outcome = 'unknown') as unknowns,
    count(*) filter (where a.number is not null and a.outcome is null) as open_attempts
from notify.deliveries d left join notify.attempts a on a.delivery_id = d.id
group by d.id
"""


async def test_each_reminder_goes_out_once_while_notify_and_its_postgres_are_killed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    count = cases(BOOKINGS)
    small = count < SMALL_UP_TO
    chance = random.Random(SEED)
    world = a_world(SMALL if small else FULL, count, chance)
    weather = ROUGH_FOR_A_MOMENT if small else ROUGH_FOR_LONG
    with servers.running(tmp_path / "servers") as base:
        stack = NotifyStack(base, tmp_path, BEGIN)
        dead = frozenset(client.email for client in world.clients if client.dead)
        office = RecordingOffice(stack.clock, Moods(), chance, dead)
        await stack.prepare()
        stack.start([await office.open_door(number) for number in range(REPLICAS)])
        strikes = Strikes(stack, office, weather, random.Random(SEED + 1))
        striking = strikes.begin()
        try:
            async with stack.publishing() as producer:
                driver = Driver(world, stack, office, producer, chance)
                await driver.introduce_trainers()
                await driver.live(strikes)
            ledger = [
                Row(
                    (r["template"], r["subject_id"], r["subject_version"], r["recipient_id"]),
                    *(r["state"], r["reason"], r["unknowns"], r["open_attempts"]),
                )
                for r in await stack.rows(LEDGER)
            ]
        finally:
            for task in striking:
                task.cancel()
            struck = await asyncio.gather(*striking, return_exceptions=True)
            await stack.stop()
            await office.close()

    assert [] == [fault for fault in struck if not isinstance(fault, asyncio.CancelledError)]
    kills = [(at, replica.number) for replica in stack.replicas for at in replica.strikes]
    evidence = Evidence(office.handed, driver.calm, ledger, kills, stack.postgres_strikes)
    findings = judge(world, evidence)
    seen = {
        "bookings": count,
        "versions": sum(1 for _ in world.told()),
        "events published": driver.published,
        "texts handed over": len(office.handed),
        "cut before DATA": office.early_cuts,
        "replicas killed": len(kills),
        "Postgres stopped": len(stack.postgres_strikes),
        **dict(sorted(findings.seen.items())),
    }
    for name, value in seen.items():
        record_property(name, value)
    sys.stdout.write("".join(f"{value:>8}  {name}\n" for name, value in seen.items()))
    wrong = [f"{kind}: {what}" for kind, all_of in findings.wrong.items() for what in all_of]
    assert not wrong, f"{len(wrong)} are wrong:\n" + "\n".join(wrong[:SHOWN])
    assert findings.seen["reminders due"]
