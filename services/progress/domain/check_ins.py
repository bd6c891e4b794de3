"""A check-in: judged, recorded, answered; holds placed where a rule asks for one."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from services.progress.domain import view
from services.progress.domain.dosing import dose_heard
from services.progress.domain.firing import Firing, highest
from services.progress.domain.flaring import flare_heard
from services.progress.domain.holding import holds_asked
from services.progress.domain.judge import judge
from services.progress.domain.load import load_kept
from services.progress.domain.milestones import marks_heard
from services.progress.domain.misses import answer_heard
from services.progress.domain.model import Client, Exercise, Report
from services.progress.domain.outcome import (
    Outcome,
    Step,
    asked_for,
    hold_placed,
    next_entry,
    settle,
    with_holds,
)
from services.progress.domain.rules import Rules
from services.progress.domain.standing import began
from shared.contracts.event import Event
from shared.contracts.progress import (
    CheckInRecorded,
    ExerciseRecorded,
    SubmissionAnswered,
)
from shared.contracts.submissions import CheckInSubmitted

Following: TypeAlias = Callable[[Client, Report, Rules], Step]

FOLLOWING: tuple[Following, ...] = (
    answer_heard, load_kept, began, flare_heard, dose_heard, marks_heard,
)  # fmt: skip
"""What else a check-in moves, in this order. Each sees the client as left by those before it."""


def check_in(client: Client, submission: CheckInSubmitted, rules: Rules) -> Outcome:
    """Judge a check-in, place the holds its rules ask for, and answer it.

    The history judged against is what is known now: a report that arrives late is judged when it
    arrives and never changes an answer already given.
    """
    at = submission.submitted_at
    after = next_entry(client, at)
    report = judge(_report(submission, after.version), client, rules)
    reports = sorted((*client.reports, report), key=lambda known: known.place, reverse=True)
    after = replace(after, reports=tuple(reports), reported_version=after.version)
    placed = holds_asked(
        report.firings, rules, of=report.id, since=at, check_in=report.id, standing=client.holds
    )
    after = with_holds(after, placed)
    moved: list[Event] = []
    for follow in FOLLOWING:
        step = follow(after, report, rules)
        after = with_holds(step.client, step.placed)
        moved += step.events
        placed += step.placed
    after, settled = settle(client, after, rules, at=at, check_in=report.id)
    others = _in_force(after)
    told: list[Event | view.Shown] = [
        _recorded(client.id, submission),
        *(hold_placed(after, hold, rules) for hold in placed),
        *moved,
        *settled,
        view.Shown(after, rules),
        SubmissionAnswered(
            client_id=client.id,
            submission_id=submission.submission_id,
            status="done",
            level=highest(report.level, *(firing.level for firing in others)),
            actions=asked_for([*report.firings, *others]),
        ),
    ]
    return Outcome(after, tuple(told), report, placed)


def _in_force(client: Client) -> list[Firing]:
    held = (hold.firings for hold in client.holds if hold.kind == "session")
    standing = (one.firings for one in client.care.standing)
    return [firing for firings in (*held, *standing) for firing in firings]


def _report(submission: CheckInSubmitted, version: int) -> Report:
    given = submission.check_in
    return Report(
        id=submission.submission_id,
        version=version,
        kind=given.kind,
        at=given.at,
        tz=submission.tz,
        booking_id=given.booking,
        pain=given.pain,
        stiffness=given.stiffness,
        energy=given.energy,
        mood=given.mood,
        confidence=given.confidence,
        effort=given.effort,
        enjoyment=given.enjoyment,
        worst_pain=given.worst_pain,
        exercises=tuple(
            Exercise(done.option, done.done, done.worst_pain, done.enjoyment)
            for done in given.exercises
        ),
        red_flags=tuple(dict.fromkeys(given.red_flags)),
        why=tuple(dict.fromkeys(given.why)),
        flare=given.flare,
    )


def _recorded(client_id: UUID, submission: CheckInSubmitted) -> CheckInRecorded:
    given = submission.check_in
    return CheckInRecorded(
        client_id=client_id,
        check_in_id=submission.submission_id,
        booking_id=given.booking,
        exercises=tuple(ExerciseRecorded(**exercise.model_dump()) for exercise in given.exercises),
        **given.model_dump(exclude={"booking", "exercises", "note"}),
    )
