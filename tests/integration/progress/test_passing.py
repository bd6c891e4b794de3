"""What time alone brings, on a real database: each once, by whichever replica, and rebuilt."""

import asyncio
from datetime import datetime, timedelta

from services.progress.handlers.passing import Passing
from shared.contracts.booking import BookingCompleted
from shared.contracts.conclusions import CheckInInvited, CheckInMissed
from shared.contracts.progress import RuleFired, SafetyHoldPlaced, ViewUpdated
from tests.integration.progress.service import Service, a_fact
from tests.unit.progress.builders import NOW, RULES, TRAINER, a_check_in, a_lift

START = NOW - timedelta(hours=1)
MISSED_AT = NOW + timedelta(hours=36)


class Clock:
    """Time that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def passing(service: Service, clock: Clock) -> Passing:
    """The loop of one replica."""
    return Passing(service.db, RULES, clock, lambda: None)


async def a_session(service: Service) -> None:
    """A session that has just ended."""
    await service.hear(a_fact(start=START), a_fact(BookingCompleted, 2, start=START))


async def test_a_morning_nobody_told_of_is_noticed_after_36_hours_and_once(
    service: Service,
) -> None:
    await a_session(service)
    await service.hear(a_check_in(1, "post", 1, worst_pain=1))
    clock = Clock(MISSED_AT - timedelta(seconds=1))

    await passing(service, clock).apply_due()
    assert [] == await service.published(CheckInMissed)
    assert 0 == await passing(service, clock).apply_due()
    clock.now = MISSED_AT
    noticed = await asyncio.gather(*(passing(service, clock).apply_due() for _ in range(3)))

    assert 1 == sum(noticed)
    assert 0 == await passing(service, clock).apply_due()
    [missed] = await service.published(CheckInMissed)
    assert (1, [], "2026-03-04T03:00:00Z") == tuple(
        missed.data[name] for name in ("misses", "trainer_ids", "at")
    )
    [*_, shown] = await service.published(ViewUpdated)
    assert "unknown" == shown.data["level"]
    assert ["A4"] == [
        rule["rule"]
        for rule in shown.data["document"]["safety"]["rules"]
        if rule["code"] == "keep-dose"
    ]


async def test_a_morning_that_was_told_is_not_missed(service: Service) -> None:
    await a_session(service)
    await service.hear(a_check_in(1, "next-morning", 1, at=NOW + timedelta(hours=20)))

    assert 0 == await passing(service, Clock(MISSED_AT + timedelta(days=9))).apply_due()


async def test_a_client_is_asked_after_the_session_and_on_the_morning_after_it(
    service: Service,
) -> None:
    await a_session(service)
    clock = Clock()
    for hours in (0.2, 0.3, 21.9, 22, 31.9, 32, 35):
        clock.now = NOW + timedelta(hours=hours)
        await passing(service, clock).apply_due()

    asked = [event.data for event in await service.published(CheckInInvited)]
    assert [
        ("post", False, "2026-03-02T15:15:00Z"),
        ("next-morning", False, "2026-03-03T13:00:00Z"),
        ("next-morning", True, "2026-03-03T23:00:00Z"),
    ] == [(one["kind"], one["reminder"], one["at"]) for one in asked]
    assert {"2026-03-04T03:00:00Z"} == {one["until"] for one in asked}
    [*_, shown] = await service.published(ViewUpdated)
    assert "next-morning" == shown.data["document"]["next"]["code"]


async def test_what_came_due_in_an_outage_is_noticed_after_it(service: Service) -> None:
    await a_session(service)
    later = NOW + timedelta(days=1)
    await service.hear(a_fact(start=later, booking=a_check_in(9).submission_id))

    await passing(service, Clock(NOW + timedelta(days=30))).apply_due()

    missed = [event.data for event in await service.published(CheckInMissed)]
    assert [1, 2] == [each["misses"] for each in missed]
    assert [[], [str(TRAINER)]] == [each["trainer_ids"] for each in missed]


async def test_a_long_flare_is_asked_about_and_held(service: Service) -> None:
    await service.hear(a_fact(), a_check_in(1, "daily", 5, flare=True))
    clock = Clock(NOW + timedelta(hours=72))
    await passing(service, clock).apply_due()
    clock.now = NOW + timedelta(days=8, minutes=1)
    await passing(service, clock).apply_due()

    [asked] = await service.published(RuleFired)
    assert ("T1", ["flare-follow-up"], [str(TRAINER)]) == tuple(
        asked.data[name] for name in ("rule", "codes", "trainer_ids")
    )
    [placed] = await service.published(SafetyHoldPlaced)
    assert ("T2", "session", ["client", "trainer", "clinician"]) == tuple(
        placed.data[name] for name in ("rule", "kind", "notify")
    )


async def test_what_time_brought_is_rebuilt_to_the_byte(service: Service) -> None:
    await a_session(service)
    await service.hear(a_check_in(1, "post", 1, worst_pain=1))
    await service.hear(a_check_in(2, "daily", 9, at=NOW + timedelta(hours=1), flare=True))
    clock = Clock()
    for days in range(1, 12):
        clock.now = NOW + timedelta(days=days)
        await passing(service, clock).apply_due()
        await service.hear(a_check_in(10 + days, "daily", 9, at=clock.now))
    [*_, held] = await service.published(SafetyHoldPlaced)
    await service.hear(a_lift(90, held.data["hold_id"], at=clock.now))
    before = await service.state()
    published = [event.payload for event in await service.published()]

    rebuilt = await service.rebuild()

    assert before == await service.state()
    assert published == rebuilt
