"""What progress keeps of a client beside check-ins: intake, plan, flare, what was computed."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.progress.domain.firing import Firing
from shared.contracts.care import (
    Baseline,
    Health,
    RangeOfMotion,
    Wish,
)
from shared.contracts.conclusions import PlanItem
from shared.contracts.submissions import RedFlag
from shared.vocabulary.codes import Condition, Instrument


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Screening(_Kept):
    """The newest screening as judged: the gates it closed; `reasons` ask for a clearance."""

    id: UUID
    at: datetime
    outcome: Literal["clear", "needs-clearance", "postponed"]
    rules: tuple[str, ...]
    health: Health
    active: bool
    wish: Wish
    conditions: tuple[Condition, ...]
    red_flags: tuple[RedFlag, ...]
    enjoys: tuple[str, ...]
    valid_until: datetime
    reasons: tuple[str, ...] = ()


class Clearance(_Kept):
    """What a clinician was asked, and said. Limits are codes.

    `reasons` are those it was asked for; `renews`: an earlier one ran out, and `bound`: one before
    limited or refused, so that only a clinician ends it. Limits stay until a new decision.
    """

    id: UUID
    status: Literal["requested", "granted", "limited", "refused", "expired"]
    rules: tuple[str, ...]
    requested_at: datetime
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    max_effort: int | None = None
    avoid: tuple[str, ...] = ()
    valid_until: datetime | None = None
    reasons: tuple[str, ...] = ()
    renews: bool = False
    bound: bool = False


class Finding(_Kept):
    """A finding of posture (`about` a region) or mechanics (a movement), in codes."""

    about: str
    finding: str
    severity: int


class Assessment(_Kept):
    """What a trainer saw; complete when posture and mechanics both have findings."""

    id: UUID
    at: datetime
    by: UUID
    complete: bool
    posture: tuple[Finding, ...]
    mechanics: tuple[Finding, ...]
    rom: tuple[RangeOfMotion, ...]
    chair_stand: int | None
    baseline: Baseline


class Questionnaire(_Kept):
    """An instrument as answered and scored."""

    id: UUID
    instrument: Instrument
    version: str
    at: datetime
    answers: tuple[int, ...]
    score: float


class Goals(_Kept):
    """The ratings of a client's activities, in their order: first and newest.

    `activities` tells the same activities from others without naming them.
    """

    id: UUID
    at: datetime
    first: tuple[int, ...]
    newest: tuple[int, ...]
    activities: UUID | None = None


class Plan(_Kept):
    """A plan: options with their doses."""

    id: UUID
    status: Literal["drafted", "active", "closed"]
    drafted_at: datetime
    drafted_by: UUID
    items: tuple[PlanItem, ...]
    rules_version: str
    activated_at: datetime | None = None
    activated_by: UUID | None = None
    comments: int = 0


class Flare(_Kept):
    """A flare that runs, or the last one. `usual` is the pain before it, where known.

    `asked_at` is T1's follow-up; `held` says that T2 has placed its hold.
    """

    id: UUID
    by: Literal["client", "trend"]
    since: datetime
    resolved_at: datetime | None = None
    usual: float | None = None
    asked_at: datetime | None = None
    held: bool = False


class Standing(_Kept):
    """A rule that stays in force beyond one report: until an instant, or until something ends it.

    `version` is the place in the log where it began.
    """

    rule: str
    version: int
    since: datetime
    until: datetime | None = None
    firings: tuple[Firing, ...]


class Load(_Kept):
    """A session's load: effort (0-10) times minutes, by the client's day. `of` is the booking."""

    of: UUID
    at: datetime
    load: int


class Unlocked(_Kept):
    """A trainer unlocked an option at that place of the log."""

    option: str | None
    version: int


class Revised(_Kept):
    """A dose of the active plan that a rule changed; `report` is one of the session's reports."""

    report: UUID
    option: str
    variable: Literal["per_week", "sets", "repetitions", "minutes"]
    before: int
    after: int
    rule: str


class Weights(_Kept):
    """What counts for the client when options are ranked; the parts sum to one."""

    relief: float
    enjoyment: float
    done: float
    next_day: float


class Proposal(_Kept):
    """The newest set of options proposed, as swapped since, for that plan.

    `version` is the place in the log that it looked back from.
    """

    id: UUID
    at: datetime
    options: tuple[str, ...]
    seed: str
    model_version: str
    plan: UUID
    version: int


class Swapped(_Kept):
    """A trainer took another option than the one proposed."""

    at: datetime
    given_up: str
    taken: str


class Trend(_Kept):
    """Where a measure goes; low and high bound the change over the window.

    `answered` is the share of days, or of sessions, with a report; null where nobody counts.
    """

    measure: str
    verdict: Literal["too early", "unclear", "improving", "worsening"]
    meaningful: bool
    n: int
    low: float | None
    high: float | None
    answered: float | None = None


class Effect(_Kept):
    """What an option did to pain, by the session's end and by the next morning."""

    option: str
    after: Literal["session", "next-morning"]
    n: int
    mean: float
    low: float
    high: float


class Milestone(_Kept):
    """Something worth saying."""

    code: str
    kind: Literal["function", "confidence", "habit"]
    at: datetime


class Care(_Kept):
    """All of it. What is kept of a history is bounded where it is added."""

    screening: Screening | None = None
    clearance: Clearance | None = None
    gates_at: datetime | None = None
    assessments: tuple[Assessment, ...] = ()
    questionnaires: tuple[Questionnaire, ...] = ()
    goals: Goals | None = None
    plans: tuple[Plan, ...] = ()
    revised: tuple[Revised, ...] = ()
    flare: Flare | None = None
    weights: Weights | None = None
    proposal: Proposal | None = None
    swaps: tuple[Swapped, ...] = ()
    trends: tuple[Trend, ...] = ()
    effects: tuple[Effect, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    misses: int = 0
    invited_at: datetime | None = None
    missed: tuple[UUID, ...] = ()
    earlier_flares: tuple[Flare, ...] = ()
    standing: tuple[Standing, ...] = ()
    loads: tuple[Load, ...] = ()
    unlocked: tuple[Unlocked, ...] = ()
    reviewed_at: datetime | None = None

    @property
    def plan(self) -> Plan | None:
        """The active plan."""
        return next((plan for plan in self.plans if plan.status == "active"), None)

    @property
    def assessment(self) -> Assessment | None:
        """The newest complete assessment."""
        return next((one for one in reversed(self.assessments) if one.complete), None)
