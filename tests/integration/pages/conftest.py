"""A front door with its pages, and visitors to it."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.booking.conftest import door, front, home
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.clients import Client, a_client
from tests.integration.pages.professionals import Professional, at_work
from tests.integration.pages.visiting import Visitor, a_browser

__all__ = ["door", "front", "home"]


@pytest.fixture
async def visitor(door: FrontDoor) -> AsyncIterator[Visitor]:
    """Somebody nobody knows."""
    async with a_browser(door) as http:
        yield Visitor(http)


@pytest.fixture
async def ann(door: FrontDoor) -> AsyncIterator[Client]:
    """A client with a booking with Amara, of whom progress has said nothing."""
    async with a_client(door) as client:
        yield client


@pytest.fixture
async def amara(door: FrontDoor) -> AsyncIterator[Professional]:
    """A trainer."""
    async with at_work(door) as trainer:
        yield trainer
