"""What people reported beside check-ins, on `booking.submissions`: intake, plan, clearance."""

from datetime import date
from typing import Annotated, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import Field

from shared.contracts.event import FreeText, Part, Typed
from shared.contracts.submissions import RedFlag, Score, Submission
from shared.vocabulary import codes
from shared.vocabulary.codes import Condition, Instrument, Side

Wish = Literal["light", "moderate", "vigorous"]
Decision = Literal["granted", "limited", "refused"]
Severity = Annotated[int, Field(ge=0, le=3, strict=True)]
"""How far a finding is from what is usual: 0 none, 1 slight, 2 clear, 3 strong."""

RegionWord = Annotated[str, Typed(frozenset(get_args(codes.Region)))]
PostureWord = Annotated[str, Typed(frozenset(get_args(codes.PostureFinding)))]
MovementWord = Annotated[str, Typed(frozenset(get_args(codes.Movement)))]
MechanicsWord = Annotated[str, Typed(frozenset(get_args(codes.MovementFinding)))]
JointWord = Annotated[str, Typed(frozenset(get_args(codes.Joint)))]
MotionWord = Annotated[str, Typed(frozenset(get_args(codes.Motion)))]
"""A code of the vocabulary, or a trainer's own word for what it has no code for."""


class Health(Part):
    """Outcome of the official readiness form, and what postpones: true means yes."""

    heart_condition: bool
    chest_pain: bool
    dizziness: bool
    other_chronic: bool
    medication: bool
    joint_problem: bool
    supervised_only: bool
    pregnant: bool
    fever: bool


class Screening(Part):
    """Who somebody is before the first plan. `wish` is the effort they would like."""

    health: Health
    active: bool
    wish: Wish
    conditions: tuple[Condition, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    enjoys: tuple[str, ...] = ()
    medications: FreeText | None = None


class ScreeningSubmitted(Submission):
    """A client was screened."""

    type: ClassVar[str] = "screening.submitted.v1"

    screening: Screening


class PostureFinding(Part):
    """How a region is held."""

    region: RegionWord
    finding: PostureWord
    severity: Severity
    note: FreeText | None = None


class MovementFinding(Part):
    """How a movement is done."""

    movement: MovementWord
    finding: MechanicsWord
    severity: Severity
    note: FreeText | None = None


class RangeOfMotion(Part):
    """One joint measured: degrees, by own effort (`active`) or moved by the trainer."""

    joint: JointWord
    side: Side
    motion: MotionWord
    degrees: int
    active: bool


class Baseline(Part):
    """Pain at the assessment: now, and on average in the last week."""

    pain_now: Score
    pain_week: Score


class Assessment(Part):
    """What a trainer saw. Complete when posture and mechanics both have a finding."""

    posture: tuple[PostureFinding, ...] = ()
    mechanics: tuple[MovementFinding, ...] = ()
    rom: tuple[RangeOfMotion, ...] = ()
    chair_stand: int | None = None
    baseline: Baseline


class AssessmentSubmitted(Submission):
    """A trainer assessed a client."""

    type: ClassVar[str] = "assessment.submitted.v1"

    assessment: Assessment


class QuestionnaireSubmitted(Submission):
    """An instrument was answered: integers in the order of its items."""

    type: ClassVar[str] = "questionnaire.submitted.v1"

    instrument: Instrument
    version: str
    language: Literal["en", "fr"]
    answers: tuple[int, ...]


class Activity(Part):
    """Something that is hard and matters: 0 unable, 10 as before (PSFS).

    Of a sealed name `mark` says whether it is the same activity as before, and nothing else.
    """

    name: FreeText
    rating: Score
    mark: str | None = None

    @property
    def same_as(self) -> str:
        """What two names of one activity have in common: case and spaces do not count."""
        return self.mark or " ".join(self.name.casefold().split())


class GoalsSubmitted(Submission):
    """A client named the activities that matter."""

    type: ClassVar[str] = "goals.submitted.v1"

    activities: tuple[Activity, ...]


class PlannedOption(Part):
    """An option with its dose: times a week, and sets of repetitions, or minutes."""

    option: str
    per_week: int
    sets: int | None = None
    repetitions: int | None = None
    minutes: int | None = None


class PlanSubmitted(Submission):
    """A trainer wants a plan: theirs, or drafted when `items` is null. The plan's id is this id."""

    type: ClassVar[str] = "plan.submitted.v1"

    items: tuple[PlannedOption, ...] | None = None
    note: FreeText | None = None


class PlanActivationSubmitted(Submission):
    """A trainer wants a drafted plan to begin."""

    type: ClassVar[str] = "plan-activation.submitted.v1"

    plan_id: UUID


class PlanCommentSubmitted(Submission):
    """A clinician or trainer said something about a plan."""

    type: ClassVar[str] = "plan-comment.submitted.v1"

    plan_id: UUID
    text: FreeText


class ClearanceLimits(Part):
    """What a limited clearance allows: effort at most, and what to avoid (codes)."""

    max_effort: Score | None = None
    avoid: tuple[str, ...] = ()
    note: FreeText | None = None


class ClearanceDecisionSubmitted(Submission):
    """A clinician decided on a clearance."""

    type: ClassVar[str] = "clearance-decision.submitted.v1"

    clearance_id: UUID
    decision: Decision
    limits: ClearanceLimits | None = None
    valid_until: date | None = None
    note: FreeText | None = None


class WeightsSubmitted(Submission):
    """What counts for a client when options are ranked: parts of one, together one."""

    type: ClassVar[str] = "weights.submitted.v1"

    relief: float
    enjoyment: float
    done: float
    next_day: float


class SwapSubmitted(Submission):
    """A trainer took another option than the one proposed."""

    type: ClassVar[str] = "swap.submitted.v1"

    set_id: UUID
    given_up: str
    taken: str
    reason: FreeText
