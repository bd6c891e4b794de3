"""A check-in: judged, recorded, answered; holds placed where a rule asks for one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from services.progress.domain import view
from services.progress.domain.judge import judge
from services.progress.domain.model import (
    LEVELS,
    Client,
    Exercise,
    Firing,
    Hold,
    Report,
    highest,
)
from services.progress.domain.outcome import (
    Outcome,
    hold_placed,
    next_entry,
    settle,
    with_holds,
)
from services.progress.domain.rules import Rules
from shared.contracts.event import Event
from shared.contracts.progress import (
    Action,
    CheckInRecorded,
    ExerciseRecorded,
    SubmissionAnswered,
)
from shared.contracts.submissions import CheckInSubmitted


def check_in(client: Client, submission: CheckInSubmitted, rules: Rules) -> Outcome:
    """Judge a check-in, place the holds its rules ask for, and answer it.

    The history judged against is what is known now: a report that arrives late is judged when it
    arrives and never changes an answer already given.
    """
    at = submission.submitted_at
    after = next_entry(client, at)
    report = judge(_report(submission, after.version), client.reports, rules)
    placed = _holds(report, at, rules)
    reports = sorted((*client.reports, report), key=lambda known: known.place, reverse=True)
    after = replace(after, reports=tuple(reports), reported_version=after.version)
    after = with_holds(after, placed)
    after, moved = settle(client, after, rules, at=at, check_in=report.id)
    held = [hold for hold in after.holds if hold.kind == "session"]
    events: list[Event] = [
        _recorded(client.id, submission),
        *(hold_placed(client.id, hold) for hold in placed),
        *moved,
        view.updated(after),
        SubmissionAnswered(
            client_id=client.id,
            submission_id=submission.submission_id,
            status="done",
            level=highest(report.level, *(hold.level for hold in held)),
            actions=_actions([*report.firings, *(f for hold in held for f in hold.firings)]),
        ),
    ]
    return Outcome(after, tuple(events), report, placed)


def _holds(report: Report, since: datetime, rules: Rules) -> tuple[Hold, ...]:
    # One hold per report, also while another stands: each sign is looked at by a person.
    placed = []
    for rule in rules.rules:
        firings = tuple(firing for firing in report.firings if firing.rule == rule.id)
        if rule.hold is not None and firings:
            placed.append(
                Hold(
                    id=uuid5(report.id, rule.id),
                    check_in_id=report.id,
                    kind=rule.hold,
                    option=None,
                    rule=rule.id,
                    level=rule.level,
                    since=since,
                    reason=firings[0].detail,
                    firings=firings,
                )
            )
    return tuple(placed)


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


def _actions(firings: Iterable[Firing]) -> tuple[Action, ...]:
    distinct = {(firing.rule, firing.code): firing for firing in firings}.values()
    gravest_first = sorted(distinct, key=lambda firing: -LEVELS.index(firing.level))
    return tuple(firing.as_action() for firing in gravest_first)
