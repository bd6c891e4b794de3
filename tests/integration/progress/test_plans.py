"""A client's way from screening to a plan whose doses move, on a real database."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.conclusions import (
    AssessmentRecorded,
    GoalsRecorded,
    MilestoneReached,
    PlanActivated,
    PlanDrafted,
    PlanRevised,
    QuestionnaireRecorded,
)
from shared.contracts.event import Event
from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from shared.vocabulary.codes import Instrument
from tests.integration.progress.service import Service
from tests.unit.progress.builders import NOW, a_check_in
from tests.unit.progress.planned import (
    OPTIONS,
    a_comment,
    a_plan,
    a_screening,
    an_activation,
    an_assessment,
    answers,
    some_goals,
)

DRAFT = UUID(int=2000 + 5)
OPTION = "bridges"


def a_way(*, gates_open: bool = True) -> list[Event]:
    """Screened, assessed, measured, planned; then three sessions and their mornings."""
    way: list[Event] = [
        *([a_screening(1)] if gates_open else []),
        an_assessment(2, chair_stand=9),
        some_goals(3, 4, number=3),
        answers("peg", 6, 6, 6, number=4),
        a_plan(
            {"option": OPTION, "per_week": 3},
            {"option": "long-breath-out", "per_week": 7},
            number=5,
        ),
        a_plan(number=6, draft=True),
        an_activation(DRAFT, number=7),
        a_comment(DRAFT, number=8),
    ]
    for day, (worst, morning) in enumerate([(1, 3), (1, 3), (2, 6)]):
        at = NOW + timedelta(days=3 * day + 1)
        done = [{"option": OPTION, "done": True, "worst_pain": worst}]
        way += [
            a_check_in(10 * day + 1, "pre", 3, at=at),
            a_check_in(10 * day + 2, "post", 3, at=at + timedelta(hours=1), exercises=done),
            a_check_in(10 * day + 3, "next-morning", morning, at=at + timedelta(hours=18)),
        ]
    way.append(answers("psfs", 6, 6, number=9, at=NOW + timedelta(days=30)))
    return way


async def document(service: Service) -> dict[str, Any]:
    """The newest view."""
    newest = (await service.published(ViewUpdated))[-1]
    found: dict[str, Any] = newest.data["document"]
    return found


async def test_a_plan_begins_behind_open_gates_and_its_doses_follow_the_mornings(
    service: Service,
) -> None:
    await service.hear_one_by_one(a_way())

    statuses = [one.data["status"] for one in await service.published(SubmissionAnswered)]
    revised = await service.published(PlanRevised)
    shown = await document(service)
    assert {"done"} == set(statuses)
    assert ["A1", "A1", "A2"] == [one.data["rule"] for one in revised]
    assert [8, 9, 10] == [one.data["before"] for one in revised]
    assert ("active", 1) == (shown["plan"]["status"], shown["plan"]["comments"])
    assert [7, None] == [one["repetitions"] for one in shown["plan"]["items"]]
    assert {OPTIONS[one["option"]].family for one in shown["plan"]["menu"]} >= {"strength", "calm"}
    assert {"first-session", "goals-better"} <= {one["code"] for one in shown["milestones"]}
    for kind in (AssessmentRecorded, QuestionnaireRecorded, GoalsRecorded, PlanActivated):
        assert await service.published(kind)
    assert 2 == len(await service.published(PlanDrafted))


async def test_without_a_screening_no_plan_begins_and_no_dose_moves(service: Service) -> None:
    await service.hear_one_by_one(a_way(gates_open=False))

    refused = [one.data for one in await service.published(SubmissionAnswered) if one.data["rule"]]
    assert [("rejected", "G2")] == [(one["status"], one["rule"]) for one in refused]
    assert [] == await service.published(PlanActivated)
    assert [] == await service.published(PlanRevised)
    assert "drafted" == (await document(service))["plan"]["status"]


@pytest.mark.parametrize("gates_open", [True, False])
async def test_a_rebuilt_plan_is_the_same_to_the_byte(service: Service, gates_open: bool) -> None:
    await service.hear_one_by_one(a_way(gates_open=gates_open))
    before = await service.state()
    published = [event.payload for event in await service.published()]

    rebuilt = await service.rebuild()

    assert before == await service.state()
    assert published == rebuilt


async def test_a_way_told_twice_is_walked_once(service: Service) -> None:
    way = a_way()
    await service.hear(*way)
    before = await service.state("clients", "check_ins", "holds")

    await service.hear(*way)

    assert before == await service.state("clients", "check_ins", "holds")
    assert 1 == len(await service.published(PlanActivated))


async def test_what_people_wrote_stays_in_the_log(service: Service) -> None:
    await service.hear(*a_way())

    state = await service.state("clients", "check_ins", "holds")
    assert "private" in (await service.state("log"))["log"]
    assert "stairs" in (await service.state("log"))["log"]
    for text in (*state.values(), *(one.payload or "" for one in await service.published())):
        assert "private" not in text
        assert "stairs" not in text


async def test_milestones_are_told_once(service: Service) -> None:
    await service.hear_one_by_one(a_way())

    codes = [one.data["code"] for one in await service.published(MilestoneReached)]
    assert len(set(codes)) == len(codes)


async def test_the_fullest_plan_fits_into_the_view(service: Service) -> None:
    knee = {"joint": "shoulder", "side": "right", "motion": "external-rotation", "degrees": 180}
    seen = {"region": "whole-body", "finding": "shoulder-blade-stands-out", "severity": 3}
    moved = {"movement": "single-leg-stand", "finding": "guards-against-pain", "severity": 3}
    codes = sorted(OPTIONS, key=len)[-20:]
    items = [{"option": code, "per_week": 7} for code in codes]
    instruments: dict[Instrument, int] = {
        "koos-12": 12,
        "rmdq": 24,
        "paces-s": 4,
        "peg": 3,
        "pgic": 1,
        "phq-2": 2,
    }
    fullest: list[Event] = [
        a_screening(1, conditions=()),
        an_assessment(
            2, posture=[seen] * 40, mechanics=[moved] * 40, rom=[knee | {"active": True}] * 80
        ),
        a_plan(*items, number=3),
        an_activation(UUID(int=2003), number=4),
        a_plan(*items, number=5),
    ]
    for number, (name, count) in enumerate(instruments.items()):
        fullest += [answers(name, *[1] * count, number=10 + number + 10 * n) for n in range(2)]
    await service.hear(*fullest)

    shown = await document(service)
    assert 20 == len(shown["plan"]["items"]) == len(shown["plan"]["draft"]["items"])
    assert len(json.dumps(shown)) < 35_000
