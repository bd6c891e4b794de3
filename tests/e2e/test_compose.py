"""The journey under compose: the images and the file that operators start from."""

import pytest

from tests.e2e import journey, stack


@pytest.mark.e2e
@pytest.mark.timeout(480)
@pytest.mark.skipif(not stack.engine_answers(), reason="no container engine on this machine")
async def test_a_clients_whole_journey_under_compose() -> None:
    async with stack.compose() as reach:
        await journey.walk(reach)
