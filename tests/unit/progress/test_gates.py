"""Gates: what opens each, what holds an active plan, and no way past them in any order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain import decide
from services.progress.domain.gates import TASKS, closed, stand
from services.progress.domain.model import Client
from services.progress.domain.passing import next_due
from services.progress.domain.rules import Rules
from shared.contracts.care import Decision, PlanActivationSubmitted
from shared.contracts.conclusions import PlanActivated
from shared.contracts.event import Event
from shared.contracts.submissions import HoldLiftSubmitted, Submission
from tests.unit.progress import golden_gates
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_check_in, a_lift
from tests.unit.progress.intake import a_decision, a_screening, time
from tests.unit.progress.planned import a_plan, an_activation, an_assessment, item, planned, ready


@pytest.mark.parametrize("figure", ["screening_months", "clearance_months"])
@pytest.mark.parametrize("step", [1, -1])
def test_no_figure_of_the_gates_can_be_altered_unnoticed(figure: str, step: int) -> None:
    value = getattr(RULES.gates, figure) + step
    rules = _with(RULES, gates=RULES.gates.model_copy(update={figure: value}))

    assert any(one.expected != one.run(rules) for one in golden_gates.SCENARIOS)


@pytest.mark.parametrize("step", [1, -1])
def test_the_weeks_of_an_assessment_cannot_be_altered_unnoticed(step: int) -> None:
    weeks = {"assessment_weeks": RULES.plan.assessment_weeks + step}
    rules = _with(RULES, plan=RULES.plan.model_copy(update=weeks))

    assert any(one.expected != one.run(rules) for one in golden_gates.SCENARIOS)


def test_each_thing_that_can_be_missing_has_a_rule_that_speaks_of_it_and_a_task() -> None:
    spoken = {when.gate for rule in RULES.rules for when in rule.when if when.gate is not None}

    assert spoken == set(TASKS)


def test_what_stands_is_begun_once_and_ends_when_the_gate_opens() -> None:
    old = ready(plans=(planned(item("soft-belly-breathing")),))
    screening = old.care.screening
    assert screening is not None

    held, begun = stand(old.care, screening.valid_until, 5, RULES)
    again, new = stand(held, screening.valid_until + timedelta(days=1), 6, RULES)
    opened, none = stand(held, NOW, 7, RULES)
    assert (["G3"], [5], held, []) == (
        [one.rule for one in begun],
        [one.version for one in begun],
        again,
        new,
    )
    assert (old.care, []) == (opened, none)


def test_without_a_plan_an_old_screening_says_nothing_of_today() -> None:
    care = ready().care
    assert care.screening is not None

    assert (care, []) == stand(care, care.screening.valid_until, 5, RULES)


PLANS = tuple(UUID(int=2000 + number) for number in range(2))
ANSWERS = ("chest_pain", "heart_condition", "pregnant", "fever", "joint_problem")


@dataclass(frozen=True)
class Wish:
    """Something that somebody says so many days later, heard after a delay.

    A decision is on what is asked for when it is heard.
    """

    kind: str
    gap: int = 0
    delay: int = 0
    yes: tuple[str, ...] = ()
    decision: Decision = "granted"
    plan: UUID = PLANS[0]
    active: bool = True


WISHES = st.builds(
    Wish,
    kind=st.sampled_from(
        ["screening", "assessment", "decision", "plan", "activation", "time", "check-in", "lift"]
    ),
    gap=st.sampled_from([0, 0, 1, 7, 40, 90]),
    delay=st.sampled_from([0, 0, 0, 1, 30]),
    yes=st.lists(st.sampled_from(ANSWERS), max_size=2, unique=True).map(tuple),
    decision=st.sampled_from(["granted", "limited", "refused"]),
    plan=st.sampled_from(PLANS),
    active=st.booleans(),
)
BEGINNINGS = st.tuples(
    st.permutations(["screening", "assessment", "plan"]), st.sampled_from([(), ("chest_pain",)])
).map(
    lambda drawn: [
        *(Wish(kind, yes=drawn[1]) for kind in drawn[0]),
        Wish("decision"),
        Wish("activation"),
    ]
)
LIVES = st.tuples(st.one_of(st.just([]), BEGINNINGS), st.lists(WISHES, max_size=20))


def entry(wish: Wish, number: int, at: datetime, client: Client) -> Event | None:
    """What is said at that time; None where there is nothing to speak of."""
    known, due = client.care.clearance, next_due(client, RULES)
    flags = ["fainting"] if "chest_pain" in wish.yes else []
    made: dict[str, Callable[[], Event | None]] = {
        "screening": lambda: a_screening(number, *wish.yes, at=at, active=wish.active),
        "assessment": lambda: an_assessment(100 + number, at=at),
        "decision": lambda: a_decision(
            known.id if known else UUID(int=5), wish.decision, number, at=at, max_effort=5
        ),
        "plan": lambda: a_plan(draft=True, number=wish.plan.int - 2000, at=at),
        "activation": lambda: an_activation(wish.plan, 500 + number, at=at),
        "time": lambda: time(max(due, client.as_of or due)) if due else None,
        "check-in": lambda: a_check_in(number, "daily", 3, at=at, red_flags=flags),
        "lift": lambda: a_lift(number, client.holds[0].id, at=at) if client.holds else None,
    }
    return made[wish.kind]()


@settings(max_examples=150, deadline=None)
@given(LIVES)
def test_no_order_or_delay_activates_a_plan_past_a_closed_gate(
    life: tuple[list[Wish], list[Wish]],
) -> None:
    client, now = Client(CLIENT), NOW
    log: list[Event] = []
    known: set[UUID] = set()
    for number, wish in enumerate([*life[0], *life[1]]):
        now += timedelta(days=wish.gap)
        heard = entry(wish, number, now - timedelta(days=wish.delay), client)
        if isinstance(heard, Submission):
            if heard.submission_id in known:
                continue  # The log takes each submission once.
            known.add(heard.submission_id)
        if heard is not None:
            log.append(heard)
            client = follow(client, heard)
    replayed = Client(CLIENT)
    for heard in log:
        replayed = decide.decide(replayed, heard, RULES).client
    assert client == replayed


def follow(client: Client, said: Event) -> Client:
    """The client after it, with all that must hold checked."""
    outcome = decide.decide(client, said, RULES)
    after = outcome.client
    begun = [one for one in outcome.events if isinstance(one, PlanActivated)]
    if begun:
        assert isinstance(said, PlanActivationSubmitted)
        assert () == closed(client.care, latest(client, said.submitted_at), RULES)
    plans = [one.id for one in after.care.plans if one.status == "active"]
    known = [one.id for one in client.care.plans if one.status == "active"]
    assert len(plans) <= 1
    assert plans == known or [one.plan_id for one in begun] == plans
    now, due = after.as_of or NOW, next_due(after, RULES)
    shut = [gate for gate in closed(after.care, now, RULES) if gate.task != "assessment"]
    # Where time has to be looked at first, that is what comes next.
    if (due is None or due > now) and any(plans or gate.rule == "G4" for gate in shut):
        assert after.level in {"hold", "emergency"}
    for hold in client.holds:
        assert hold in after.holds or isinstance(said, HoldLiftSubmitted)
    return after


def latest(client: Client, at: datetime) -> datetime:
    """The latest time anybody spoke of."""
    return at if client.as_of is None else max(client.as_of, at)


def _with(rules: Rules, **figures: object) -> Rules:
    return rules.model_copy(update=figures)


def test_the_client_after_a_refused_activation_is_as_before() -> None:
    drafted = decide.decide(replace(ready(), version=1), a_plan(draft=True, number=0), RULES)
    old = NOW + timedelta(weeks=12)
    refused = decide.decide(drafted.client, an_activation(PLANS[0], at=old), RULES)

    assert drafted.client.care == refused.client.care
