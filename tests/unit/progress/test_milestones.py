"""Milestones: function, confidence and habit, once each, also when pain is flat, never for red."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.progress.domain.milestones import MARKS, reached
from services.progress.domain.model import Client, Report
from shared.contracts.conclusions import MilestoneReached
from shared.contracts.event import Event
from shared.contracts.submissions import Submission
from tests.unit.progress.builders import CLIENT, NOW, RULES, a_check_in, a_report, after, tell, view
from tests.unit.progress.planned import an_assessment, answers, held, some_goals

NOBODY_YET = Client(CLIENT)


def codes(events: Iterable[Event]) -> list[str]:
    """The milestones told."""
    return [one.code for one in events if isinstance(one, MilestoneReached)]


def told(*life: Submission, client: Client = NOBODY_YET) -> list[str]:
    """The milestones that the last of these brings."""
    *before, last = life
    return codes(tell(after(client, before), last).events)


def found(reports: Sequence[Report], **more: Any) -> list[str]:
    """The milestones of a history."""
    ordered = tuple(sorted(reports, key=lambda one: one.place, reverse=True))
    client = replace(Client(CLIENT, as_of=NOW, reports=ordered), **more)
    return codes(reached(client, NOW, RULES).events)


def days(*ago: int, level: str = "go", kind: str = "daily", **more: Any) -> list[Report]:
    """Reports of these days."""
    return [
        a_report(kind, 5, at=NOW - timedelta(days=day), level=level, version=100 - day, **more)
        for day in ago
    ]


@pytest.mark.parametrize(
    ("first", "newest", "expected"),
    [
        ((2, 4), (3, 6), []),
        ((2, 4), (4, 6), ["goals-better"]),
        ((2, 4, 4), (5, 4, 4), ["one-goal-better"]),
        ((2, 4, 4), (4, 4, 4), []),
        ((2, 2), (7, 8), ["goals-better", "one-goal-better"]),
    ],
)
def test_goals_count_by_their_mean_and_each_by_itself(
    first: tuple[int, ...], newest: tuple[int, ...], expected: list[str]
) -> None:
    assert expected == told(some_goals(*first), answers("psfs", *newest, number=2))
    assert expected == told(some_goals(*first), some_goals(*newest, number=2))


@pytest.mark.parametrize(
    ("first", "newest", "expected"),
    [(9, 10, []), (9, 11, ["chair-stands-better"]), (11, 9, [])],
)
def test_two_more_stands_from_a_chair_count(first: int, newest: int, expected: list[str]) -> None:
    assert expected == told(
        an_assessment(1, chair_stand=first), an_assessment(2, chair_stand=newest)
    )


@pytest.mark.parametrize(
    ("first", "newest", "expected"),
    [
        ((10, 10, 10), (7, 7, 7), ["peg-better"]),
        ((8, 8, 8), (5, 6, 6), []),
        ((0, 0, 0), (0, 0, 0), []),
    ],
)
def test_thirty_percent_less_of_peg_count(
    first: tuple[int, int, int], newest: tuple[int, int, int], expected: list[str]
) -> None:
    assert expected == told(answers("peg", *first), answers("peg", *newest, number=2))


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ((3, 3), (5, 5), ["confidence-better"]),
        ((3, 4), (5, 5), []),
        ((3,), (5, 5), []),
        ((3, 3), (5,), []),
    ],
)
def test_confidence_counts_by_the_clients_own_words_over_four_weeks(
    then: tuple[int, ...], now: tuple[int, ...], expected: list[str]
) -> None:
    reports = [
        one
        for start, scores in ((28, then), (1, now))
        for day, score in enumerate(scores)
        for one in days(start - day, confidence=score, level="go-care")
    ]

    assert expected == [one for one in found(reports) if one == "confidence-better"]


def test_older_confidence_does_not_count() -> None:
    reports = [*days(29, 30, confidence=1), *days(0, 1, confidence=9)]

    assert "confidence-better" not in found(reports)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("go", ["first-session"]), ("go-care", ["first-session"]), ("modify", ["first-session"]),
     ("unknown", []), ("stop", [])],
)  # fmt: skip
def test_the_first_session_counts_unless_it_was_red_or_is_not_known(
    level: str, expected: list[str]
) -> None:
    assert expected == found(days(0, kind="post", level=level))


def test_a_session_that_began_or_ended_red_is_no_first_session() -> None:
    post = days(1, kind="post", level="go-care")
    worse = days(0, kind="next-morning", level="stop")

    assert [] == found([*post, *worse, *days(-1, level="go-care")])
    assert ["first-session"] == found(post)


def test_four_weeks_with_two_days_each_are_a_habit() -> None:
    steady = [day for week in range(4) for day in (7 * week, 7 * week + 3)]

    assert "steady-weeks" in found(days(*steady, level="go-care"))
    for left_out in (3, 10, 17, 24):
        rest = [day for day in steady if day != left_out]
        assert "steady-weeks" not in found(days(*rest, level="go-care"))


def test_a_day_of_pushing_through_is_no_day_of_the_habit() -> None:
    steady = [day for week in range(4) for day in (7 * week, 7 * week + 3)]
    reports = days(*(day for day in steady if day != 10), level="go-care")

    assert "steady-weeks" not in found([*reports, *days(10, level="stop")])
    assert "steady-weeks" not in found(
        [*reports, *days(10, level="go"), *days(10, level="stop", kind="post")]
    )


@pytest.mark.parametrize(
    ("ago", "amber", "expected"),
    [
        ((0, 2, 6), (), ["green-week"]),
        ((0, 6), (), []),
        ((0, 2, 5), (), []),
        ((0, 2, 6), (4,), []),
        ((0, 2, 6), (7,), ["green-week"]),
    ],
)
def test_a_week_of_green_reports_counts(
    ago: tuple[int, ...], amber: tuple[int, ...], expected: list[str]
) -> None:
    assert expected == found([*days(*ago), *days(*amber, level="go-care")])


def test_an_unknown_report_is_not_green() -> None:
    assert [] == found([*days(0, 2, 6), *days(1, level="unknown", kind="post")])


def test_nothing_is_celebrated_while_the_level_is_red_and_all_of_it_after() -> None:
    life = [some_goals(2, 2), a_check_in(5, "post", 3, worst_pain=8)]
    better = answers("psfs", 8, 8, number=2)
    calm = a_check_in(6, "daily", 3, at=NOW + timedelta(days=1))

    assert [] == told(*life, better)
    assert ["goals-better", "one-goal-better"] == told(*life, better, calm)
    assert [] == found(days(0, kind="post", level="go"), holds=(held("session", "R2"),))


def test_each_is_told_once_and_shown_from_then_on() -> None:
    client = after(NOBODY_YET, [some_goals(2, 2), answers("psfs", 4, 4, number=2)])
    outcome = tell(client, answers("psfs", 4, 4, number=3))

    assert [] == codes(outcome.events)
    assert [{"code": "goals-better", "kind": "function", "at": "2026-03-02T15:00:00Z"}] == view(
        outcome.events
    ).document["milestones"]


def test_function_counts_while_pain_stays_as_it_was() -> None:
    """Eight weeks of the same pain, and the goals two points up."""
    client = after(NOBODY_YET, [some_goals(3, 3)])
    for day in range(0, 56, 2):
        client = after(client, [a_check_in(100 + day, "daily", 5, at=NOW + timedelta(days=day))])
    better = answers("psfs", 5, 5, number=9, at=NOW + timedelta(days=56))

    assert {5} == {report.pain for report in client.reports}
    assert ["goals-better"] == told(better, client=client)


def test_every_milestone_has_a_code_of_its_own() -> None:
    assert len(MARKS) == len({mark.code for mark in MARKS})
