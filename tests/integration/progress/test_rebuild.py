"""The log is the truth: what is rebuilt from it is the same to the byte."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.progress.handlers import rebuild
from services.progress.store.bookings import STATUS_AFTER
from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFact,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.event import Event
from shared.contracts.progress import ViewUpdated
from tests.integration.progress.service import Service, a_fact
from tests.unit.progress.builders import NOW, a_check_in, a_lift

OTHER_TRAINER, SECOND = UUID(int=5), UUID(int=6)


def a_life(seed: int, events: int = 60) -> list[Event]:
    """Check-ins in and out of order, emergencies, lifts good and bad, bookings that change."""
    chance = random.Random(seed)
    life: list[Event] = []
    emergencies: list[UUID] = []
    booking_version = 0
    for n in range(events):
        now = NOW + timedelta(hours=5 * n)
        match chance.choice(["check-in"] * 6 + ["emergency", "lift", "lift", "booking"]):
            case "check-in":
                life.append(
                    a_check_in(
                        n,
                        chance.choice(["pre", "post", "next-morning", "daily"]),
                        chance.randint(0, 10),
                        at=now - timedelta(minutes=chance.randint(0, 48 * 60)),
                        submitted_at=now,
                        worst_pain=chance.choice([None, chance.randint(0, 10)]),
                        exercises=[{"option": "row", "done": True, "worst_pain": n % 7}][: n % 2],
                        effort=chance.choice([None, chance.randint(0, 10)]),
                        stiffness=chance.choice([None, chance.randint(0, 10)]),
                        flare=chance.random() < 0.1,
                        why=["afraid"],
                        note="in own words",
                    )
                )
            case "emergency":
                life.append(a_check_in(n, at=now, red_flags=["fainting"]))
                emergencies.append(UUID(int=1000 + n))
            case "lift":
                of = chance.choice([*emergencies, UUID(int=1)])
                life.append(a_lift(n, uuid5(of, "R1"), at=now))
            case _:
                booking_version += 1
                life.append(a_fact(version=booking_version, start=now + timedelta(days=1)))
    return life


@pytest.mark.parametrize("seed", range(4))
async def test_a_rebuilt_client_is_the_same_to_the_byte(service: Service, seed: int) -> None:
    life = a_life(seed)
    await service.hear_one_by_one(life)
    before = await service.state()
    published = [event.payload for event in await service.published()]

    rebuilt = await service.rebuild()

    assert before == await service.state()
    assert published == rebuilt


async def test_the_order_between_the_two_topics_does_not_change_what_is_shown(
    service: Service,
) -> None:
    life = a_life(3)
    reports = [event for event in life if event.topic == "booking.submissions"]
    bookings = [event for event in life if event.topic == "booking.events"]

    async def shown_after(*order: Event) -> dict[str, Any]:
        await forget(service)
        await service.hear(*order)
        document: dict[str, Any] = (await service.published(ViewUpdated))[-1].data["document"]
        return document | {"version": None}

    assert await shown_after(*reports, *bookings) == await shown_after(*bookings, *reports)


async def test_only_a_newer_version_of_a_booking_counts(service: Service) -> None:
    moved = NOW + timedelta(hours=20)
    rescheduled = a_fact(
        BookingRescheduled,
        2,
        start=moved,
        trainer=OTHER_TRAINER,
        previous_start=NOW + timedelta(days=1),
        previous_trainer_id=a_fact().trainer_id,
    )
    await service.hear(rescheduled, a_fact(version=1), rescheduled)

    assert 1 == await service.count("log")
    [shown] = await service.published(ViewUpdated)
    assert "2026-03-03T11:00:00Z" == shown.data["document"]["next"]["at"]


async def test_each_booking_fact_leaves_its_status(service: Service) -> None:
    kinds: dict[type[BookingFact], str] = {
        BookingConfirmed: "confirmed",
        BookingFrozen: "frozen",
        BookingUnfrozen: "confirmed",
        BookingCompleted: "completed",
        BookingMissed: "missed",
    }
    seen = []
    for version, kind in enumerate(kinds, start=1):
        await service.hear(a_fact(kind, version))
        async with service.db.reading() as connection:
            seen.append(await connection.fetchval("select status from bookings"))
    await service.hear(a_fact(BookingCancelled, 9, cancelled_by="client", booking=SECOND))

    assert [*kinds.values()] == seen
    assert {*kinds, BookingRescheduled, BookingCancelled} == set(STATUS_AFTER)


async def test_a_log_of_a_newer_release_is_not_rebuilt_by_an_older_one(service: Service) -> None:
    await service.hear(a_check_in(1))
    async with service.db.transaction() as tx:
        await tx.execute("update log set type = 'assessment.submitted.v9'")
    before = await service.state()

    with pytest.raises(rebuild.UnknownEntryError):
        await service.rebuild()

    assert before == await service.state()


async def forget(service: Service) -> None:
    """Empty every table, as for a new database."""
    async with service.db.transaction() as tx:
        for table in ("holds", "check_ins", "bookings", "log", "clients", "inbox", "outbox"):
            await tx.execute(f"delete from {table}")
