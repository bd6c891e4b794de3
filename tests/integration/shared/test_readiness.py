"""When a door closes: not for a rebalance of seconds, but at once when the process is to stop."""

from collections.abc import Callable

import httpx
import pytest

from shared.health import UNREADY_AFTER_S
from shared.http import create_app
from shared.telemetry import Metrics
from tests.integration.shared.test_health import Watched, lagging, watched

__all__ = ["watched"]


@pytest.fixture
async def service(watched: Callable[[str | None], Watched]) -> Watched:
    """A service that works."""
    made = watched(None)
    made.consumer.told = lagging(7)
    await made.health.look()
    assert [] == await made.health.unready()
    return made


async def test_a_service_is_not_ready_before_its_group_gave_it_anything(
    watched: Callable[[str | None], Watched],
) -> None:
    made = watched(None)
    made.consumer.has_partitions = False

    assert ["kafka: no partitions assigned yet"] == await made.health.unready()


@pytest.mark.parametrize(
    ("seconds", "faults"),
    [
        (UNREADY_AFTER_S - 1, []),
        (UNREADY_AFTER_S + 1, ["kafka: no partitions assigned yet"]),
    ],
)
async def test_a_rebalance_closes_no_door_unless_it_lasts(
    service: Watched, seconds: float, faults: list[str]
) -> None:
    service.consumer.has_partitions = False
    service.seconds.now += seconds

    assert faults == await service.health.unready()


@pytest.mark.parametrize(
    ("seconds", "faults"),
    [
        (UNREADY_AFTER_S - 1, []),
        (UNREADY_AFTER_S + 1, ["kafka: does not answer"]),
    ],
)
async def test_a_silent_broker_closes_no_door_unless_it_lasts(
    service: Watched, seconds: float, faults: list[str]
) -> None:
    service.consumer.told = None
    await service.health.look()
    service.seconds.now += seconds

    assert faults == await service.health.unready()


async def test_a_service_that_was_told_to_stop_says_so_at_once(service: Watched) -> None:
    service.health.drain()

    assert ["draining: the process was told to stop"] == await service.health.unready()
    assert service.health.draining()


async def test_a_door_may_do_without_kafka_and_says_so(service: Watched) -> None:
    service.consumer.told = None
    await service.health.look()
    service.seconds.now += UNREADY_AFTER_S + 1

    assert [] == await service.health.unready(exclude=["kafka"])
    service.health.drain()
    assert ["draining: the process was told to stop"] == await service.health.unready(
        exclude=["kafka", "outbox"]
    )


@pytest.mark.parametrize(
    ("query", "status", "faults"),
    [
        ("", 503, ["kafka: no partitions assigned yet"]),
        ("?exclude=outbox", 503, ["kafka: no partitions assigned yet"]),
        ("?exclude=kafka&exclude=outbox", 200, []),
        ("?exclude=postgres", 422, None),
    ],
)
async def test_a_probe_names_what_it_leaves_out(
    watched: Callable[[str | None], Watched], query: str, status: int, faults: list[str] | None
) -> None:
    made = watched(None)
    made.consumer.has_partitions = False
    app = create_app("any", metrics=Metrics(), health=made.health, description="a test")

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://limber.example"
    ) as http:
        answer = await http.get(f"/readyz{query}")

    assert (status, faults) == (answer.status_code, answer.json().get("faults"))
