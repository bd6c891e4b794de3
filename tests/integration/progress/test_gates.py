"""Gates on a real database: records late, twice and in any order activate nothing too early."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from shared.contracts.conclusions import ClearanceRequested, PlanActivated
from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from shared.contracts.submissions import Submission
from tests.integration.progress.service import Service
from tests.unit.progress.builders import NOW
from tests.unit.progress.intake import a_decision, a_screening, asked, clearance
from tests.unit.progress.planned import a_plan, an_activation, an_assessment

ASKED = clearance(asked("chest_pain")).id
PLAN = UUID(int=2090)


def at(hours: int) -> datetime:
    return NOW + timedelta(hours=hours)


STEPS = (
    a_plan(number=90, draft=True),
    a_screening(1, "chest_pain", at=at(1)),
    a_decision(ASKED, at=at(2)),
    an_assessment(at=at(3)),
)


async def test_a_plan_begins_once_every_gate_is_open_and_only_once(service: Service) -> None:
    refused = []
    for number, step in enumerate(STEPS):
        await service.hear(step)
        await service.hear(an_activation(PLAN, 50 + number, at=step.submitted_at))
        refused.append(await last_answer(service))
    await service.hear(an_activation(PLAN, 53, at=at(4)), an_activation(PLAN, 58, at=at(4)))

    rejected = "rejected"
    expected = [(rejected, "G2"), (rejected, "G2"), (rejected, "G1"), ("done", None)]
    assert (expected, (rejected, None)) == (refused, await last_answer(service))
    [begun] = await service.published(PlanActivated)
    assert str(PLAN) == begun.data["plan_id"]
    [requested] = await service.published(ClearanceRequested)
    assert str(ASKED) == requested.data["clearance_id"]


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_twice_over_leaves_what_the_log_alone_gives(
    service: Service, seed: int
) -> None:
    chance = random.Random(seed)
    once: list[Submission] = [
        *STEPS,
        an_activation(PLAN, 50, at=at(4)),
        a_screening(2, "dizziness", at=at(5)),
    ]
    life = once * 2
    chance.shuffle(life)
    await service.hear_one_by_one(life)
    await service.hear(an_activation(PLAN, 51, at=at(6)))

    open_gates = (await service.published(ViewUpdated))[-1].data["document"]["safety"]["gates"]
    assert [] != open_gates
    answered = await service.published(SubmissionAnswered)
    answers = {one.data["submission_id"]: one.data for one in answered}
    assert len(once) + 1 == len(answers) == len(answered)
    assert "rejected" == answers[str(UUID(int=2051))]["status"]
    before, published = await service.state(), await service.published()
    rebuilt = await service.rebuild()
    assert before == await service.state()
    assert [event.payload for event in published] == rebuilt


async def last_answer(service: Service) -> tuple[str, str | None]:
    """Status and rule of the newest answer."""
    answer = (await service.published(SubmissionAnswered))[-1].data
    return answer["status"], answer["rule"]
