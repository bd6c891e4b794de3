"""Three brokers, each killed in turn under load: what was acknowledged holds, soon all is quick."""

import asyncio
import math
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.evidence import Findings, judge, over_time, recovered_after, settle
from tests.chaos.load import Load, prepare_load
from tests.chaos.system import running

pytestmark = [pytest.mark.chaos, pytest.mark.crash, pytest.mark.timeout(1200)]

PER_SECOND = 10.0 if report.FULL else 8.0
"""Less than half of what two cores carry with three brokers on them: how soon what piled up is
worked off is a matter of the room that is left, and on a cluster there is more."""

BEFORE_S = 10.0 if report.FULL else 3.0
AWAY_S = 10.0 if report.FULL else 6.0
"""How long a killed broker stays away: longer than the others need to see it."""

AFTER_S = 15.0 if report.FULL else 6.0
"""Between the return of one broker and the death of the next."""

QUICK_S = 1.0
"""A level told within a second is a quick answer."""

RECOVERED_WITHIN_S = 10.0


async def test_no_acknowledged_write_is_lost_whichever_broker_is_killed(tmp_path: Path) -> None:
    services = ["booking-1", "notify-1", "progress-1"]
    strokes: dict[str, float] = {}
    async with running(tmp_path / "home", services, brokers=3) as system:
        url = f"http://127.0.0.1:{system.ports['booking-1']}"
        load = await prepare_load(system, url, per_second=PER_SECOND)
        async with load.running():
            await asyncio.sleep(BEFORE_S)
            for broker in system.brokers:
                strokes[broker] = load.now()
                await system.kill(broker)
                await asyncio.sleep(AWAY_S)
                await system.start_broker(broker)
                await asyncio.sleep(AFTER_S)
        settled = await settle(system)
        findings = await judge(system, load)
        # Whatever is never answered counts for the last stroke.
        ends = [*list(strokes.values())[1:], math.inf]
        recovered = {
            broker: recovered_after(load, at, end, within_s=QUICK_S)
            for (broker, at), end in zip(strokes.items(), ends, strict=True)
        }
        _report(load, findings, strokes, recovered, settled)

    assert not findings.wrong, findings.told()
    assert not load.failed, load.told()
    if report.FULL:
        assert {} == {broker: s for broker, s in recovered.items() if s > RECOVERED_WITHIN_S}


def _report(
    load: Load,
    findings: Findings,
    strokes: dict[str, float],
    recovered: dict[str, float],
    settled: float,
) -> None:
    report.show_series("Check-in -> level while brokers are killed", over_time(load))
    report.show(
        "Three brokers, each killed",
        findings.seen
        | {f"{b}: killed at, s": at for b, at in strokes.items()}
        | {f"{b}: quick again after, s": s for b, s in recovered.items()}
        | {"at rest after, s": settled},
    )
