"""What has to be there before a plan begins: rules G1 to G4, in the one place that decides.

A plan is activated, and a dose rises, only while no gate is closed. A plan that is active when a
screening or clearance ceases to count stays active but is held: rule G3 sets the level `hold`, so
nothing but calm is given and nothing rises, until the client is screened or a clinician has
decided. Sessions are not frozen by it: a trainer may still come, and nobody has to lift anything.
A fever or a pregnancy that no professional has looked at sets `hold` by rule G4, plan or not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.progress.domain.care import Care, Clearance, Screening, Standing
from services.progress.domain.rules import GateCode, Rules
from shared.clock import rfc3339

GATES = ("G1", "G2", "G3", "G4")

Task = Literal["screening", "clearance", "assessment"]
"""What opens a gate."""

TASKS: dict[GateCode, Task] = {
    "not-screened": "screening",
    "screening-outdated": "screening",
    "unwell": "screening",
    "clearance-open": "clearance",
    "clearance-refused": "clearance",
    "clearance-over": "clearance",
    "not-assessed": "assessment",
    "assessment-outdated": "assessment",
}

OPEN: GateCode = "clearance-open"
REFUSED: GateCode = "clearance-refused"
OVER: GateCode = "clearance-over"

HELD: frozenset[GateCode] = frozenset({"screening-outdated", OPEN, REFUSED, OVER})
"""Gates that hold an active plan when they close behind it."""

PREGNANT, EARLIER = frozenset({"pregnant"}), frozenset({"earlier-decision"})
"""Reasons for a clearance that have a rule of their own."""


@dataclass(frozen=True)
class Gate:
    """A rule that stands before a plan, why, and since when; None: since ever."""

    rule: str
    reason: str
    code: GateCode
    since: datetime | None = None

    @property
    def task(self) -> Task:
        """What opens it."""
        return TASKS[self.code]


def closed(care: Care, at: datetime, rules: Rules) -> tuple[Gate, ...]:
    """The gates that are closed at an instant, in the order in which to open them."""
    found = [*_screened(care.screening, at), *_cleared(care, at), *_assessed(care, at, rules)]
    return tuple(
        Gate(rule, rules.by_id[rule].gate(code).detail, code, since) for rule, code, since in found
    )


def stand(care: Care, at: datetime, version: int, rules: Rules) -> tuple[Care, list[Standing]]:
    """Care with the rules in force that closed gates ask for, and those that begin with it."""
    known = {one.rule: one for one in care.standing}
    wanted = {one.rule: one for one in _standing(care, at, version, rules)}
    begun = [one for rule, one in wanted.items() if rule not in known]
    for rule, one in wanted.items():
        former = known.get(rule)
        if former is not None:
            same = former.firings == one.firings
            wanted[rule] = former if same else one.model_copy(update={"since": former.since})
    others = [one for one in care.standing if one.rule not in GATES]
    standing = tuple(sorted([*others, *wanted.values()], key=lambda one: (one.since, one.rule)))
    if standing == care.standing:
        return care, []
    return care.model_copy(update={"standing": standing}), begun


def gates_change(care: Care, rules: Rules) -> list[datetime]:
    """The instants at which time alone closes a gate."""
    instants = [] if care.screening is None else [care.screening.valid_until]
    if care.assessment is not None:
        instants.append(care.assessment.at + timedelta(weeks=rules.plan.assessment_weeks))
    return instants


def needs_clearance(screening: Screening) -> bool:
    """Whether somebody has to look before a plan begins."""
    return screening.outcome == "needs-clearance" or bool(screening.reasons)


def asking(screening: Screening, *, again: bool = False) -> tuple[str, ...]:
    """The rules under which a clearance is asked for; `again`: an earlier one has run out."""
    others = set(screening.reasons) - PREGNANT
    known = "G3" if again or others == EARLIER else "G2"
    pregnant = PREGNANT.issubset(screening.reasons)
    return (*((known,) if others or not pregnant else ()), *(("G4",) if pregnant else ()))


def counts(clearance: Clearance, at: datetime) -> bool:
    """Whether a clinician has allowed exercise, and it has not run out."""
    allowed = clearance.status in {"granted", "limited"}
    return allowed and (clearance.valid_until is None or at < clearance.valid_until)


_Closed = tuple[str, GateCode, datetime | None]


def _screened(screening: Screening | None, at: datetime) -> list[_Closed]:
    if screening is None:
        return [("G2", "not-screened", None)]
    found: list[_Closed] = []
    if at >= screening.valid_until:
        found.append(("G3", "screening-outdated", screening.valid_until))
    if screening.outcome == "postponed":
        found.append(("G4", "unwell", screening.at))
    return found


def _cleared(care: Care, at: datetime) -> list[_Closed]:
    screening, clearance = care.screening, care.clearance
    if screening is None or not needs_clearance(screening):
        return []
    if clearance is None:
        code, again, since = OPEN, False, screening.at
    elif counts(clearance, at):
        return []
    elif clearance.status == "refused":
        code, again, since = REFUSED, False, clearance.decided_at or screening.at
    elif clearance.status == "requested" and not clearance.renews:
        code, again, since = OPEN, False, clearance.requested_at
    elif clearance.status == "requested":
        code, again, since = OVER, True, clearance.requested_at
    else:
        code, again, since = OVER, True, clearance.valid_until or clearance.requested_at
    return [(rule, code, since) for rule in asking(screening, again=again)]


def _assessed(care: Care, at: datetime, rules: Rules) -> list[_Closed]:
    if care.assessment is None:
        return [("G1", "not-assessed", None)]
    due = care.assessment.at + timedelta(weeks=rules.plan.assessment_weeks)
    return [("G1", "assessment-outdated", due)] if at >= due else []


def _standing(care: Care, at: datetime, version: int, rules: Rules) -> list[Standing]:
    standing = []
    gates = closed(care, at, rules)
    behind = [gate for gate in gates if gate.rule != "G4" and gate.code in HELD]
    for rule, first in (
        ("G3", next(iter(behind), None) if care.plan is not None else None),
        ("G4", next((gate for gate in gates if gate.rule == "G4"), None)),
    ):
        if first is None:
            continue
        found, since = rules.by_id[rule], first.since or at
        inputs: dict[str, object] = {"gate": first.code, "since": rfc3339(since)}
        when = found.when.index(found.gate(first.code))
        fired = tuple(found.fire(rules.version, inputs, when=when))
        standing.append(Standing(rule=rule, version=version, since=since, firings=fired))
    return standing
