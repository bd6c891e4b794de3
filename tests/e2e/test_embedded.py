"""The journey on the embedded stack: PostgreSQL and Kafka as processes of this machine."""

from pathlib import Path

import pytest

from tests.e2e import journey, mails, stack
from tests.soak.report import check_ins, markdown
from tests.soak.run import soak_on


@pytest.mark.e2e
@pytest.mark.timeout(480)
async def test_a_clients_whole_journey_on_the_embedded_stack(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with stack.embedded(home) as reach:
        await journey.walk(reach)
        # From here on the clock moves.
        await mails.arrive(reach)
        lived = await soak_on(reach, home, clients=2, days=1, seed=1, say=print)

    assert lived.went_well
    assert (2, 0) == (len(lived.truth["clients"]), lived.figures["unexpected"])
    assert check_ins(lived) > 0
    assert lived.records["booking.submissions"] >= check_ins(lived)
    assert all(lived.samples.memory_mb.values())
    assert "| schema progress |" in markdown(lived)
