"""A front door with its pages, and visitors to it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.integration.booking.conftest import door, front, home
from tests.integration.booking.front_door import PUBLIC_URL, FrontDoor
from tests.integration.pages.visiting import Visitor

__all__ = ["door", "front", "home"]


@pytest.fixture
async def visitor(door: FrontDoor) -> AsyncIterator[Visitor]:
    """Somebody nobody knows."""
    async with a_browser(door) as http:
        yield Visitor(http)


def a_browser(door: FrontDoor) -> httpx.AsyncClient:
    """A browser with cookies of its own."""
    transport = httpx.ASGITransport(door.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
