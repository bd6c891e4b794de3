"""Each rule of the table, on both sides of each threshold."""

from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from services.progress.domain.judge import judge, pain_before, usual_pain
from services.progress.domain.model import Report
from shared.contracts.progress import Level
from shared.contracts.submissions import RedFlag
from tests.unit.progress.builders import NOW, RULES, a_report, exercise, usual

EMERGENCY_SIGNS = {
    "saddle-numbness",
    "bladder-bowel-change",
    "both-leg-weakness",
    "chest-pain",
    "fainting",
    "sudden-breathlessness",
}


def judged(report: Report, history: tuple[Report, ...] = ()) -> tuple[Level, list[str]]:
    """Level and `rule:code` of what fired."""
    result = judge(report, history, RULES)
    return result.level, [f"{firing.rule}:{firing.code}" for firing in result.firings]


@pytest.mark.parametrize("kind", ["pre", "post", "next-morning", "daily"])
@pytest.mark.parametrize("flag", sorted(EMERGENCY_SIGNS))
def test_a_sign_of_an_emergency_is_one_in_any_check_in(kind: str, flag: RedFlag) -> None:
    level, fired = judged(a_report(kind, 0, worst_pain=0, red_flags=(flag,)))

    assert ("emergency", "R1:emergency-number") == (level, fired[0])


@pytest.mark.parametrize("flag", sorted(set(get_args(RedFlag)) - EMERGENCY_SIGNS))
def test_a_sign_that_no_rule_answers_is_no_emergency_and_never_green(flag: RedFlag) -> None:
    assert ("unknown", []) == judged(a_report("pre", 0, red_flags=(flag,)))
    assert ("unknown", ["D2:keep-dose"]) == judged(
        a_report("post", 0, worst_pain=4, red_flags=(flag,))
    )
    assert ("stop", ["D3:regress-exercise"]) == judged(
        a_report("post", 0, worst_pain=6, red_flags=(flag,))
    )


P1 = ["P1:calm-menu", "P1:ask-flare"]
P2 = ["P2:reduce-dose"]


@pytest.mark.parametrize(
    ("pain", "expected"),
    [
        (0, ("go", [])),
        (5, ("go", [])),
        (6, ("modify", P2)),
        (7, ("modify", P2)),
        (8, ("modify", P1)),
        (10, ("modify", P1)),
    ],
)
def test_pain_before_a_session_lightens_it_from_6_and_calms_it_from_8(
    pain: int, expected: tuple[Level, list[str]]
) -> None:
    assert expected == judged(a_report("pre", pain))
    assert expected == judged(a_report("pre", pain), usual(1, reports=6))


@pytest.mark.parametrize(
    ("pain", "expected"),
    [(2, ("go", [])), (3, ("modify", P2)), (4, ("modify", P1)), (6, ("modify", P1))],
)
def test_a_rise_above_the_usual_counts_like_high_pain(
    pain: int, expected: tuple[Level, list[str]]
) -> None:
    assert expected == judged(a_report("pre", pain), usual(1))


@pytest.mark.parametrize("kind", ["daily", "next-morning"])
def test_high_pain_at_other_times_is_not_judged_as_pain_before_a_session(kind: str) -> None:
    assert ("go", []) == judged(a_report(kind, 9), usual(1))


@pytest.mark.parametrize(
    ("worst", "expected"),
    [
        (0, ("go", ["D1:may-progress"])),
        (2, ("go", ["D1:may-progress"])),
        (3, ("go-care", ["D2:keep-dose"])),
        (5, ("go-care", ["D2:keep-dose"])),
        (6, ("stop", ["D3:regress-exercise"])),
        (10, ("stop", ["D3:regress-exercise"])),
    ],
)
@pytest.mark.parametrize("history", [(), usual(4), usual(9, reports=6)])
def test_the_worst_pain_in_exercise_is_a_traffic_light(
    worst: int, history: tuple[Report, ...], expected: tuple[Level, list[str]]
) -> None:
    assert expected == judged(a_report("post", 1, worst_pain=worst), history)
    assert expected == judged(a_report("post", 1, exercises=(exercise("row", worst),)), history)


@pytest.mark.parametrize(
    ("usual_pain", "worst", "expected"),
    [
        (5, 2, ("go", ["D1:may-progress"])),
        (5, 3, ("go-care", ["D2:keep-dose"])),
        (5, 6, ("go-care", ["D2:keep-dose"])),
        (5, 7, ("stop", ["D3:regress-exercise"])),
        (7, 8, ("go-care", ["D2:keep-dose"])),
        (7, 9, ("stop", ["D3:regress-exercise"])),
    ],
)
def test_with_a_usual_pain_of_5_or_more_the_rise_above_it_decides(
    usual_pain: int, worst: int, expected: tuple[Level, list[str]]
) -> None:
    assert expected == judged(a_report("post", 1, worst_pain=worst), usual(usual_pain))


@pytest.mark.parametrize(
    ("before", "worst", "expected"),
    [(3, 4, "go-care"), (3, 5, "stop"), (8, 9, "go-care"), (8, 10, "stop"), (0, 2, "stop")],
)
def test_the_rise_is_counted_from_the_pain_before_the_same_session(
    before: int, worst: int, expected: Level
) -> None:
    pre = a_report("pre", before, at=NOW - timedelta(hours=1), version=50)

    level, _ = judged(a_report("post", 1, worst_pain=worst), (pre, *usual(6)))

    assert expected == level


@pytest.mark.parametrize(
    ("usual_pain", "before", "worst", "expected"),
    [
        (4, 1, 3, ["D2:keep-dose"]),
        (4, 5, 6, ["D3:regress-exercise"]),
        (5, 2, 4, ["D3:regress-exercise"]),
        (5, 5, 6, ["D2:keep-dose"]),
    ],
)
def test_below_a_usual_pain_of_5_only_the_bands_decide_and_from_5_only_the_rise(
    usual_pain: int, before: int, worst: int, expected: list[str]
) -> None:
    pre = a_report("pre", before, at=NOW - timedelta(hours=1), version=50)

    assert (
        expected == judged(a_report("post", 1, worst_pain=worst), (pre, *usual(usual_pain, 9)))[1]
    )


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
        usual(3),
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
    assert ("emergency", ["R1:emergency-number", *P1, "D1:may-progress"]) == (level, fired)
    assert {"red_flags": ["chest-pain"]} == judge(report, (), RULES).firings[0].inputs


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


def test_every_rule_says_where_it_comes_from_and_what_is_ours_to_sign_off() -> None:
    assert ["R1", "P1", "P2", "D1", "D2", "D3"] == [rule.id for rule in RULES.rules]
    assert all(rule.source for rule in RULES.rules)
    assert {"P1", "P2", "D2", "D3"} == {rule.id for rule in RULES.rules if rule.design}


@pytest.mark.parametrize("word", ["heal", "cure", "relief", "painless", "push through", "no pain"])
def test_no_text_promises_relief_or_asks_to_push_through(word: str) -> None:
    texts = [when.detail for rule in RULES.rules for when in rule.when]
    texts += [wanted.action for rule in RULES.rules for wanted in rule.actions]

    assert [] == [text for text in texts if word in text.lower()]
