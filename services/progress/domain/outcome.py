"""What a decision leaves behind: the client after it, events, and what is new to store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from services.progress.domain import gates, view
from services.progress.domain.firing import LEVELS, Firing, highest
from services.progress.domain.model import Client, Hold, Report
from services.progress.domain.next_step import next_step
from services.progress.domain.rules import Rule, Rules
from shared.contracts.event import Event
from shared.contracts.progress import (
    Action,
    RuleFired,
    SafetyHoldPlaced,
    SafetyLevelChanged,
    SubmissionAnswered,
)
from shared.contracts.submissions import Submission


@dataclass(frozen=True)
class Outcome:
    """The client after an entry of the log, what is told of it, and what is new to store.

    `told` holds the view unmade; `lifted` are the ids of holds that end.
    """

    client: Client
    told: tuple[Event | view.Shown, ...]
    report: Report | None = None
    placed: tuple[Hold, ...] = ()
    lifted: tuple[UUID, ...] = ()

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events that follow, with the view."""
        return tuple(one.event() if isinstance(one, view.Shown) else one for one in self.told)

    @property
    def facts(self) -> tuple[Event, ...]:
        """The events that follow, without a view that is still to be made."""
        return tuple(one for one in self.told if not isinstance(one, view.Shown))

    @property
    def shows(self) -> bool:
        """Whether a view is to be made."""
        return any(isinstance(one, view.Shown) for one in self.told)


@dataclass(frozen=True)
class Step:
    """A part of a decision: the client after it, what it tells, and holds still to be added."""

    client: Client
    events: tuple[Event, ...] = ()
    placed: tuple[Hold, ...] = ()


def settle(
    before: Client, after: Client, rules: Rules, *, at: datetime, check_in: UUID | None
) -> tuple[Client, list[Event]]:
    """The client with gates, level and next step as they are now, and what is told of it."""
    care, begun = gates.stand(after.care, after.as_of or at, after.version, rules)
    if care is not after.care:
        after = replace(after, care=care)
    after = replace(after, level=view.level(after), next=next_step(after, rules))
    told: list[Event] = [
        rule_fired(after, rules.by_id[one.rule], one.firings, rules.version, at=at) for one in begun
    ]
    if after.level == before.level:
        return after, told
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
        trainer_ids=trainers(after),
    )
    return after, [*told, moved]


def rule_fired(
    client: Client, rule: Rule, firings: Sequence[Firing], version: str, *, at: datetime
) -> RuleFired:
    """The event that says to people that a rule came into force."""
    return RuleFired(
        client_id=client.id,
        rule=rule.id,
        rules_version=version,
        level=firings[0].level,
        codes=tuple(firing.code for firing in firings),
        notify=rule.notify,
        trainer_ids=trainers(client) if "trainer" in rule.notify else (),
        at=at,
    )


def trainers(client: Client) -> tuple[UUID, ...]:
    """Who to alert: the trainers of coming sessions, and of the last one."""
    as_of = client.as_of
    if as_of is None:
        return ()
    coming = [
        b for b in client.bookings if b.end_at > as_of and b.status in {"confirmed", "frozen"}
    ]
    past = [b for b in client.bookings if b.end_at <= as_of]
    last = [max(past, key=lambda booking: (booking.end_at, booking.id))] if past else []
    return tuple(sorted({booking.trainer_id for booking in (*coming, *last)}))


def next_entry(client: Client, at: datetime) -> Client:
    """The client with one more entry in the log."""
    return replace(client, version=client.version + 1, as_of=latest(client.as_of, at))


def done(
    before: Client,
    after: Client,
    submission: Submission,
    rules: Rules,
    events: Sequence[Event] = (),
    *,
    placed: Sequence[Hold] = (),
    said: Sequence[Firing] = (),
) -> Outcome:
    """A submission that was followed: its events, then level, view and answer.

    `after` is `before` with what changed; holds in `placed` are added here. The answer tells what
    the submission itself `said`.
    """
    at = submission.submitted_at
    after = with_holds(after, placed)
    after, moved = settle(before, after, rules, at=at, check_in=None)
    answered = SubmissionAnswered(
        client_id=after.id,
        submission_id=submission.submission_id,
        status="done",
        level=highest(after.level, *(firing.level for firing in said)),
        actions=asked_for(said),
    )
    told = (*events, *(hold_placed(after, hold, rules) for hold in placed), *moved)
    return Outcome(after, (*told, view.Shown(after, rules), answered), placed=tuple(placed))


def refused(before: Client, submission: Submission, *, rule: str | None, reason: str) -> Outcome:
    """A submission that a rule stands against: nothing changes but the log."""
    answered = SubmissionAnswered(
        client_id=before.id,
        submission_id=submission.submission_id,
        status="rejected",
        level=before.level,
        rule=rule,
        reason=reason,
    )
    return Outcome(next_entry(before, submission.submitted_at), (answered,))


def with_holds(client: Client, placed: Sequence[Hold]) -> Client:
    """The client with these holds standing as well."""
    if not placed:
        return client
    holds = sorted((*client.holds, *placed), key=lambda hold: (hold.since, hold.id))
    return replace(client, holds=tuple(holds))


def hold_placed(client: Client, hold: Hold, rules: Rules) -> SafetyHoldPlaced:
    """The event of a new hold, and who has to hear of it."""
    notify = rules.told(hold.rule)
    return SafetyHoldPlaced(
        client_id=client.id,
        hold_id=hold.id,
        kind=hold.kind,
        option=hold.option,
        rule=hold.rule,
        level=hold.level,
        at=hold.since,
        notify=tuple(notify),
        trainer_ids=trainers(client) if "trainer" in notify else (),
    )


def asked_for(firings: Iterable[Firing]) -> tuple[Action, ...]:
    """What rules ask for, each thing once, gravest first."""
    distinct = {(firing.rule, firing.code): firing for firing in firings}.values()
    gravest_first = sorted(distinct, key=lambda firing: -LEVELS.index(firing.level))
    return tuple(firing.as_action() for firing in gravest_first)


def latest(known: datetime | None, at: datetime) -> datetime:
    """The later of two instants; time never runs back."""
    return at if known is None else max(known, at)
