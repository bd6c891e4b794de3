"""Each service is restarted replica by replica under load: nobody is refused, nothing is lost."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.balancer import Balancer
from tests.chaos.evidence import judge, settle
from tests.chaos.load import DRAIN_S, prepare_load
from tests.chaos.streams import following
from tests.chaos.system import System, running

pytestmark = [pytest.mark.chaos, pytest.mark.crash, pytest.mark.timeout(600)]

PER_SECOND = 20.0 if report.FULL else 10.0
ROUNDS = 3 if report.FULL else 1
KNOWN_AFTER_S = 0.5
"""After SIGTERM connections still come for a moment: a cluster's nodes hear of it one by one."""

LOOKS_OF_PATIENCE = 20
"""Five seconds of looks: a machine that is busy starting a process answers late."""

BEFORE_S = 1.0
"""Load that runs undisturbed before the first replica goes."""

FOLLOWED = 4
"""Pages that are open all the time."""

ROLLED = ("booking", "notify", "progress")


async def test_no_request_fails_while_every_service_is_restarted(tmp_path: Path) -> None:
    pairs = {service: [f"{service}-1", f"{service}-2"] for service in ROLLED}
    everybody = [name for names in pairs.values() for name in names]
    drain = {f"{service.upper()}_DRAIN_S": str(DRAIN_S) for service in ROLLED}
    async with running(tmp_path / "home", everybody, environment=drain) as system:
        doors = {name: system.ports[name] for name in pairs["booking"]}
        async with Balancer(doors, patience=LOOKS_OF_PATIENCE).open() as balancer:
            load = await prepare_load(system, balancer.url, per_second=PER_SECOND)
            took: dict[str, object] = {}
            async with (
                load.running(),
                following(balancer.url, load.people[:FOLLOWED]) as pages,
            ):
                await asyncio.sleep(BEFORE_S)
                for _ in range(ROUNDS):
                    for service, names in pairs.items():
                        began = load.now()
                        for name in names:
                            await restart(system, name, balancer)
                        took[f"{service}: both replicas restarted, s"] = load.now() - began
            settled = await settle(system)
            findings = await judge(system, load)
        report.show(
            "Rolling restart",
            findings.seen
            | took
            | {
                "connections turned away": balancer.turned_away,
                "streams opened by pages that stay open": pages.opened,
                "at rest after, s": settled,
            },
        )

    assert not load.failed, load.told()
    assert 0 == balancer.turned_away
    assert [] == pages.broken
    assert pages.opened > FOLLOWED
    assert not findings.wrong, findings.told()


async def restart(system: System, name: str, balancer: Balancer) -> None:
    """Stop a replica in order and start it again, as a rollout does."""
    stopping = asyncio.create_task(system.stop_one(name))
    await asyncio.sleep(KNOWN_AFTER_S)
    balancer.withdraw(name)
    await stopping
    await system.start(name)
    balancer.admit(name)
