"""Doses and menus over random weeks of many clients: nothing rises after red, nothing unsafe."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.progress.domain.drafting import Draft
from services.progress.domain.menu import menu
from services.progress.domain.model import Client
from services.progress.domain.view import today as today_of
from shared.contracts.conclusions import PlanItem, PlanRevised
from shared.contracts.event import Event
from shared.contracts.submissions import CheckInSubmitted
from shared.vocabulary.labels import vocabulary
from tests.proofs.scale import cases
from tests.unit.progress.builders import NOW, RULES, a_check_in, tell
from tests.unit.progress.planned import OPTIONS, planned, ready, screened

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]

CLIENTS = 100_000
SECOND_SESSION = 0.25
"""How many lives go on to a second session; the first already shows most of what can go wrong."""

SIGNS = [term.code for term in vocabulary().red_flags]
HOLDING = {term.code for term in vocabulary().red_flags if term.tier != "D4"}
CONDITIONS = [term.code for term in vocabulary().conditions]


def lives() -> int:
    """All of them under `make prove`, else a quarter of the usual share: each is judged whole."""
    wanted = cases(CLIENTS)
    return wanted if wanted >= CLIENTS else wanted // 4


def a_client(chance: random.Random) -> Client:
    """Somebody with a drafted plan that has begun."""
    client = ready(
        screening=screened(
            *chance.sample(CONDITIONS, chance.randint(0, 2)), active=chance.random() < 0.5
        )
    )
    items = Draft(client, RULES).items()
    return ready(screening=client.care.screening, plans=(planned(*items),))


def a_session(
    chance: random.Random, plan: tuple[PlanItem, ...], day: int
) -> list[CheckInSubmitted]:
    """What somebody tells of a session, often too little, now and then out of order."""
    at = NOW + timedelta(days=2 * day)
    pain = chance.choices([1, 3, 5, 7, 9], [3, 5, 3, 1, 1])[0]
    worst = [chance.choices([None, 1, 3, 6], [1, 12, 3, 1])[0] for _ in range(2)]
    done = chance.sample(plan, 2)
    exercises = [
        {"option": one.option, "done": chance.random() < 0.9, "worst_pain": pain_of}
        for one, pain_of in zip(done, worst, strict=True)
    ]
    signs = [chance.choice(SIGNS)] if chance.random() < 0.04 else []
    morning = max(0, min(10, pain + chance.choices([-1, 0, 1, 2, 4], [2, 5, 3, 1, 1])[0]))
    told: list[dict[str, Any]] = [
        {"kind": "pre", "pain": pain, "at": at},
        {
            "kind": "post",
            "pain": pain,
            "at": at + timedelta(hours=1),
            "exercises": exercises if chance.random() < 0.9 else [],
            "effort": chance.choices([None, 2, 9], [4, 5, 1])[0],
            "red_flags": signs,
            "flare": chance.random() < 0.03,
        },
        {"kind": "next-morning", "pain": morning, "at": at + timedelta(hours=18)},
    ]
    said = [one for one in told if chance.random() < 0.93]
    if chance.random() < 0.1:
        chance.shuffle(said)
    return [
        a_check_in(10 * day + number, one.pop("kind"), one.pop("pain"), **one)
        for number, one in enumerate(said)
    ]


def steps(events: tuple[Event, ...]) -> Iterator[PlanRevised]:
    """What changed in the plan."""
    return (event for event in events if isinstance(event, PlanRevised))


def red(told: list[CheckInSubmitted]) -> bool:
    """Whether anything told of a session is not plainly green, by an own, blunter reading."""
    by_kind = {one.check_in.kind: one.check_in for one in told}
    if set(by_kind) != {"pre", "post", "next-morning"}:
        return True
    before, after, morning = by_kind["pre"], by_kind["post"], by_kind["next-morning"]
    worst = [one.worst_pain for one in after.exercises if one.done]
    return (
        not worst
        or any(pain is None or pain > 2 for pain in worst)
        or bool(after.red_flags)
        or after.flare
        or (after.effort or 0) >= 7
        or before.pain >= 6
        or morning.pain >= before.pain + 2
    )


def test_no_dose_rises_after_red_and_no_menu_holds_what_a_condition_rules_out() -> None:
    chance, rises, falls = random.Random(20260302), 0, 0
    for _ in range(lives()):
        client = a_client(chance)
        screening = client.care.screening
        assert screening is not None
        stopped = False
        for day in range(1 + (chance.random() < SECOND_SESSION)):
            plan = client.care.plan
            assert plan is not None
            told = a_session(chance, plan.items, day)
            heard: list[CheckInSubmitted] = []
            for one in told:
                outcome = tell(client, one)
                client, heard = outcome.client, [*heard, one]
                for step in steps(outcome.events):
                    up = step.after > step.before
                    rises, falls = rises + up, falls + (not up)
                    assert not up or not (red(heard) or stopped)
                    assert not up or step.after - step.before <= max(1, step.before // 5)
            # A grave sign or a flare stays until somebody looked; nobody does in these lives.
            stopped = stopped or any(
                HOLDING & set(one.check_in.red_flags) or one.check_in.flare for one in told
            )
            for choice in menu(client, RULES, today_of(client, RULES)):
                against = OPTIONS[choice.item.option].contraindications
                assert not set(against.conditions) & set(screening.conditions)
                if client.level in {"stop", "hold", "emergency"}:
                    assert "calm" == choice.item.family

    assert rises > lives() / 10
    assert falls > lives() / 20
