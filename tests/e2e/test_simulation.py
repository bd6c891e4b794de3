"""A day of simulated life on the embedded stack, measured as a soak is."""

import os
from pathlib import Path

import pytest

from tests.e2e import stack
from tests.soak.report import check_ins, markdown
from tests.soak.run import soak_on


@pytest.mark.e2e
@pytest.mark.timeout(480)
@pytest.mark.skipif(
    "LIMBER_PROOF_SCALE" not in os.environ, reason="takes a minute: `make prove` runs it"
)
async def test_two_clients_live_for_a_day_and_nothing_is_unexpected(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with stack.embedded(home) as reach:
        lived = await soak_on(reach, home, clients=2, days=1, seed=1, say=print)

    assert lived.went_well
    assert (2, 0) == (len(lived.truth["clients"]), lived.figures["unexpected"])
    assert check_ins(lived) > 0
    assert lived.records["booking.submissions"] >= check_ins(lived)
    assert all(lived.samples.memory_mb.values())
    assert "| schema progress |" in markdown(lived)
