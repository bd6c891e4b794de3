"""What statistics leave behind: safe sets alone, news alone, and a view that stays small."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.progress.domain.care import Effect, Proposal, Trend, Weights
from services.progress.domain.decide import decide
from services.progress.domain.entries import Proposed, Reflected
from services.progress.domain.mask import Mask
from services.progress.domain.measuring import trends
from services.progress.domain.model import Client, Exercise, Report
from services.progress.domain.proposing import due, propose
from services.progress.domain.responses import effects, sessions
from services.progress.domain.statistics import reflect
from services.progress.domain.view import document, today
from shared.contracts.conclusions import RecommendationProposed, TrendComputed
from shared.contracts.progress import ViewUpdated
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_report
from tests.unit.progress.planned import OPTIONS, cleared, held, item, planned, ready

SET = UUID(int=800)


def a_client(*conditions: str, **more: Any) -> Client:
    """A client with an active plan of two options."""
    plan = planned(item("bridges"), item("long-breath-out"))
    return ready(*conditions, plans=(plan,), **more)


def computed(client: Client, **more: Any) -> Reflected:
    """What the statistics found: nothing, unless more is given."""
    values = {
        "client_id": CLIENT,
        "at": NOW,
        "up_to": client.version,
        "trends": (),
        "effects": (),
        "flare_alarm": False,
    }
    return Reflected(**(values | more))


def a_set(client: Client, *options: str) -> Proposed:
    """A set that was drawn."""
    plan = client.care.plan
    assert plan is not None
    return Proposed(
        set_id=SET,
        plan_id=plan.id,
        options=options,
        propensities=dict.fromkeys(options, 1.0),
        seed="1",
        model_version="test",
        masked={},
    )


@settings(max_examples=60, deadline=None)
@given(
    conditions=st.lists(
        st.sampled_from(
            ["back-pain", "rheumatoid-arthritis", "osteoarthritis-knee", "fibromyalgia"]
        ),
        unique=True,
    ),
    clearance=st.sampled_from([None, "granted", "limited", "refused"]),
    hold=st.sampled_from([None, "joint", "option", "session"]),
    pain=st.integers(0, 10),
    flags=st.sampled_from([[], ["dizziness"], ["giving-way"], ["fainting"]]),
)
def test_no_set_holds_what_is_unsafe(
    conditions: list[str], clearance: str | None, hold: Any, pain: int, flags: list[str]
) -> None:
    client = a_client(*conditions, clearance=clearance and cleared(clearance, max_effort=3))
    if hold is not None:
        option = "bridges" if hold == "option" else None
        client = replace(client, holds=(held(hold, "R3", option=option, flags=flags),))
    level = "modify" if pain >= 6 else "go"
    report = a_report("next-morning", pain, red_flags=tuple(flags), version=2, level=level)
    client = replace(client, version=2, reports=(report,))

    drawn = propose(client, [], NOW, RULES)

    mask = Mask(client, RULES, today(client, RULES))
    unsafe = {code for code, option in OPTIONS.items() if mask.why_not(option) is not None}
    assert drawn is not None or unsafe == set(OPTIONS)
    if drawn is not None:
        assert unsafe == set(drawn.masked)
        assert unsafe.isdisjoint(drawn.options)
        assert unsafe.isdisjoint(drawn.propensities)


def test_the_same_log_draws_the_same_set() -> None:
    client = a_client("back-pain")
    sets = [propose(client, [], NOW, RULES) for _ in range(2)]
    later = propose(replace(client, version=client.version + 1), [], NOW, RULES)

    assert sets[0] == sets[1]
    assert later is not None
    assert sets[0] is not None
    assert later.seed != sets[0].seed


def test_what_helped_is_proposed_more_often_than_what_hurt() -> None:
    def chance(morning: int) -> float:
        reports = [
            one
            for n in range(5)
            for one in a_session(n, before=5, after=morning, morning=morning, option="bridges")
        ]
        client = replace(a_client("back-pain"), reports=tuple(reports))
        drawn = propose(client, sessions(reports), NOW, RULES)
        assert drawn is not None
        return drawn.propensities["bridges"]

    assert chance(1) > chance(5) > chance(9)


def test_own_weights_decide_what_counts() -> None:
    enjoyed = [one for n in range(5) for one in a_session(n, before=3, after=6, morning=6)]

    def chance(weights: Weights) -> float:
        client = replace(a_client("back-pain", weights=weights), reports=tuple(enjoyed))
        drawn = propose(client, sessions(enjoyed), NOW, RULES)
        assert drawn is not None
        return drawn.propensities["bridges"]

    joy = Weights(relief=0, enjoyment=1, done=0, next_day=0)
    relief = Weights(relief=1, enjoyment=0, done=0, next_day=0)
    assert chance(joy) > chance(relief)


def a_session(
    number: int, *, before: int, after: int, morning: int, option: str = "bridges"
) -> list[Report]:
    """A session as told, newest report first."""
    at = NOW - timedelta(days=3 * number + 2)
    done = (Exercise(option, True, 2, 9),)
    ids = (UUID(int=9000 + 10 * number + place) for place in range(3))
    return [
        a_report("next-morning", morning, at=at + timedelta(hours=18), id=next(ids), version=3),
        a_report(
            "post", after, at=at + timedelta(hours=1), id=next(ids), version=2, exercises=done
        ),
        a_report("pre", before, at=at, id=next(ids), version=1),
    ]


def test_a_session_is_held_against_the_report_before_it() -> None:
    reports = [one for n in range(4) for one in a_session(n, before=5, after=3, morning=4)]

    found = effects(sessions(reports))

    assert [("session", 4), ("next-morning", 4)] == [(one.after, one.n) for one in found]
    assert found[0].mean < found[1].mean < 0


def test_a_set_that_has_become_unsafe_is_not_proposed() -> None:
    client = a_client("back-pain")
    safe = computed(client, proposal=a_set(client, "bridges"))
    locked = replace(client, holds=(held("option", "A3", option="bridges"),))

    assert RecommendationProposed in {type(one) for one in decide(client, safe, RULES).events}
    after = decide(locked, safe, RULES)
    assert RecommendationProposed not in {type(one) for one in after.events}
    assert after.client.care.proposal is None


def test_a_set_is_due_for_a_new_plan_and_after_a_morning_only() -> None:
    client = a_client()
    plan = client.care.plan
    assert plan is not None
    known = Proposal(
        id=SET, at=NOW, options=(), seed="1", model_version="m", plan=plan.id, version=5
    )
    proposed = replace(client, care=client.care.model_copy(update={"proposal": known}))

    def after(kind: str, version: int) -> bool:
        return due(replace(proposed, reports=(a_report(kind, version=version),))) is not None

    assert due(client) == plan
    assert [False, False, True] == [
        after("daily", 6),
        after("next-morning", 4),
        after("next-morning", 6),
    ]


def test_only_news_is_told() -> None:
    client = a_client()
    trend = Trend(measure="pain", verdict="too early", meaningful=False, n=3, low=None, high=None)
    more = trend.model_copy(update={"n": 4})

    first = decide(client, computed(client, trends=(trend,)), RULES)
    second = decide(first.client, computed(first.client, trends=(more,)), RULES)
    third = decide(second.client, computed(second.client, trends=(more,)), RULES)

    assert {TrendComputed, ViewUpdated} <= {type(one) for one in first.events}
    assert [ViewUpdated] == [type(one) for one in second.events]
    assert () == third.events


@pytest.mark.parametrize(("pains", "verdict"), [([3] * 11, "too early"), ([3] * 40, "unclear")])
def test_too_little_is_too_early_to_say(pains: list[int], verdict: str) -> None:
    reports = tuple(
        a_report("daily", pain, at=NOW - timedelta(days=day)) for day, pain in enumerate(pains)
    )
    [found] = trends(replace(Client(CLIENT), reports=reports), NOW, sessions=0)

    assert (verdict, len(pains), 1.0) == (found.verdict, found.n, found.answered)


def test_mornings_are_answers_to_sessions_not_to_days() -> None:
    reports = tuple(
        a_report("next-morning", 3, at=NOW - timedelta(days=7 * week)) for week in range(3)
    )
    [found] = trends(replace(Client(CLIENT), reports=reports), NOW, sessions=4)

    assert ("pain-next-morning", 0.75) == (found.measure, found.answered)


def test_the_view_of_three_years_of_everything_is_below_100_kilobytes() -> None:
    chance = random.Random(1)
    options = sorted(OPTIONS)
    reports = []
    for n in range(800):
        exercises = tuple(
            Exercise(chance.choice(options), True, 10, 10) for _ in range(chance.randrange(21))
        )
        kind = ("pre", "post", "next-morning", "daily")[n % 4]
        reports.append(
            a_report(
                kind,
                10,
                at=NOW - timedelta(hours=6 * n),
                id=UUID(int=n),
                version=n,
                stiffness=10,
                energy=10,
                mood=10,
                confidence=10,
                effort=10,
                enjoyment=10,
                worst_pain=10,
                exercises=exercises,
                red_flags=("both-leg-weakness", "sudden-breathlessness"),
                why=("other-activity", "new-exercise", "long-sitting"),
            )
        )
    plan = planned(*(item(code) for code in options[:20]))
    client = replace(ready("back-pain", plans=(plan,)), reports=tuple(reports), version=900)
    found = reflect(client, NOW, RULES, took_place=100)
    client = decide(client, found, RULES).client

    size = len(json.dumps(document(client, RULES)))
    assert 40_000 < size < 100_000
    assert 24 >= len(client.care.effects) > 12
    assert all(isinstance(one, Effect) for one in client.care.effects)


def test_an_option_locked_since_is_shown_as_masked_in_the_set() -> None:
    client = a_client("back-pain")
    client = decide(client, computed(client, proposal=a_set(client, "bridges")), RULES).client
    locked = replace(client, holds=(held("option", "A3", option="bridges"),))

    [shown] = document(locked, RULES)["recommendation"]["set"]
    assert {"option": "bridges", "masked": {"rule": "A3", "code": "locked"}} == shown
