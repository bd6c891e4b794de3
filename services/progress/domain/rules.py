"""The safety rules as data: `rules.toml`, typed."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from importlib import resources
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.progress.domain.figures import (
    DoseFigures,
    GateFigures,
    MaskFigures,
    MilestoneFigures,
    PlanFigures,
)
from services.progress.domain.firing import Firing
from shared.contracts.progress import HoldKind, Level, Told
from shared.contracts.submissions import CheckInKind, RedFlag, Score

Evaluator = Literal[
    "flags", "pain", "worst-pain", "effort", "next-morning", "still-worse", "no-answer",
    "rising-weeks", "load-step", "flare", "long-flare", "no-better", "little-done", "mood",
    "gate",
]  # fmt: skip
"""The function that looks at a rule's inputs."""

GateCode = Literal[
    "not-screened", "screening-outdated", "unwell", "clearance-open", "clearance-refused",
    "clearance-over", "not-assessed", "assessment-outdated",
]  # fmt: skip
"""What can be missing before a plan."""

LIMITS: dict[Evaluator, frozenset[str]] = {
    "still-worse": frozenset({"from_hours", "until_hours", "points", "times", "within_days"}),
    "no-answer": frozenset({"hours", "told_after"}),
    "rising-weeks": frozenset({"weeks", "points", "reports", "in_force_days"}),
    "load-step": frozenset({"times", "weeks", "minutes", "in_force_days"}),
    "flare": frozenset({"follow_up_hours"}),
    "long-flare": frozenset({"days", "pain", "hours", "gap_hours"}),
    "no-better": frozenset(
        {"weeks", "peg_percent", "psfs_points", "pgic_at_most", "in_force_days"}
    ),
    "little-done": frozenset(
        {"usual_at_most", "done_percent", "within_days", "plan_days", "in_force_days"}
    ),
    "mood": frozenset({"phq_2", "in_force_days"}),
}
"""The figures an evaluator needs beside the conditions; those not named here need none."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Usual(_Data):
    """How a client's usual pain is found."""

    kinds: frozenset[CheckInKind]
    window_days: int
    reports: int
    source: str
    design: bool

    @property
    def window(self) -> timedelta:
        """How far back reports count."""
        return timedelta(days=self.window_days)


class Invitations(_Data):
    """When a client is asked for a check-in that was not given."""

    after_session_minutes: int
    after_morning_hours: int
    source: str
    design: bool

    @property
    def after_session(self) -> timedelta:
        """From a session's end to the question how it was."""
        return timedelta(minutes=self.after_session_minutes)

    @property
    def after_morning(self) -> timedelta:
        """From the question in the morning to the reminder."""
        return timedelta(hours=self.after_morning_hours)


@dataclass(frozen=True)
class Seen:
    """What a condition is held against; None is unknown, and unknown never meets a threshold.

    `usual` is the usual pain, `base` what a rise is counted from; `stiffer` how much stiffer than
    before the session; `plan` and `limit` the effort planned and allowed at most.
    """

    kind: CheckInKind
    value: int
    usual: float | None = None
    base: float | None = None
    stiffer: int | None = None
    plan: int | None = None
    limit: int | None = None
    feverish: bool = False
    cleared: bool = False
    worse_earlier: bool = False


class When(_Data):
    """A condition: all its fields must hold. Values are points of the 0-10 scale.

    It may set another level than its rule's, or ask for some of the rule's actions only.
    """

    detail: str
    gate: GateCode | None = None
    level: Level | None = None
    asks: frozenset[str] | None = None
    kinds: frozenset[CheckInKind] | None = None
    any_of: frozenset[RedFlag] | None = None
    feverish: bool | None = None
    cleared: bool | None = None
    worse_earlier: bool | None = None
    stiffness_told: bool | None = None
    at_least: Score | None = None
    at_most: Score | None = None
    usual_at_least: Score | None = None
    usual_below: Score | None = None
    rise_at_least: Score | None = None
    rise_above: Score | None = None
    rise_at_most: Score | None = None
    stiffer_at_least: Score | None = None
    over_plan_at_least: Score | None = None
    over_limit_at_least: Score | None = None

    def holds(self, seen: Seen) -> bool:
        """Whether what was seen meets every field but `any_of`; an unknown usual counts as low."""
        rise = _above(seen.value, seen.base)
        return (
            (self.kinds is None or seen.kind in self.kinds)
            and self.feverish in {None, seen.feverish}
            and self.cleared in {None, seen.cleared}
            and self.worse_earlier in {None, seen.worse_earlier}
            and self.stiffness_told in {None, seen.stiffer is not None}
            and _least(self.at_least, seen.value)
            and _most(self.at_most, seen.value)
            and _least(self.usual_at_least, seen.usual)
            and (self.usual_below is None or seen.usual is None or seen.usual < self.usual_below)
            and _least(self.rise_at_least, rise)
            and (self.rise_above is None or (rise is not None and rise > self.rise_above))
            and _most(self.rise_at_most, rise)
            and _least(self.stiffer_at_least, seen.stiffer)
            and _least(self.over_plan_at_least, _above(seen.value, seen.plan))
            and _least(self.over_limit_at_least, _above(seen.value, seen.limit))
        )


class RuleAction(_Data):
    """What a rule asks for; some only once several exercises fired it."""

    code: str
    action: str
    from_exercises: int = 0


class Rule(_Data):
    """One rule of the table. `notify` is who has to hear of it; a clinician only with consent."""

    id: str
    level: Level
    evaluator: Evaluator
    kinds: frozenset[CheckInKind] = frozenset()
    rise_over: Literal["usual", "session", "pre"] | None = None
    unless: frozenset[str] = frozenset()
    hold: HoldKind | None = None
    notify: tuple[Told, ...]
    source: str
    design: bool
    limits: dict[str, int | float] = {}
    when: tuple[When, ...] = Field(min_length=1)
    actions: tuple[RuleAction, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _limits_are_those_of_the_evaluator(self) -> Self:
        if set(self.limits) != LIMITS.get(self.evaluator, frozenset()):
            raise ValueError(f"rule {self.id} has other limits than {self.evaluator} needs")
        return self

    def hours(self, name: str) -> timedelta:
        """A limit in hours."""
        return timedelta(hours=self.limits[name])

    def days(self, name: str) -> timedelta:
        """A limit in days."""
        return timedelta(days=self.limits[name])

    def weeks(self, name: str) -> timedelta:
        """A limit in weeks."""
        return timedelta(weeks=self.limits[name])

    def gate(self, code: GateCode) -> When:
        """The rule's condition about something missing.

        Raises:
            KeyError: the rule says nothing of it.
        """
        return {when.gate: when for when in self.when}[code]

    def fire(
        self, version: str, inputs: Mapping[str, object], *, when: int = 0, exercises: int = 0
    ) -> list[Firing]:
        """What the rule asks for where its condition of that number holds."""
        met = self.when[when]
        return [
            Firing(
                self.id,
                version,
                met.level or self.level,
                wanted.action,
                wanted.code,
                met.detail,
                dict(inputs),
            )
            for wanted in self.actions
            if exercises >= wanted.from_exercises and (met.asks is None or wanted.code in met.asks)
        ]


class Rules(_Data):
    """One version of the rule table, in the order the rules are looked at."""

    version: str
    usual: Usual
    invitations: Invitations
    gates: GateFigures
    mask: MaskFigures
    plan: PlanFigures
    dose: DoseFigures
    milestones: MilestoneFigures
    rules: tuple[Rule, ...]

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """Each rule by its id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def judged_flags(self) -> frozenset[RedFlag]:
        """The red flags that some rule answers, whatever else is known."""
        return frozenset(
            flag
            for rule in self.rules
            for when in rule.when
            if when.feverish is None
            for flag in when.any_of or ()
        )

    def told(self, rule: str) -> Sequence[Told]:
        """Who has to hear of a rule."""
        return self.by_id[rule].notify if rule in self.by_id else ()


def load() -> Rules:
    """The rules of this release.

    Raises:
        ValidationError: the file does not fit its schema.
    """
    text = resources.files(__package__).joinpath("rules.toml").read_text("utf-8")
    return Rules.model_validate(tomllib.loads(text))


def _above(value: int, base: float | None) -> float | None:
    return None if base is None else value - base


def _least(limit: int | None, value: float | None) -> bool:
    return limit is None or (value is not None and value >= limit)


def _most(limit: int | None, value: float | None) -> bool:
    return limit is None or (value is not None and value <= limit)
