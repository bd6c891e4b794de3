"""The front door: as on the first day for each test, or shared by the tests of a module."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.booking import front_door
from tests.integration.booking.front_door import FrontDoor, Home


@pytest.fixture(scope="module")
async def home(database_url: str, migrated_template: str) -> AsyncIterator[Home]:
    """The database of a module's tests."""
    async with front_door.fresh_database(database_url, migrated_template) as found:
        yield found


@pytest.fixture
async def door(home: Home) -> AsyncIterator[FrontDoor]:
    """A front door with nobody but the demo's people behind it."""
    await home.clear()
    async with front_door.opened(home.db, checked=True) as opened:
        yield opened
