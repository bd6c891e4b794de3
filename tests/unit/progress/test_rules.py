"""Each rule of the table, on both sides of each threshold."""

import re
from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.progress.domain.facts import usual_pain
from services.progress.domain.judge import flags_fired, judge
from services.progress.domain.model import Client, Report
from services.progress.domain.rules import Rule, Rules
from services.progress.domain.sessions import pain_before
from shared.contracts.progress import Level
from shared.contracts.submissions import RedFlag
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_report, exercise, usual


def judged(report: Report, history: tuple[Report, ...] = ()) -> tuple[Level, list[str]]:
    """Level and `rule:code` of what fired."""
    result = judge(report, Client(CLIENT, reports=history), RULES)
    return result.level, [f"{firing.rule}:{firing.code}" for firing in result.firings]


@pytest.mark.parametrize("flag", get_args(RedFlag))
def test_every_sign_is_answered_by_a_rule(flag: RedFlag) -> None:
    assert flag in RULES.judged_flags
    level, fired = judged(a_report("pre", 0, red_flags=(flag,)))
    assert level in {"stop", "hold", "emergency"}
    assert fired


def test_a_sign_that_no_rule_answers_is_never_green() -> None:
    few = Rules.model_validate(
        RULES.model_dump() | {"rules": [RULES.by_id["D2"], RULES.by_id["D3"]]}
    )

    def level(worst: int) -> Level:
        report = a_report("post", 0, worst_pain=worst, red_flags=("trauma",))
        return judge(report, Client(CLIENT), few).level

    assert ["unknown", "unknown", "stop"] == [level(0), level(4), level(6)]


@pytest.mark.parametrize("kind", ["pre", "post", "next-morning", "daily"])
@pytest.mark.parametrize("pain", [8, 9, 10])
def test_high_pain_is_never_green_whenever_it_is_told(kind: str, pain: int) -> None:
    pre = a_report("pre", 10, at=NOW - timedelta(hours=20), version=50)

    assert judged(a_report(kind, pain, worst_pain=0), (pre,))[0] not in {"go", "go-care", "unknown"}


def test_a_late_report_is_not_judged_by_what_was_felt_after_it() -> None:
    later = usual(1, before=NOW + timedelta(days=9))
    pre = a_report("pre", 9, at=NOW + timedelta(minutes=1), version=50)

    assert ("go", []) == judged(a_report("pre", 4), later)
    assert "stop" == judged(a_report("post", 1, worst_pain=8), (pre, *usual(6)))[0]


def test_half_a_point_more_than_1_above_a_usual_that_ends_in_a_half_is_too_much() -> None:
    history = (*usual(5, 4), *usual(6, 4, before=NOW - timedelta(days=10)))

    assert 5.5 == usual_pain(a_report(), history, RULES)
    assert "go-care" == judged(a_report("post", 1, worst_pain=6), history)[0]
    assert "stop" == judged(a_report("post", 1, worst_pain=7), history)[0]


def test_a_second_exercise_that_goes_too_far_ends_the_session() -> None:
    one = a_report("post", 1, exercises=(exercise("row", 6), exercise("squat", 5)))
    two = a_report("post", 1, exercises=(exercise("row", 6), exercise("squat", 7)))
    told_twice = a_report("post", 1, worst_pain=6, exercises=(exercise("row", 6),))

    assert ["D3:regress-exercise", "D2:keep-dose"] == judged(one)[1]
    assert ["D3:regress-exercise", "D3:end-session"] == judged(two)[1]
    assert ["D3:regress-exercise"] == judged(told_twice)[1]


def test_a_firing_names_rule_version_and_what_it_saw() -> None:
    report = judge(
        a_report("post", 1, worst_pain=4, exercises=(exercise("row", 8), exercise("squat", 6))),
        Client(CLIENT, reports=usual(3)),
        RULES,
    )

    firing = report.firings[0]
    assert ("D3", RULES.version) == (firing.rule, firing.version)
    assert {
        "worst_pain": 8,
        "usual": 3,
        "before": None,
        "exercises": [
            {"option": "row", "worst_pain": 8},
            {"option": "squat", "worst_pain": 6},
        ],
    } == firing.inputs


def test_the_highest_level_wins_and_comes_first() -> None:
    report = a_report("pre", 8, worst_pain=1, red_flags=("chest-pain", "dizziness"))

    level, fired = judged(report)
    stop, calm = ["D4:stop-session", "D4:ask-red-flags"], ["P1:calm-menu", "P1:ask-flare"]
    assert "emergency" == level
    assert ["R1:emergency-number", *stop, *calm, "D1:may-progress"] == fired
    inputs = judge(report, Client(CLIENT), RULES).firings[0].inputs
    assert {"red_flags": ["chest-pain"]} == inputs


def test_a_missing_answer_never_counts_as_green() -> None:
    row, squat = exercise("row", 1), exercise("squat", None)

    assert "unknown" == judged(a_report("post", 0))[0]
    assert "unknown" == judged(a_report("post", 0, exercises=(row, squat)))[0]
    assert "go" == judged(a_report("post", 0, exercises=(row,)))[0]
    assert "go" == judged(a_report("post", 0, worst_pain=1, exercises=(row, squat)))[0]
    skipped = exercise("squat", None, done=False)
    assert "go" == judged(a_report("post", 0, exercises=(row, skipped)))[0]


def test_usual_pain_is_the_median_of_at_least_7_pre_and_daily_reports_of_28_days() -> None:
    week = usual(4)
    edge = a_report("daily", 4, at=NOW - timedelta(days=28), version=1)
    too_old = a_report("daily", 4, at=NOW - timedelta(days=28, seconds=1), version=1)
    later = a_report("daily", 4, at=NOW + timedelta(seconds=1), version=1)
    post = a_report("post", 4, at=NOW - timedelta(days=2), version=1)

    def known(*history: Report) -> float | None:
        report = a_report()
        earlier = [past for past in history if past.place < report.place]
        return usual_pain(report, earlier, RULES)

    assert 4.0 == known(*week)
    assert 4.0 == known(*week[:6], edge)
    assert [None] * 4 == [known(*week[:6], *more) for more in ((), (too_old,), (later,), (post,))]


def test_pre_and_post_pair_by_booking_or_else_within_a_local_day() -> None:
    booking = UUID(int=3)
    evening = NOW.replace(hour=3)
    pre = a_report("pre", 7, at=evening - timedelta(hours=1), version=1)
    booked = a_report("pre", 2, at=evening - timedelta(hours=30), version=2, booking_id=booking)

    # 03:00 UTC is the evening before in Toronto: the same local day as 02:00 UTC, not as 15:00.
    assert 7 == pain_before(a_report("post", at=evening), [pre, booked])
    assert None is pain_before(a_report("post", at=NOW), [pre, booked])
    assert 2 == pain_before(a_report("post", at=NOW, booking_id=booking), [pre, booked])
    assert None is pain_before(a_report("post", at=NOW, booking_id=UUID(int=9)), [pre, booked])


def test_every_rule_of_the_table_is_there_and_says_where_it_comes_from() -> None:
    table = "R1 R2 R3 P1 P2 D1 D2 D3 D4 D5 A1 A2 A3 A4 A5 L1 T1 T2 T3 T4 M1"

    assert table == " ".join(rule.id for rule in RULES.rules if rule.evaluator != "gate")
    assert all(rule.source for rule in RULES.rules)
    assert {"R1", "D1", "D4", "M1"} == {
        rule.id for rule in RULES.rules if not rule.design and rule.evaluator != "gate"
    }


def test_who_hears_of_a_rule_is_data() -> None:
    assert ("client", "trainer", "lead", "emergency-contact") == RULES.told("R1")
    assert ("client", "trainer", "clinician") == RULES.told("T2")
    assert () == RULES.told("no rule")


def test_a_rule_without_the_figures_that_its_evaluator_needs_is_refused() -> None:
    rule = RULES.by_id["A3"].model_dump()

    with pytest.raises(ValidationError, match="other limits"):
        Rule.model_validate(rule | {"limits": {"points": 2}})


def test_signs_are_judged_alike_whoever_reported_them() -> None:
    fired = flags_fired(("dizziness", "hot-swollen-joint"), RULES, feverish=True)

    assert ["R2", "R3", "D4", "D4"] == [firing.rule for firing in fired]
    assert {"red_flags": ["hot-swollen-joint"], "feverish": True} == fired[0].inputs
    assert ["R3"] == [
        firing.rule for firing in flags_fired(("hot-swollen-joint",), RULES, feverish=False)
    ]


@pytest.mark.parametrize(
    "word", ["heals?", "heal(ed|ing)", "cure", "relief", "painless", "push through", "no pain"]
)
def test_no_text_promises_relief_or_asks_to_push_through(word: str) -> None:
    texts = [when.detail for rule in RULES.rules for when in rule.when]
    texts += [wanted.action for rule in RULES.rules for wanted in rule.actions]

    assert [] == [text for text in texts if re.search(rf"\b{word}\b", text.lower())]
