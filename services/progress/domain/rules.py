"""The safety rules as data: `rules.toml`, typed."""

import tomllib
from datetime import timedelta
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.progress.domain.figures import (
    DoseFigures,
    MaskFigures,
    MilestoneFigures,
    PlanFigures,
)
from shared.contracts.progress import HoldKind, Level
from shared.contracts.submissions import CheckInKind, RedFlag, Score


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


class When(_Data):
    """A condition: all its fields must hold. Values are points of the 0-10 scale."""

    detail: str
    any_of: frozenset[RedFlag] | None = None
    at_least: Score | None = None
    at_most: Score | None = None
    usual_at_least: Score | None = None
    usual_below: Score | None = None
    rise_at_least: Score | None = None
    rise_above: Score | None = None
    rise_at_most: Score | None = None

    def holds(self, value: int, usual: float | None, base: float | None) -> bool:
        """Whether a reported value meets every threshold; what is unknown is no high value."""
        rise = None if base is None else value - base
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (
                self.usual_at_least is None or (usual is not None and usual >= self.usual_at_least)
            )
            and (self.usual_below is None or usual is None or usual < self.usual_below)
            and (self.rise_at_least is None or (rise is not None and rise >= self.rise_at_least))
            and (self.rise_above is None or (rise is not None and rise > self.rise_above))
            and (self.rise_at_most is None or (rise is not None and rise <= self.rise_at_most))
        )


class RuleAction(_Data):
    """What a rule asks for; some only once several exercises fired it."""

    code: str
    action: str
    from_exercises: int = 0


class Rule(_Data):
    """One rule of the table."""

    id: str
    level: Level
    kinds: frozenset[CheckInKind]
    input: Literal["red_flags", "pain", "worst_pain"]
    rise_over: Literal["usual", "session"] | None = None
    unless: frozenset[str] = frozenset()
    hold: HoldKind | None = None
    source: str
    design: bool
    when: tuple[When, ...] = Field(min_length=1)
    actions: tuple[RuleAction, ...] = Field(min_length=1)


class Rules(_Data):
    """One version of the rule table, in the order the rules are looked at."""

    version: str
    usual: Usual
    mask: MaskFigures
    plan: PlanFigures
    dose: DoseFigures
    milestones: MilestoneFigures
    rules: tuple[Rule, ...]

    @property
    def judged_flags(self) -> frozenset[RedFlag]:
        """The red flags that some rule answers."""
        return frozenset(
            flag for rule in self.rules for when in rule.when for flag in when.any_of or ()
        )


def load() -> Rules:
    """The rules of this release.

    Raises:
        ValidationError: the file does not fit its schema.
    """
    text = resources.files(__package__).joinpath("rules.toml").read_text("utf-8")
    return Rules.model_validate(tomllib.loads(text))
