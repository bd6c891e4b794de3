"""What is worth saying: function, confidence and habit, whatever pain does; never for red."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import fmean, median
from typing import Literal, NamedTuple

from services.progress.domain.care import Milestone
from services.progress.domain.firing import LEVELS
from services.progress.domain.model import Client, Report
from services.progress.domain.outcome import Step
from services.progress.domain.rules import Rules
from services.progress.domain.sessions import about
from services.progress.domain.view import level
from shared.contracts.conclusions import MilestoneReached
from shared.contracts.progress import Level
from shared.instruments.table import gain

RED: frozenset[Level] = frozenset(LEVELS[LEVELS.index("stop") :])
"""Levels at which nothing is celebrated; what was reached is said once they are over."""

GREEN_ENOUGH: frozenset[Level] = frozenset({"go", "go-care", "modify"})
"""A session that is known, and not red."""

WEEK = timedelta(weeks=1)

GREEN_WEEK_SPAN = timedelta(days=6)
"""From the first to the last day of a week."""


class Mark(NamedTuple):
    """A milestone and how it is found."""

    code: str
    kind: Literal["function", "confidence", "habit"]
    met: Callable[[Client, Rules], bool]


def reached(client: Client, at: datetime, rules: Rules) -> Step:
    """The client with the milestones that are new, each told once; none while the level is red."""
    known = {one.code for one in client.care.milestones}
    if len(known) == len(MARKS) or level(client) in RED:
        return Step(client)
    new = [mark for mark in MARKS if mark.code not in known and mark.met(client, rules)]
    if not new:
        return Step(client)
    told = tuple(Milestone(code=mark.code, kind=mark.kind, at=at) for mark in new)
    care = client.care.model_copy(update={"milestones": (*client.care.milestones, *told)})
    events = tuple(
        MilestoneReached(client_id=client.id, code=mark.code, kind=mark.kind, at=at) for mark in new
    )
    return Step(replace(client, care=care), events)


def marks_heard(client: Client, report: Report, rules: Rules) -> Step:
    """The milestones that a check-in brings."""
    return reached(client, client.as_of or report.at, rules)


def _goals(client: Client, rules: Rules) -> bool:
    goals = client.care.goals
    return goals is not None and (
        fmean(goals.newest) - fmean(goals.first) >= rules.milestones.goals_points
    )


def _one_goal(client: Client, rules: Rules) -> bool:
    goals = client.care.goals
    return goals is not None and any(
        now - then >= rules.milestones.one_goal_points
        for then, now in zip(goals.first, goals.newest, strict=True)
    )


def _chair_stands(client: Client, rules: Rules) -> bool:
    stands = [one.chair_stand for one in client.care.assessments if one.chair_stand is not None]
    return bool(stands) and stands[-1] - stands[0] >= rules.milestones.chair_stands


def _peg(client: Client, rules: Rules) -> bool:
    scores = [one.score for one in client.care.questionnaires if one.instrument == "peg"]
    if not scores or scores[0] == 0:
        return False
    return 100 * gain("peg", scores[0], scores[-1]) >= rules.milestones.peg_percent * scores[0]


def _confidence(client: Client, rules: Rules) -> bool:
    figures = rules.milestones
    told = [one for one in client.reports if one.confidence is not None]
    if not told:
        return False
    newest = told[0].at
    start, last = newest - figures.confidence_weeks * WEEK, newest - WEEK
    now = [one.confidence for one in told if one.at > last]
    end = start + WEEK
    then = [one.confidence for one in told if start <= one.at < end]
    if min(len(now), len(then)) < figures.confidence_reports:
        return False
    return _median(now) - _median(then) >= figures.confidence_points


def _first_session(client: Client, _: Rules) -> bool:
    return any(
        post.level in GREEN_ENOUGH
        and all(one.level not in RED for one in about(post, client.reports))
        for post in client.reports
        if post.kind == "post"
    )


def _steady_weeks(client: Client, rules: Rules) -> bool:
    figures = rules.milestones
    if not client.reports:
        return False
    newest = client.reports[0].at
    for number in range(figures.steady_weeks):
        end = newest - number * WEEK
        start = end - WEEK
        week = [one for one in client.reports if start < one.at <= end]
        if len(_days(week) - _days(one for one in week if one.level in RED)) < figures.steady_days:
            return False
    return True


def _green_week(client: Client, rules: Rules) -> bool:
    if not client.reports:
        return False
    newest = client.reports[0].at
    start = newest - WEEK
    week = [one for one in client.reports if one.at > start]
    return (
        all(one.level == "go" for one in week)
        and len(_days(week)) >= rules.milestones.green_reports
        and client.reports[-1].at <= newest - GREEN_WEEK_SPAN
    )


MARKS: tuple[Mark, ...] = (
    Mark("goals-better", "function", _goals),
    Mark("one-goal-better", "function", _one_goal),
    Mark("chair-stands-better", "function", _chair_stands),
    Mark("peg-better", "function", _peg),
    Mark("confidence-better", "confidence", _confidence),
    Mark("first-session", "habit", _first_session),
    Mark("steady-weeks", "habit", _steady_weeks),
    Mark("green-week", "habit", _green_week),
)
"""In the order in which they are told when several come at once."""


def _days(reports: Iterable[Report]) -> set[date]:
    return {one.day for one in reports}


def _median(scores: Iterable[int | None]) -> float:
    return float(median(score for score in scores if score is not None))
