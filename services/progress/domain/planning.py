"""Plans: drafted or written by a trainer, activated through the gates, one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.progress.domain.care import Plan
from services.progress.domain.drafting import Draft
from services.progress.domain.gates import closed
from services.progress.domain.mask import Mask
from services.progress.domain.model import Client
from services.progress.domain.outcome import Outcome, done, latest, next_entry, refused
from services.progress.domain.rules import Rules
from shared.contracts.care import (
    PlanActivationSubmitted,
    PlanCommentSubmitted,
    PlannedOption,
    PlanSubmitted,
)
from shared.contracts.conclusions import PlanActivated, PlanDrafted, PlanItem
from shared.instruments.table import Range
from shared.options.catalogue import Option, catalogue

KEPT = 5
"""Plans remembered: the active one, the one before, and drafts to choose from."""

MOST_ITEMS = 20
"""Twice what a draft holds; more is no plan for a week."""

PER_WEEK = Range(at_least=1, at_most=7)
SETS = Range(at_least=1, at_most=6)
REPETITIONS = Range(at_least=1, at_most=30)
MINUTES = Range(at_least=1, at_most=90)
"""What a trainer may plan for one option: days a week, sets, repetitions, minutes of one time."""


@dataclass(frozen=True)
class _No:
    """Why a plan cannot be; the rule where one stands against it."""

    rule: str | None
    reason: str


def plan(client: Client, submission: PlanSubmitted, rules: Rules) -> Outcome:
    """Draft a plan from what is known, or keep a trainer's. Refused with what is wrong with it."""
    at = submission.submitted_at
    if submission.items is None:
        items: tuple[PlanItem, ...] | _No = Draft(client, rules).items()
        if not items:
            items = _No(None, "Nothing in the catalogue may be given to this client now.")
    else:
        items = _written(client, submission.items, rules)
    if isinstance(items, _No):
        return refused(client, submission, rule=items.rule, reason=items.reason)
    drafted = Plan(
        id=submission.submission_id,
        status="drafted",
        drafted_at=at,
        drafted_by=submission.submitted_by,
        items=items,
        rules_version=rules.version,
    )
    told = PlanDrafted(
        client_id=client.id,
        plan_id=drafted.id,
        items=items,
        rules_version=rules.version,
        at=at,
    )
    after = _with(next_entry(client, at), _kept((*client.care.plans, drafted)))
    return done(client, after, submission, rules, [told])


def activate(client: Client, submission: PlanActivationSubmitted, rules: Rules) -> Outcome:
    """Begin a drafted plan when every gate is open; the former one closes."""
    at = submission.submitted_at
    wanted = next((one for one in client.care.plans if one.id == submission.plan_id), None)
    if wanted is None:
        return refused(client, submission, rule=None, reason="There is no such plan.")
    if wanted.status != "drafted":
        reason = f"The plan is {wanted.status}; draft a new one."
        return refused(client, submission, rule=None, reason=reason)
    if no := _against(client, wanted, latest(client.as_of, at), rules):
        return refused(client, submission, rule=no.rule, reason=no.reason)
    begun = wanted.model_copy(
        update={"status": "active", "activated_at": at, "activated_by": submission.submitted_by}
    )
    plans = tuple(
        begun
        if one.id == begun.id
        else one.model_copy(update={"status": "closed"})
        if one.status == "active"
        else one
        for one in client.care.plans
    )
    told = PlanActivated(
        client_id=client.id,
        plan_id=begun.id,
        items=begun.items,
        activated_by=submission.submitted_by,
        at=at,
    )
    after = _with(next_entry(client, at), plans, revised=())
    after = replace(after, reported_version=after.version)  # A set of options follows.
    return done(client, after, submission, rules, [told])


def comment(client: Client, submission: PlanCommentSubmitted, rules: Rules) -> Outcome:
    """Count a comment on a plan; what it says stays in the log."""
    if all(one.id != submission.plan_id for one in client.care.plans):
        return refused(client, submission, rule=None, reason="There is no such plan.")
    plans = tuple(
        one.model_copy(update={"comments": one.comments + 1})
        if one.id == submission.plan_id
        else one
        for one in client.care.plans
    )
    after = _with(next_entry(client, submission.submitted_at), plans)
    return done(client, after, submission, rules)


def _written(
    client: Client, given: Sequence[PlannedOption], rules: Rules
) -> tuple[PlanItem, ...] | _No:
    if not 1 <= len(given) <= MOST_ITEMS:
        return _No(None, f"A plan holds 1 to {MOST_ITEMS} options, not {len(given)}.")
    if len({one.option for one in given}) < len(given):
        return _No(None, "An option is there twice.")
    options, mask = catalogue().by_code(), Mask(client, rules)
    items = []
    for place, one in enumerate(given, start=1):
        option = options.get(one.option)
        if option is None:
            # What was written may be anything; it is not repeated.
            return _No(None, f"Option {place} is not in the catalogue.")
        if masked := mask.why_not(option):
            return _No(masked.rule, f"{option.code}: {masked.detail}")
        if wrong := _fault(one):
            return _No(None, f"{option.code}: {wrong}")
        items.append(_item(option, one))
    return tuple(items)


def _fault(one: PlannedOption) -> str | None:
    doses = {
        "per_week": (one.per_week, PER_WEEK),
        "sets": (one.sets, SETS),
        "repetitions": (one.repetitions, REPETITIONS),
        "minutes": (one.minutes, MINUTES),
    }
    for name, (amount, limits) in doses.items():
        if amount is not None and amount not in limits:
            return f"{name} has to be {limits}."
    if one.minutes is not None and one.repetitions is not None:
        return "count repetitions or minutes, not both."
    return None


def _item(option: Option, one: PlannedOption) -> PlanItem:
    # What the trainer leaves open is as the catalogue starts it.
    timed = one.minutes is not None
    counted = one.repetitions is not None or one.sets is not None
    return PlanItem(
        option=option.code,
        family=option.family,
        effort=option.effort,
        per_week=one.per_week,
        sets=None if timed else one.sets or option.dose.sets or (1 if counted else None),
        repetitions=None if timed else one.repetitions or option.dose.repetitions,
        minutes=one.minutes or (None if counted else option.dose.minutes),
    )


def _against(client: Client, wanted: Plan, at: datetime, rules: Rules) -> _No | None:
    """What stands before a plan: the first closed gate, a hold on sessions, a masked option."""
    if gates := closed(client.care, at, rules):
        return _No(gates[0].rule, gates[0].reason)
    for hold in client.holds:
        if hold.kind == "session":
            return _No(hold.rule, "Sessions wait until a trainer lifts the hold.")
    options, mask = catalogue().by_code(), Mask(client, rules)
    for item in wanted.items:
        option = options.get(item.option)
        if option is None:
            return _No(None, f"{item.option} is no longer in the catalogue.")
        if masked := mask.why_not(option):
            return _No(masked.rule, f"{item.option}: {masked.detail}")
    return None


def _kept(plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
    surplus = len(plans) - KEPT
    left: list[Plan] = []
    for one in plans:
        if surplus > 0 and one.status != "active" and one is not plans[-1]:
            surplus -= 1
        else:
            left.append(one)
    return tuple(left)


def _with(client: Client, plans: tuple[Plan, ...], **more: object) -> Client:
    return replace(client, care=client.care.model_copy(update={"plans": plans, **more}))
