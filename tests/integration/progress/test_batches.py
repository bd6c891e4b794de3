"""Batches: what comes together ends as if it had come one by one, and is told in fewer views."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.progress.handlers.passing import Passing
from services.progress.store import histories
from shared.contracts.event import Event
from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from tests.integration.progress import test_deliveries, test_rebuild
from tests.integration.progress.service import TABLES, Published, Service, a_fact
from tests.integration.progress.test_passing import Clock
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_check_in, a_lift

OTHER = UUID(int=66)


@pytest.fixture
def near_sighted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions look so little far that a batch goes beyond it."""
    monkeypatch.setattr(histories, "SHOWN_CHECK_INS", 4)
    monkeypatch.setattr(histories, "HISTORY_LIMIT", 6)
    monkeypatch.setattr(histories, "HOLDS_LIMIT", 2)
    monkeypatch.setattr(histories, "COMING_LIMIT", 1)
    monkeypatch.setattr(histories, "COMING_READ", 2)


def a_course(seed: int) -> list[Event]:
    """An intake, then sessions, bookings, reds, emergencies and lifts."""
    chance = random.Random(seed)
    life = test_deliveries.a_life(seed)
    return [event for day in life for event in test_deliveries.interleaved(chance, day)]


LIVES = {
    "check-ins out of order": lambda seed: test_rebuild.a_life(seed, 40),
    "sessions of a plan": a_course,
}


async def ends(
    service: Service, batches: Sequence[Sequence[Event]], *, together: bool
) -> tuple[dict[str, str], list[Published], list[dict[str, Any]]]:
    """Every row, every fact, and the view after each batch; time passes between batches."""
    clock, views = Clock(), []
    for number, batch in enumerate(batches):
        await (service.hear(*batch) if together else service.hear_one_by_one(batch))
        clock.now = NOW + timedelta(days=number)
        await Passing(service.db, RULES, clock, lambda: None).apply_due()
        views.append((await service.published(ViewUpdated))[-1].data)
    facts = [one for one in await service.published() if one.type != ViewUpdated.type]
    found = await service.state(*TABLES), facts, views
    await test_rebuild.forget(service)
    return found


def cut(life: Sequence[Event], seed: int) -> list[list[Event]]:
    """The events in batches of any size."""
    chance, left = random.Random(seed), list(life)
    batches = []
    while left:
        size = chance.randint(1, 25)
        batches.append(left[:size])
        del left[:size]
    return batches


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("life", LIVES)
async def test_a_batch_ends_as_its_events_one_by_one(
    service: Service, life: str, seed: int
) -> None:
    batches = cut(LIVES[life](seed), seed)

    one_by_one = await ends(service, batches, together=False)

    assert one_by_one == await ends(service, batches, together=True)


@pytest.mark.parametrize("seed", range(2, 5))
@pytest.mark.parametrize("life", LIVES)
@pytest.mark.usefixtures("near_sighted")
async def test_a_batch_that_goes_beyond_what_was_loaded_ends_the_same(
    service: Service, life: str, seed: int
) -> None:
    batches = cut(LIVES[life](seed), seed)

    one_by_one = await ends(service, batches, together=False)

    assert one_by_one == await ends(service, batches, together=True)


async def test_of_the_views_of_a_client_in_a_batch_the_last_is_published(
    service: Service,
) -> None:
    await service.hear(
        *(a_check_in(n, at=NOW + timedelta(hours=n)) for n in range(5)),
        a_check_in(50, client=OTHER),
        a_lift(60, UUID(int=404)),
    )

    views = [(event.key, event.data["version"]) for event in await service.published(ViewUpdated)]
    assert {(str(CLIENT), 5), (str(OTHER), 1)} == set(views)
    assert 2 == len(views)
    assert 7 == len(await service.published(SubmissionAnswered))


async def test_a_view_has_the_same_bytes_whether_its_rule_was_stored_or_not(
    service: Service,
) -> None:
    events = [
        a_check_in(1, "post", 5, worst_pain=9),
        a_check_in(2, "daily", 2, at=NOW - timedelta(days=2), submitted_at=NOW),
    ]
    await service.hear_one_by_one(events)
    expected = (await service.published(ViewUpdated))[-1].payload
    await test_rebuild.forget(service)

    await service.hear(*events)

    [shown] = await service.published(ViewUpdated)
    assert expected == shown.payload


async def test_a_poisonous_event_leaves_those_of_others_in_its_batch(
    service: Service,
) -> None:
    # Its id is another client's: no row can hold both.
    twin = a_check_in(1, client=OTHER).model_copy(
        update={"submission_id": a_check_in(2).submission_id}
    )
    await service.hear(a_check_in(2), twin, a_check_in(3), a_check_in(4, client=UUID(int=67)))

    answered = {event.key for event in await service.published(SubmissionAnswered)}
    assert {str(CLIENT), str(UUID(int=67))} == answered
    assert (1, 3) == (await service.count("dead_letters"), await service.count("check_ins"))


async def test_events_of_many_clients_queue_up_behind_each_other(service: Service) -> None:
    clients = [UUID(int=200 + n) for n in range(12)]
    chance = random.Random(5)
    batches: list[list[Event]] = []
    for n in range(6):
        chance.shuffle(clients)
        reports = [a_check_in(20 * n + m, client=one) for m, one in enumerate(clients)]
        facts = [a_fact(booking=UUID(int=900 + 20 * n + m), client=one)
                 for m, one in enumerate(clients[:5])]  # fmt: skip
        batches.append([*reports, *facts])

    await service.hear_at_once(batches)

    assert (72, 30, 0) == (
        await service.count("check_ins"),
        await service.count("bookings"),
        await service.count("dead_letters"),
    )
    assert 102 == await service.count("log")
