"""A progress service without its Kafka: records are handed to its consumer by the tests."""

import pytest

from shared.postgres import Database
from tests.integration.progress.service import Service


@pytest.fixture
def service(progress_db: Database) -> Service:
    """The consumer of progress on a fresh database."""
    return Service(progress_db)
