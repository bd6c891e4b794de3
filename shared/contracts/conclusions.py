"""What progress concluded beside safety, on `progress.events`: intake, plan, trends, milestones.

Pseudonymous like all facts of progress: ids, codes and numbers.
"""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.care import Decision
from shared.contracts.event import Instant, Part
from shared.contracts.progress import ProgressFact
from shared.contracts.submissions import CheckInKind, Score
from shared.vocabulary.codes import Condition, Family, Instrument


class ScreeningRecorded(ProgressFact):
    """A screening was judged: the gates it closed, and until when it counts."""

    type: ClassVar[str] = "screening.recorded.v1"

    screening_id: UUID
    outcome: Literal["clear", "needs-clearance", "postponed"]
    rules: tuple[str, ...]
    conditions: tuple[Condition, ...]
    valid_until: Instant
    at: Instant


class ClearanceRequested(ProgressFact):
    """A clinician has to say whether exercise is right; says which gates asked."""

    type: ClassVar[str] = "clearance.requested.v1"

    clearance_id: UUID
    rules: tuple[str, ...]
    at: Instant


class ClearanceDecided(ProgressFact):
    """A clinician decided. Limits are codes; what was written stays private."""

    type: ClassVar[str] = "clearance.decided.v1"

    clearance_id: UUID
    decision: Decision
    max_effort: Score | None = None
    avoid: tuple[str, ...] = ()
    valid_until: Instant | None = None
    at: Instant


class ClearanceExpired(ProgressFact):
    """A clearance ran out, or a change of health ended it."""

    type: ClassVar[str] = "clearance.expired.v1"

    clearance_id: UUID
    at: Instant


class AssessmentRecorded(ProgressFact):
    """An assessment entered the history: how much was found, never in words."""

    type: ClassVar[str] = "assessment.recorded.v1"

    assessment_id: UUID
    complete: bool
    posture_findings: int
    mechanics_findings: int
    joints_measured: int
    chair_stand: int | None = None
    at: Instant


class QuestionnaireRecorded(ProgressFact):
    """An instrument was scored."""

    type: ClassVar[str] = "questionnaire.recorded.v1"

    questionnaire_id: UUID
    instrument: Instrument
    version: str
    score: float
    at: Instant


class GoalsRecorded(ProgressFact):
    """A client set goals: how many, and their mean rating (PSFS)."""

    type: ClassVar[str] = "goals.recorded.v1"

    count: int
    mean: float
    at: Instant


class PlanItem(Part):
    """An option of a plan with its dose; effort is the 0-10 the dose is meant to feel like."""

    option: str
    family: Family
    effort: Score
    per_week: int
    sets: int | None = None
    repetitions: int | None = None
    minutes: int | None = None


class PlanDrafted(ProgressFact):
    """A plan waits for its trainer."""

    type: ClassVar[str] = "plan.drafted.v1"

    plan_id: UUID
    items: tuple[PlanItem, ...]
    rules_version: str
    at: Instant


class PlanActivated(ProgressFact):
    """A plan began."""

    type: ClassVar[str] = "plan.activated.v1"

    plan_id: UUID
    items: tuple[PlanItem, ...]
    activated_by: UUID
    at: Instant


class PlanRevised(ProgressFact):
    """The dose of an active plan changed by a rule, one variable of one option at a time."""

    type: ClassVar[str] = "plan.revised.v1"

    plan_id: UUID
    option: str
    variable: Literal["per_week", "sets", "repetitions", "minutes"]
    before: int
    after: int
    rule: str
    at: Instant


class CheckInInvited(ProgressFact):
    """A check-in about a session is asked for; `until` it is waited for."""

    type: ClassVar[str] = "checkin.invited.v1"

    booking_id: UUID
    kind: CheckInKind
    reminder: bool = False
    until: Instant
    at: Instant


class CheckInMissed(ProgressFact):
    """A check-in about a session did not come in time; `misses` counts those in a row."""

    type: ClassVar[str] = "checkin.missed.v1"

    booking_id: UUID
    kind: CheckInKind
    misses: int
    trainer_ids: tuple[UUID, ...] = ()
    at: Instant


class FlareSuspected(ProgressFact):
    """A flare began, by the client's word or by the numbers."""

    type: ClassVar[str] = "flare.suspected.v1"

    flare_id: UUID
    by: Literal["client", "trend"]
    at: Instant
    trainer_ids: tuple[UUID, ...] = ()


class FlareResolved(ProgressFact):
    """A flare is over."""

    type: ClassVar[str] = "flare.resolved.v1"

    flare_id: UUID
    days: int
    at: Instant


class TrendComputed(ProgressFact):
    """Where a measure goes, as an honest word with its 95 % interval over the window.

    `answered` is the share of days, or of sessions, with a report.
    """

    type: ClassVar[str] = "trend.computed.v1"

    measure: str
    verdict: Literal["too early", "unclear", "improving", "worsening"]
    meaningful: bool
    n: int
    low: float | None = None
    high: float | None = None
    answered: float | None = None
    at: Instant


class EffectComputed(ProgressFact):
    """What an option does to this client's pain: mean change with its 95 % interval."""

    type: ClassVar[str] = "effect.computed.v1"

    option: str
    after: Literal["session", "next-morning"]
    n: int
    mean: float
    low: float
    high: float
    at: Instant


class RecommendationProposed(ProgressFact):
    """A set of options, with the chance each option had and why others were left out."""

    type: ClassVar[str] = "recommendation.proposed.v1"

    set_id: UUID
    set: tuple[str, ...]
    propensities: dict[str, float]
    seed: str
    model_version: str
    masked: dict[str, str]
    at: Instant


class RecommendationOverridden(ProgressFact):
    """A trainer took another option than the one proposed."""

    type: ClassVar[str] = "recommendation.overridden.v1"

    set_id: UUID
    given_up: str
    taken: str
    at: Instant


class MilestoneReached(ProgressFact):
    """Something worth saying: function, confidence or habit, never pushing through pain."""

    type: ClassVar[str] = "milestone.reached.v1"

    code: str
    kind: Literal["function", "confidence", "habit"]
    at: Instant


class SupportSuggested(ProgressFact):
    """Somebody should speak with the client about how they feel (rule M1)."""

    type: ClassVar[str] = "support.suggested.v1"

    rule: str
    at: Instant
