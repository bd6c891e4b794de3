"""When a service asks to be replaced: for a broken consumer, not for a broker that is away."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shared.consumer import Consumer, Place
from shared.contracts.event import Envelope
from shared.handling import Handlers
from shared.health import SILENT_AFTER_S, STUCK_AFTER_S, DeadServiceError, Health
from shared.postgres import Database, Transaction
from shared.telemetry import Metrics
from tests.integration.shared.fabric import NOW, Counted

NOWHERE = "127.0.0.1:1"


async def ignore(_tx: Transaction, _event: Envelope[Counted]) -> None:
    """Nothing is consumed here."""


class Seconds:
    """A steady clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class OddConsumer(Consumer):
    """A consumer that tells of itself what a test wants; its broker is the real one, or none."""

    def __init__(self, db: Database, bootstrap: str) -> None:
        super().__init__(
            db,
            bootstrap,
            group="test",
            handlers=Handlers({Counted: ignore}),
            clock=lambda: NOW,
            committed=lambda: None,
        )
        self.told: list[Place] | None = []
        self.has_partitions = True

    def assigned(self) -> bool:
        return self.has_partitions

    async def places(self) -> list[Place]:
        if self.told is None:
            raise TimeoutError
        return self.told


@dataclass
class Watched:
    """One service's health, with the clock it is measured by."""

    health: Health
    consumer: OddConsumer
    seconds: Seconds

    async def survives(self, seconds: float) -> bool:
        """Look, let the time pass, look again: is the service still wanted?"""
        try:
            await self.health.look()
            self.seconds.now += seconds
            await self.health.look()
        except DeadServiceError:
            return False
        return True


@pytest.fixture
def watched(progress_db: Database, kafka_bootstrap: str) -> Callable[[str | None], Watched]:
    def make(bootstrap: str | None = None) -> Watched:
        consumer = OddConsumer(progress_db, bootstrap or kafka_bootstrap)
        seconds = Seconds()
        health = Health(progress_db, Metrics(), lambda: NOW, consumer, seconds=seconds)
        return Watched(health, consumer, seconds)

    return make


def lagging(position: int) -> list[Place]:
    return [Place("booking.events", 0, position, lag=5)]


@pytest.mark.parametrize(
    ("told", "has_partitions", "bootstrap", "seconds", "survives"),
    [
        pytest.param(None, True, None, SILENT_AFTER_S - 1, True, id="silent for a moment"),
        pytest.param(None, True, None, SILENT_AFTER_S + 1, False, id="silent, broker answers"),
        pytest.param(None, True, NOWHERE, 10 * STUCK_AFTER_S, True, id="the broker is away"),
        pytest.param(lagging(7), True, None, STUCK_AFTER_S - 1, True, id="slow"),
        pytest.param(lagging(7), True, None, STUCK_AFTER_S + 1, False, id="stuck"),
        pytest.param([], True, None, 10 * STUCK_AFTER_S, True, id="nothing to do"),
        pytest.param([], False, None, STUCK_AFTER_S + 1, False, id="no partitions for long"),
    ],
)
async def test_only_a_consumer_that_cannot_come_back_ends_the_process(
    watched: Callable[[str | None], Watched],
    told: list[Place] | None,
    has_partitions: bool,
    bootstrap: str | None,
    seconds: float,
    survives: bool,
) -> None:
    service = watched(bootstrap)
    service.consumer.told, service.consumer.has_partitions = told, has_partitions

    assert survives is await service.survives(seconds)


async def test_a_consumer_that_moves_is_never_stuck(
    watched: Callable[[str | None], Watched],
) -> None:
    service = watched(None)
    for position in range(5):
        service.consumer.told = lagging(position)
        assert await service.survives(STUCK_AFTER_S - 1)


async def test_a_database_that_is_away_is_not_the_consumers_fault(
    watched: Callable[[str | None], Watched], progress_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = watched(None)
    service.consumer.told = lagging(7)

    def away() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(progress_db, "reading", away)

    assert await service.survives(10 * STUCK_AFTER_S)
    assert ["postgres: ConnectionRefusedError"] == await service.health.unready()
