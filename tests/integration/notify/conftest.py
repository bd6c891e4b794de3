"""A mail server and a notify service for one test."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Database
from tests.integration.notify.post_office import Notify, PostOffice


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A mail server."""
    async with PostOffice() as found:
        yield found


@pytest.fixture
def notify(notify_db: Database, office: PostOffice) -> Notify:
    """Notify on a fresh database, sending to the one mail server."""
    return Notify(notify_db, [office])
