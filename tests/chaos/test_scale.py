"""Every service goes from one replica to four and back under load: no loss, nothing doubled."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.balancer import Balancer
from tests.chaos.evidence import judge, settle
from tests.chaos.load import DRAIN_S, prepare_load
from tests.chaos.system import MOST_REPLICAS, running

pytestmark = [pytest.mark.chaos, pytest.mark.crash, pytest.mark.timeout(900)]

PER_SECOND = 20.0 if report.FULL else 10.0
SERVICES = ("progress", "notify", "booking")
LOOKS_OF_PATIENCE = 20
STAY_S = 8.0 if report.FULL else 1.0
"""Load at four replicas, before they go again."""


async def test_services_grow_and_shrink_under_load_without_loss_or_doubling(
    tmp_path: Path,
) -> None:
    first = [f"{service}-1" for service in SERVICES]
    drain = {"BOOKING_DRAIN_S": str(DRAIN_S)}
    async with running(tmp_path / "home", first, environment=drain) as system:
        doors = {f"booking-{n}": system.ports[f"booking-{n}"] for n in range(1, MOST_REPLICAS + 1)}
        async with Balancer(doors, patience=LOOKS_OF_PATIENCE).open() as balancer:
            load = await prepare_load(system, balancer.url, per_second=PER_SECOND)
            async with load.running():
                for service in SERVICES:
                    more = [f"{service}-{n}" for n in range(2, MOST_REPLICAS + 1)]
                    await system.start(*more)
                    await asyncio.sleep(STAY_S)
                    for name in more:
                        balancer.withdraw(name)
                    await asyncio.gather(*(system.stop_one(name) for name in more))
            settled = await settle(system)
            findings = await judge(system, load)
        report.show(
            "Scale 1 -> 4 -> 1",
            findings.seen
            | {"at rest after, s": settled, "connections turned away": balancer.turned_away},
        )

    assert not findings.wrong, findings.told()
    if report.FULL:
        assert not load.failed, load.told()
