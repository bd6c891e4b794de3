"""The released version and this one run side by side on one schema, and nobody notices."""

import asyncio
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from deploy.embedded.process import PROJECT
from tests.chaos import report
from tests.chaos.balancer import Balancer
from tests.chaos.evidence import judge, settle
from tests.chaos.load import prepare_load
from tests.chaos.system import running

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.crash,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not report.FULL, reason="minutes long: `make chaos` runs it"),
]

RELEASED = os.environ.get("LIMBER_RELEASED", "da20b04")
"""The commit that runs everywhere until this version is rolled out."""

SERVICES = ("progress", "notify", "booking")
PER_SECOND = 10.0
SIDE_BY_SIDE_S = 10.0
LOOKS_OF_PATIENCE = 20
"""Five seconds: the released version says that it is not ready whenever its group rebalances."""

LAST_ANSWERS_S = 1.0
"""Between the end of new connections and SIGTERM: what a pod's preStop gives."""


async def test_old_and_new_replicas_share_schema_and_topics_without_a_lost_request(
    tmp_path: Path,
) -> None:
    released = unpack(RELEASED, tmp_path / "released")
    old, new = ([f"{service}-{n}" for service in SERVICES] for n in (1, 2))
    async with running(tmp_path / "home", old, code=released) as system:
        doors = {name: system.ports[name] for name in ("booking-1", "booking-2")}
        async with Balancer(doors, patience=LOOKS_OF_PATIENCE).open() as balancer:
            load = await prepare_load(system, balancer.url, per_second=PER_SECOND)
            # The released version does not let go of connections before it stops.
            load.keeps_connections = False
            async with load.running():
                await system.migrate()
                await system.start(*new)
                await asyncio.sleep(SIDE_BY_SIDE_S)
                together = dict(balancer.given)
                balancer.withdraw("booking-1")
                await asyncio.sleep(LAST_ANSWERS_S)
                for name in old:
                    await system.stop_one(name)
                await asyncio.sleep(LAST_ANSWERS_S)
            settled = await settle(system)
            findings = await judge(system, load)
        report.show(
            f"Upgrade from {RELEASED}",
            findings.seen
            | {f"requests to {name} while both ran": n for name, n in together.items()}
            | {"at rest after, s": settled},
        )

    assert all(together.values())
    assert not findings.wrong, findings.told()
    assert not load.failed, load.told()
    assert 0 == balancer.turned_away


def unpack(commit: str, target: Path) -> Path:
    """The tree of a commit in a folder; skips where the history does not reach back to it."""
    archive = subprocess.run(
        ["git", "archive", commit], cwd=PROJECT, capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"the history does not reach back to {commit}")
    target.mkdir()
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
        tree.extractall(target, filter="data")
    return target
