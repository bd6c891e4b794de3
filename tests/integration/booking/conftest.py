"""The front door: as on the first day for each test, or shared by the tests of a module."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.booking import front_door
from tests.integration.booking.front_door import NOW, FrontDoor, Home


@pytest.fixture(scope="module")
async def home(database_url: str, migrated_template: str) -> AsyncIterator[Home]:
    """The database of a module's tests."""
    async with front_door.fresh_database(database_url, migrated_template) as found:
        yield found


@pytest.fixture(scope="module")
async def front(home: Home) -> AsyncIterator[FrontDoor]:
    """A module's front door: building the application takes longer than most tests."""
    async with front_door.opened(home.db, checked=True) as opened:
        yield opened


@pytest.fixture
async def door(home: Home, front: FrontDoor) -> AsyncIterator[FrontDoor]:
    """A front door as on the first day; it answers only what the OpenAPI document tells."""
    await home.clear()
    front.clock.now = NOW
    yield front
    untold = front.documented.untold.copy()
    front.documented.untold.clear()
    assert not untold, untold
