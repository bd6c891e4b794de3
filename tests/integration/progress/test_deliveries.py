"""Late, twice, or all over again: what a client's sources tell ends the same way."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from aiokafka import ConsumerRecord

from services.progress.handlers.passing import Passing
from shared.contracts.booking import (
    BookingCompleted,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
)
from shared.contracts.conclusions import PlanActivated, PlanRevised
from shared.contracts.event import Event
from shared.contracts.progress import SafetyHoldPlaced, SubmissionAnswered, ViewUpdated
from tests.integration.progress.service import Service, a_fact
from tests.integration.progress.test_passing import Clock
from tests.integration.progress.test_rebuild import OTHER_TRAINER, forget
from tests.unit.progress.builders import NOW, RULES, TRAINER, a_check_in, a_lift
from tests.unit.progress.planned import a_plan, a_screening, an_activation, an_assessment

DAYS = 12
OPTIONS = ("bridges", "chair-stands", "easy-walk")

Day = tuple[list[Event], list[Event]]
"""What is submitted on a day, and what happens to bookings, each in its own order."""


def a_life(seed: int) -> list[Day]:
    """An intake, then sessions, reds, emergencies and lifts; some mornings are never told."""
    chance = random.Random(seed)
    plan = a_plan(*({"option": one, "per_week": 3} for one in OPTIONS), number=5)
    intake: list[Event] = [
        a_screening(1),
        an_assessment(2),
        plan,
        an_activation(plan.submission_id, 7),
    ]
    return [_a_day(chance, day, intake if day == 0 else []) for day in range(DAYS)]


def _a_day(chance: random.Random, day: int, told: list[Event]) -> Day:
    start, booking, number = NOW + timedelta(days=day, hours=2), UUID(int=50 + day), 10 * day
    submitted, booked = list(told), list[Event]()
    if day % 3 == 1:
        if chance.random() < 0.5:
            booked.append(a_fact(start=start - timedelta(hours=1), booking=booking))
            booked.append(
                a_fact(
                    BookingRescheduled,
                    2,
                    start=start,
                    booking=booking,
                    previous_start=start - timedelta(hours=1),
                    previous_trainer_id=OTHER_TRAINER,
                )
            )
        else:
            booked.append(a_fact(version=2, start=start, booking=booking, trainer=TRAINER))
        done = [
            {"option": one, "done": True, "worst_pain": chance.choice([1, 2, 2, 6])}
            for one in OPTIONS[:2]
        ]
        submitted += [
            a_check_in(number + 1, "pre", 3, at=start, booking=booking),
            a_check_in(
                number + 2, "post", 3, at=start + timedelta(hours=1), booking=booking,
                exercises=done, effort=chance.choice([2, 8]),
            ),
        ]  # fmt: skip
        ended = BookingCompleted if chance.random() < 0.8 else BookingMissed
        booked.append(a_fact(ended, 3, start=start, booking=booking))
        if chance.random() < 0.7:
            morning = start + timedelta(hours=20)
            pain = chance.choice([2, 3, 6])
            submitted.append(
                a_check_in(number + 3, "next-morning", pain, at=morning, booking=booking)
            )
    elif chance.random() < 0.4:
        sign = chance.choice(["fainting", "giving-way", "hot-swollen-joint", "night-pain"])
        submitted.append(a_check_in(number + 4, "daily", 4, at=start, red_flags=[sign]))
        coming = a_fact(start=start + timedelta(days=30), booking=booking)
        booked += [coming, a_fact(BookingFrozen, 2, start=coming.start, booking=booking)]
        hold = uuid5(UUID(int=1000 + number + 4), chance.choice(["R1", "R2", "R3"]))
        submitted.append(a_lift(number + 5, hold, at=start + timedelta(hours=3)))
    else:
        pain, flare = chance.choice([1, 3, 9]), chance.random() < 0.2
        submitted.append(a_check_in(number + 6, "daily", pain, at=start, flare=flare))
    return submitted, booked


def interleaved(chance: random.Random, day: Day) -> list[Event]:
    """Both of a day's sources in any order between them; each keeps its own."""
    turns = [0] * len(day[0]) + [1] * len(day[1])
    chance.shuffle(turns)
    sources = [iter(day[0]), iter(day[1])]
    return [next(sources[turn]) for turn in turns]


async def live(service: Service, life: Sequence[Day], seed: int | None) -> None:
    """Tell a life, time passing at the end of each day; with a seed badly delivered."""
    chance = random.Random(seed)
    clock, known = Clock(), list[tuple[Event, ConsumerRecord]]()
    for number, day in enumerate(life):
        for event in [*day[0], *day[1]] if seed is None else interleaved(chance, day):
            record = service.record(event)
            known.append((event, record))
            await service.consumer.handle_batch([record])
            if seed is not None and chance.random() < 0.2:
                await again(service, chance, known)
        clock.now = NOW + timedelta(days=number, hours=23, minutes=30)
        for _ in range(1 if seed is None else 2):
            while await Passing(service.db, RULES, clock, lambda: None).apply_due():
                pass
    if seed is not None:
        await service.consumer.handle_batch([record for _, record in known])


async def again(
    service: Service, chance: random.Random, known: Sequence[tuple[Event, ConsumerRecord]]
) -> None:
    """An outage: what was heard before comes again, as it was, or sent anew with another id."""
    start = chance.randrange(len(known))
    end = chance.randint(start + 1, min(len(known), start + 5))
    records = [
        service.record(event) if chance.random() < 0.5 else record
        for event, record in known[start:end]
    ]
    if chance.random() < 0.5:
        await service.consumer.handle_batch(records)
    else:
        for record in records:
            await service.consumer.handle_batch([record])


async def stands(service: Service) -> dict[str, Any]:
    """Where the client stands, without places of the log: these tell in what order it was heard."""
    async with service.db.reading() as connection:
        [client] = await connection.fetch("select level, due_at, care, next from clients")
        reports = await connection.fetch("select id, level from check_ins order by id")
        holds = await connection.fetch(
            "select id, kind, option, rule, level, since, lifted_at, lifted_by from holds"
            " order by id"
        )
    shown = (await service.published(ViewUpdated))[-1].data["document"]
    return {
        "client": unplaced(dict(client)),
        "reports": [tuple(one) for one in reports],
        "holds": [tuple(one) for one in holds],
        "shown": unplaced(shown),
    }


def unplaced(found: Any) -> Any:
    """A document without the places of the log in it."""
    if isinstance(found, dict):
        return {
            name: unplaced(inner)
            for name, inner in found.items()
            if not (name == "version" and isinstance(inner, int))
        }
    return [unplaced(inner) for inner in found] if isinstance(found, list) else found


async def told(service: Service) -> Counter[str]:
    """Facts that may be told only once each, without when they were."""
    kinds = (SubmissionAnswered, SafetyHoldPlaced, PlanActivated, PlanRevised)
    left_out = {"at", "trainer_ids"}
    return Counter(
        one.type + json.dumps({k: v for k, v in one.data.items() if k not in left_out})
        for one in await service.published(*kinds)
    )


@pytest.mark.parametrize("seed", range(4))
async def test_sources_that_come_late_twice_and_all_over_again_end_the_same(
    service: Service, seed: int
) -> None:
    life = a_life(seed)
    await live(service, life, None)
    expected, facts = await stands(service), await told(service)

    await forget(service)
    await live(service, life, seed)

    assert expected == await stands(service)
    assert facts == await told(service)
    before = await service.state()
    await service.rebuild()
    assert before == await service.state()
