"""The journey on the embedded stack: PostgreSQL and Kafka as processes of this machine."""

from pathlib import Path

import pytest

from tests.e2e import journey, mails, stack


@pytest.mark.e2e
@pytest.mark.timeout(480)
async def test_a_clients_whole_journey_on_the_embedded_stack(tmp_path: Path) -> None:
    async with stack.embedded(tmp_path / "home") as reach:
        await journey.walk(reach)
        # From here on the clock moves.
        await mails.arrive(reach)
