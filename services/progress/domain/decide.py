"""What follows from an event: client and event in, client and new events out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
from services.progress.domain.next_step import next_step
from services.progress.domain.rules import Rules
from shared.contracts.event import Event
from shared.contracts.progress import (
    Action,
    CheckInRecorded,
    ExerciseRecorded,
    SafetyHoldLifted,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
)
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted


@dataclass(frozen=True)
class Outcome:
    """The client after an event, the events that follow, and what is new to store."""

    client: Client
    events: tuple[Event, ...]
    report: Report | None = None
    placed: tuple[Hold, ...] = ()


def check_in(client: Client, submission: CheckInSubmitted, rules: Rules) -> Outcome:
    """Judge a check-in, place the holds its rules ask for, and answer it.

    The history judged against is what is known now: a report that arrives late is judged when it
    arrives and never changes an answer already given.
    """
    version = client.version + 1
    report = judge(_report(submission, version), client.reports, rules)
    placed = _holds(report, submission.submitted_at, rules)
    after = replace(
        client,
        version=version,
        as_of=_latest(client.as_of, submission.submitted_at),
        reports=tuple(
            sorted((*client.reports, report), key=lambda known: known.place, reverse=True)
        ),
        holds=tuple(sorted((*client.holds, *placed), key=lambda hold: (hold.since, hold.id))),
    )
    after, moved = _settle(client, after, rules, at=submission.submitted_at, check_in=report.id)
    held = [hold for hold in after.holds if hold.kind == "session"]
    events: list[Event] = [
        _recorded(client.id, submission),
        *(_hold_placed(client.id, hold) for hold in placed),
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


def lift(client: Client, submission: HoldLiftSubmitted, rules: Rules) -> Outcome:
    """End a standing hold; the level then is unknown until the next check-in. Or refuse."""
    version, at = client.version + 1, submission.submitted_at
    as_of = _latest(client.as_of, at)
    rest = tuple(hold for hold in client.holds if hold.id != submission.hold_id)
    if len(rest) == len(client.holds):
        refused = SubmissionAnswered(
            client_id=client.id,
            submission_id=submission.submission_id,
            status="rejected",
            level=client.level,
            reason="No such hold stands: it is unknown, or was lifted before.",
        )
        return Outcome(replace(client, version=version, as_of=as_of), (refused,))
    was = next(hold for hold in client.holds if hold.id == submission.hold_id)
    after = replace(
        client,
        version=version,
        as_of=as_of,
        lifted_version=version if was.kind == "session" else client.lifted_version,
        holds=rest,
    )
    after, moved = _settle(client, after, rules, at=at, check_in=None)
    lifted = SafetyHoldLifted(
        client_id=client.id, hold_id=submission.hold_id, lifted_by=submission.submitted_by, at=at
    )
    answered = SubmissionAnswered(
        client_id=client.id,
        submission_id=submission.submission_id,
        status="done",
        level=after.level,
    )
    return Outcome(after, (lifted, *moved, view.updated(after), answered))


def booking_changed(client: Client, at: datetime) -> Outcome:
    """Look again at what comes next; `client.bookings` holds the change, `at` is its time."""
    after = replace(client, version=client.version + 1, as_of=_latest(client.as_of, at))
    after = replace(after, next=next_step(after))
    changed = client.version == 0 or after.next != client.next
    return Outcome(after, (view.updated(after),) if changed else ())


def _settle(
    before: Client, after: Client, rules: Rules, *, at: datetime, check_in: UUID | None
) -> tuple[Client, list[Event]]:
    after = replace(after, level=view.level(after), next=next_step(after))
    if after.level == before.level:
        return after, []
    fired = dict.fromkeys(
        firing.rule for firing in view.in_force(after) if firing.level == after.level
    )
    moved = SafetyLevelChanged(
        client_id=after.id,
        level=after.level,
        previous=before.level,
        rules=tuple(fired),
        rules_version=rules.version,
        at=at,
        check_in_id=check_in,
        trainer_ids=_trainers(after),
    )
    return after, [moved]


def _trainers(client: Client) -> tuple[UUID, ...]:
    # Who to alert: the trainers of coming sessions, and of the last one.
    as_of = client.as_of
    if as_of is None:
        return ()
    coming = [
        b for b in client.bookings if b.end_at > as_of and b.status in {"confirmed", "frozen"}
    ]
    past = [b for b in client.bookings if b.end_at <= as_of]
    last = [max(past, key=lambda booking: (booking.end_at, booking.id))] if past else []
    return tuple(sorted({booking.trainer_id for booking in (*coming, *last)}))


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


def _hold_placed(client_id: UUID, hold: Hold) -> SafetyHoldPlaced:
    return SafetyHoldPlaced(
        client_id=client_id,
        hold_id=hold.id,
        kind=hold.kind,
        option=hold.option,
        rule=hold.rule,
        level=hold.level,
        at=hold.since,
    )


def _actions(firings: Iterable[Firing]) -> tuple[Action, ...]:
    distinct = {(firing.rule, firing.code): firing for firing in firings}.values()
    gravest_first = sorted(distinct, key=lambda firing: -LEVELS.index(firing.level))
    return tuple(firing.as_action() for firing in gravest_first)


def _latest(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
