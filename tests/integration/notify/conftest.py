"""A mail server and a notify service for one test."""

from collections.abc import AsyncIterator

import pytest

from shared.postgres import Database
from tests.integration.notify.partner import Partner
from tests.integration.notify.post_office import Notify, PostOffice
from tests.integration.notify.telling import Telling


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A mail server."""
    async with PostOffice() as found:
        yield found


@pytest.fixture
def notify(notify_db: Database, office: PostOffice) -> Notify:
    """Notify on a fresh database, sending to the one mail server."""
    return Notify(notify_db, [office])


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    """A partner's server."""
    async with Partner() as found:
        yield found


@pytest.fixture
async def telling(notify_db: Database) -> AsyncIterator[Telling]:
    """Notify on a fresh database, as partners see it."""
    found = Telling(notify_db)
    yield found
    await found.close()
