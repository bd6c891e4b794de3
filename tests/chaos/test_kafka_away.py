"""Kafka is away for a while: people book on, and what they did is told when it is back."""

import asyncio
from pathlib import Path

import pytest

from shared.health import OUTBOX_LATE_S
from tests.chaos import report
from tests.chaos.balancer import BOOKINGS_DOOR, Balancer
from tests.chaos.evidence import judge, settle
from tests.chaos.load import prepare_load
from tests.chaos.system import running

pytestmark = [pytest.mark.chaos, pytest.mark.crash, pytest.mark.timeout(600)]

PER_SECOND = 20.0 if report.FULL else 8.0
BEFORE_S = 3.0
AWAY_S = OUTBOX_LATE_S + 10.0 if report.FULL else OUTBOX_LATE_S + 2.0
"""Longer than any part of readiness waits: without the exception every door would have closed."""

AFTER_S = 3.0


async def test_people_book_on_while_kafka_is_away(tmp_path: Path) -> None:
    doors = ["booking-1", "booking-2"]
    async with running(tmp_path / "home", [*doors, "notify-1", "progress-1"]) as system:
        ports = {name: system.ports[name] for name in doors}
        async with Balancer(ports, look_at=BOOKINGS_DOOR).open() as balancer:
            load = await prepare_load(system, balancer.url, per_second=PER_SECOND)
            async with load.running():
                await asyncio.sleep(BEFORE_S)
                await system.kill("kafka")
                await asyncio.sleep(AWAY_S)
                doors_open = balancer.ready()
                await system.start_broker("kafka")
                await asyncio.sleep(AFTER_S)
            settled = await settle(system)
            findings = await judge(system, load)
        report.show(
            "Kafka away",
            findings.seen
            | {
                "away for, s": AWAY_S,
                "connections turned away": balancer.turned_away,
                "at rest after, s": settled,
            },
        )

    assert doors == sorted(doors_open)
    assert not load.failed, load.told()
    assert not findings.wrong, findings.told()
