"""Statistics on a real database: computed once, told where new, rebuilt to the byte."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.progress.handlers import reflect
from services.progress.handlers.reflect import Reflection
from services.progress.store import clients
from shared.contracts.care import SwapSubmitted, WeightsSubmitted
from shared.contracts.conclusions import (
    EffectComputed,
    FlareSuspected,
    RecommendationOverridden,
    RecommendationProposed,
    TrendComputed,
)
from shared.contracts.event import Event
from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from tests.integration.progress.service import Service
from tests.integration.progress.test_passing import Clock
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_check_in
from tests.unit.progress.planned import (
    OPTIONS,
    a_plan,
    a_screening,
    an_activation,
    an_assessment,
    answers,
    submitted,
)

PLAN = UUID(int=2000 + 5)
STRONG, CALM = "bridges", "long-breath-out"
FIRST = NOW - timedelta(days=40)


def reflection(service: Service, now: datetime = NOW) -> Reflection:
    """The loop of one replica."""
    return Reflection(service.db, RULES, Clock(now), lambda: None)


async def document(service: Service) -> dict[str, Any]:
    """The newest view."""
    newest = (await service.published(ViewUpdated))[-1]
    found: dict[str, Any] = newest.data["document"]
    return found


def days(pains: Sequence[int], *, first: datetime = FIRST, number: int = 100) -> list[Event]:
    """A daily report of each pain."""
    return [
        a_check_in(number + day, "daily", pain, at=first + timedelta(days=day))
        for day, pain in enumerate(pains)
    ]


def a_begun_plan() -> list[Event]:
    """Screened, assessed, and a plan of two options active."""
    at = FIRST
    plan = a_plan(
        {"option": STRONG, "per_week": 3}, {"option": CALM, "per_week": 7}, number=5, at=at
    )
    return [a_screening(1, at=at), an_assessment(2, at=at), plan, an_activation(PLAN, 7, at=at)]


def a_session(number: int, at: datetime, *, before: int = 4, morning: int = 3) -> list[Event]:
    """Before, after and the next morning of a session."""
    done = [{"option": STRONG, "done": True, "worst_pain": 2, "enjoyment": 8}]
    return [
        a_check_in(number, "pre", before, at=at),
        a_check_in(number + 1, "post", before - 1, at=at + timedelta(hours=1), exercises=done),
        a_check_in(number + 2, "next-morning", morning, at=at + timedelta(hours=18)),
    ]


async def test_a_trend_is_told_as_a_word_with_its_interval_and_the_answers_behind_it(
    service: Service,
) -> None:
    await service.hear(*days([8, 8, 7, 7, 7, 6, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2] * 1))
    await reflection(service).reflect(CLIENT)
    early = (await document(service))["trends"]
    await service.hear(*days([2, 1, 2, 1, 1, 2, 1, 1, 2, 1], first=NOW - timedelta(days=19)))

    await service.hear(*days([1] * 10, first=NOW - timedelta(days=9), number=200))
    assert await reflection(service).reflect(CLIENT)

    [trend] = (await document(service))["trends"]
    assert [("pain", "too early")] == [(one["measure"], one["verdict"]) for one in early]
    assert ("pain", "improving", False, 30) == tuple(
        trend[name] for name in ("measure", "verdict", "meaningful", "n")
    )
    assert trend["low"] < trend["high"] < 0
    assert 0.73 == trend["answered"]
    told = [one.data["verdict"] for one in await service.published(TrendComputed)]
    assert ["too early", "improving"] == told


async def test_a_change_is_meaningful_only_when_the_client_says_so(service: Service) -> None:
    falling = [9 - day // 4 for day in range(36)]
    await service.hear(*days(falling), answers("pgic", 2, at=NOW - timedelta(days=1)))
    await reflection(service).reflect(CLIENT)

    [trend] = (await document(service))["trends"]
    assert ("improving", True) == (trend["verdict"], trend["meaningful"])


async def test_what_helps_is_told_for_each_option_without_a_winner_among_equals(
    service: Service,
) -> None:
    for week in range(5):
        at = FIRST + timedelta(days=7 * week)
        await service.hear(*a_session(10 * week + 10, at))
    await reflection(service).reflect(CLIENT)

    effects = (await document(service))["effects"]
    assert [("session", 5, False), ("next-morning", 5, False)] == [
        (one["after"], one["n"], one["best"]) for one in effects
    ]
    assert all(one["low"] < one["mean"] < one["high"] for one in effects)
    assert 2 == len(await service.published(EffectComputed))


async def test_a_burst_of_reports_is_looked_at_once_and_only_when_it_is_over(
    service: Service,
) -> None:
    loop = reflection(service)
    await service.hear(*days([3, 4]))
    assert 1 == await loop.look()
    await service.hear(*days([5], number=300))
    assert 1 == await loop.look()
    assert [] == await service.published(TrendComputed)

    assert 1 == await loop.look()
    assert 0 == await loop.look()

    [told] = await service.published(TrendComputed)
    assert 2 == told.data["n"]


async def test_replicas_leave_each_others_clients_alone(service: Service) -> None:
    await service.hear(*days([3, 4, 5]))

    applied = await asyncio.gather(*(reflection(service).reflect(CLIENT) for _ in range(4)))

    assert 1 == sum(applied)
    assert 1 == len(await service.published(TrendComputed))


async def test_what_was_reported_meanwhile_is_not_overtaken(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.hear(*days([3]))
    loop, began, go_on = reflection(service), asyncio.Event(), asyncio.Event()
    lock = clients.lock_clients

    async def late(*given: Any) -> Any:
        began.set()
        await go_on.wait()
        return await lock(*given)

    monkeypatch.setattr(clients, "lock_clients", late)
    looking = asyncio.create_task(loop.reflect(CLIENT))
    await began.wait()
    monkeypatch.setattr(clients, "lock_clients", lock)
    await service.hear(*days([9], number=300))
    go_on.set()

    assert not await looking
    assert [] == await service.published(TrendComputed)
    assert await loop.reflect(CLIENT)


async def test_an_alarm_begins_a_flare_at_the_report_that_raised_it(service: Service) -> None:
    usual = [2, 3, 2, 3, 2, 2, 3, 2, 3, 2, 2, 3, 2, 3, 2, 2, 3, 2, 3, 2]
    await service.hear(*days([*usual, 7, 8, 8]))
    await reflection(service, NOW).reflect(CLIENT)

    [suspected] = await service.published(FlareSuspected)
    shown = await document(service)
    assert ("trend", "2026-02-12T15:00:00Z") == (suspected.data["by"], suspected.data["at"])
    assert "trend" == shown["flare"]["by"]
    assert "T1" in {rule["rule"] for rule in shown["safety"]["rules"]}


async def test_a_set_is_proposed_when_a_plan_begins_and_after_each_next_morning(
    service: Service,
) -> None:
    await service.hear(*a_begun_plan())
    await reflection(service, FIRST).reflect(CLIENT)
    await service.hear(*a_session(10, FIRST + timedelta(days=1))[:2])
    await reflection(service, FIRST + timedelta(days=1)).reflect(CLIENT)
    assert 1 == len(await service.published(RecommendationProposed))

    await service.hear(a_session(10, FIRST + timedelta(days=1))[2])
    await reflection(service, FIRST + timedelta(days=2)).reflect(CLIENT)

    sets = [one.data for one in await service.published(RecommendationProposed)]
    assert 2 == len(sets)
    for proposed in sets:
        options = [OPTIONS[code] for code in proposed["set"]]
        assert {"mobility", "strength", "low-impact", "calm"} == {one.family for one in options}
        assert set(proposed["set"]) <= set(proposed["propensities"])
        assert set(proposed["propensities"]).isdisjoint(proposed["masked"])
    [*_, newest] = sets
    shown = (await document(service))["recommendation"]
    assert (newest["set_id"], newest["set"]) == (
        shown["id"],
        [one["option"] for one in shown["set"]],
    )


async def test_on_a_day_of_much_pain_calm_and_mobility_alone_are_proposed(
    service: Service,
) -> None:
    await service.hear(*a_begun_plan(), a_check_in(20, "daily", 9, at=FIRST))
    await reflection(service, FIRST).reflect(CLIENT)

    [proposed] = await service.published(RecommendationProposed)
    assert {"calm", "mobility"} == {OPTIONS[code].family for code in proposed.data["set"]}
    assert "P1:calm-menu" == proposed.data["masked"][STRONG]


async def test_in_an_emergency_nothing_is_proposed_until_it_is_over(service: Service) -> None:
    await service.hear(
        *a_begun_plan(), a_check_in(20, "daily", 3, at=FIRST, red_flags=["fainting"])
    )
    await reflection(service, FIRST).reflect(CLIENT)

    assert [] == await service.published(RecommendationProposed)


def a_swap(number: int, given_up: str, taken: str, set_id: Any) -> SwapSubmitted:
    """A trainer's swap."""
    return SwapSubmitted(
        **submitted(number, FIRST), set_id=set_id, given_up=given_up, taken=taken, reason="private"
    )


async def test_a_swap_takes_a_safe_option_into_the_newest_set_alone(service: Service) -> None:
    await service.hear(*a_begun_plan(), a_check_in(20, "daily", 9, at=FIRST))
    await reflection(service, FIRST).reflect(CLIENT)
    proposed = (await service.published(RecommendationProposed))[0].data
    first, other = proposed["set"][0], proposed["set"][1]
    masked = STRONG
    free = next(code for code in proposed["propensities"] if code not in proposed["set"])
    before = len(await service.published(SubmissionAnswered))

    await service.hear(
        a_swap(30, first, masked, proposed["set_id"]),
        a_swap(31, first, other, proposed["set_id"]),
        a_swap(32, free, free, proposed["set_id"]),
        a_swap(33, first, "no-such-option", proposed["set_id"]),
        a_swap(34, first, free, UUID(int=404)),
        a_swap(35, first, free, proposed["set_id"]),
    )

    answered = (await service.published(SubmissionAnswered))[before:]
    assert ["rejected"] * 5 + ["done"] == [one.data["status"] for one in answered]
    assert proposed["masked"][masked].partition(":")[0] == answered[0].data["rule"]
    [told] = await service.published(RecommendationOverridden)
    assert (first, free) == (told.data["given_up"], told.data["taken"])
    shown = (await document(service))["recommendation"]["set"]
    assert free == shown[0]["option"]
    assert "private" not in str(await service.published())


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((0.4, 0.3, 0.2, 0.1), "done"),
        ((0.333, 0.333, 0.333, 0.0), "done"),
        ((0.4, 0.3, 0.2, 0.0), "rejected"),
        ((1.2, -0.2, 0.0, 0.0), "rejected"),
    ],
)
async def test_weights_are_parts_of_one(
    service: Service, parts: tuple[float, float, float, float], status: str
) -> None:
    named = dict(zip(("relief", "enjoyment", "done", "next_day"), parts, strict=True))
    await service.hear(WeightsSubmitted(**submitted(1), **named))

    [answered] = await service.published(SubmissionAnswered)
    assert status == answered.data["status"]
    if status == "done":
        assert named == (await document(service))["weights"]


async def test_what_was_computed_is_rebuilt_to_the_byte_without_computing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.hear_one_by_one([*a_begun_plan(), *days([2, 3] * 10)])
    for number in range(4):
        at = FIRST + timedelta(days=20 + 3 * number)
        await service.hear_one_by_one(a_session(500 + 10 * number, at, before=5 + number))
        await reflection(service, at + timedelta(days=1)).reflect(CLIENT)
    proposed = (await service.published(RecommendationProposed))[-1].data
    free = next(code for code in proposed["propensities"] if code not in proposed["set"])
    await service.hear(a_swap(35, proposed["set"][0], free, proposed["set_id"]))
    await reflection(service, NOW).reflect(CLIENT)
    before = await service.state()
    published = [event.payload for event in await service.published()]
    monkeypatch.setattr(reflect, "reflect", None)

    rebuilt = await service.rebuild()

    assert before == await service.state()
    assert published == rebuilt
