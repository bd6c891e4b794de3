"""What progress concluded beside safety, on `progress.events`: intake, plan, trends, milestones.

Pseudonymous like all facts of progress: ids, codes and numbers.
"""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.care import Decision
from shared.contracts.event import Count, Days, Instant, Minutes, Part, Points, Share
from shared.contracts.progress import ProgressFact
from shared.contracts.submissions import CheckInKind, Score
from shared.vocabulary.codes import Condition, Family, Instrument


class ScreeningRecorded(ProgressFact):
    """A screening was judged: the gates it closed, and until when it counts."""

    type: ClassVar[str] = "screening.recorded.v1"

    screening_id: UUID = Field(description="The screening.")
    outcome: Literal["clear", "needs-clearance", "postponed"] = Field(
        description="May begin; a clinician must say so first; or waits for a better day."
    )
    rules: tuple[str, ...] = Field(description="Codes of the gates it closed; empty when clear.")
    conditions: tuple[Condition, ...] = Field(description="What the client lives with.")
    valid_until: Instant = Field(description="When a new screening is due.")
    at: Instant = Field(description="When it was judged.")


class ClearanceRequested(ProgressFact):
    """A clinician has to say whether exercise is right; says which gates asked."""

    type: ClassVar[str] = "clearance.requested.v1"

    clearance_id: UUID = Field(description="The clearance.")
    rules: tuple[str, ...] = Field(description="Codes of the gates that ask for it.")
    at: Instant = Field(description="When it was asked for.")


class ClearanceDecided(ProgressFact):
    """A clinician decided. Limits are codes; what was written stays private."""

    type: ClassVar[str] = "clearance.decided.v1"

    clearance_id: UUID = Field(description="The clearance.")
    decision: Decision = Field(description="Granted, granted within limits, or refused.")
    max_effort: Score | None = Field(
        default=None, description="Effort at most, 0 to 10; null: no limit."
    )
    avoid: tuple[str, ...] = Field(
        default=(), description="Options, families and regions to avoid, as codes."
    )
    valid_until: Instant | None = Field(
        default=None, description="When it ends; null: with the screening."
    )
    at: Instant = Field(description="When it was decided.")


class ClearanceExpired(ProgressFact):
    """A clearance ran out, or a change of health ended it."""

    type: ClassVar[str] = "clearance.expired.v1"

    clearance_id: UUID = Field(description="The clearance.")
    at: Instant = Field(description="When it ended.")


class AssessmentRecorded(ProgressFact):
    """An assessment entered the history: how much was found, never in words."""

    type: ClassVar[str] = "assessment.recorded.v1"

    assessment_id: UUID = Field(description="The assessment.")
    complete: bool = Field(
        description="Posture and mechanics both have a finding; a plan needs that."
    )
    posture_findings: Count = Field(description="How many findings of posture.")
    mechanics_findings: Count = Field(description="How many findings of movement.")
    joints_measured: Count = Field(description="How many ranges of motion were measured.")
    chair_stand: Count | None = Field(
        default=None, description="Rises from a chair in 30 s; null: not tested."
    )
    at: Instant = Field(description="When it was assessed.")


class QuestionnaireRecorded(ProgressFact):
    """An instrument was scored."""

    type: ClassVar[str] = "questionnaire.recorded.v1"

    questionnaire_id: UUID = Field(description="The answered questionnaire.")
    instrument: Instrument = Field(description="Which questionnaire.")
    version: str = Field(description="Version of its items.")
    score: Points = Field(
        description="Its score on its own scale, as published for the instrument."
    )
    at: Instant = Field(description="When it was answered.")


class GoalsRecorded(ProgressFact):
    """A client set goals: how many, and their mean rating (PSFS)."""

    type: ClassVar[str] = "goals.recorded.v1"

    count: Count = Field(description="How many activities were named, 1 to 5.")
    mean: Points = Field(description="Mean rating: 0 unable, 10 as before (PSFS).")
    at: Instant = Field(description="When they were set.")


class PlanItem(Part):
    """An option of a plan with its dose; effort is the 0-10 the dose is meant to feel like."""

    option: str = Field(description="Id of the option (`GET /v1/options`).")
    family: Family = Field(description="The family of the option.")
    effort: Score = Field(description="How hard the dose is meant to feel, 0 to 10.")
    per_week: Count = Field(description="Times a week.")
    sets: Count | None = Field(default=None, description="Sets each time; null: not dosed in sets.")
    repetitions: Count | None = Field(
        default=None, description="Repetitions of a set; null: not dosed so."
    )
    minutes: Minutes | None = Field(
        default=None, description="Length each time; null: not dosed in time."
    )


class PlanDrafted(ProgressFact):
    """A plan waits for its trainer."""

    type: ClassVar[str] = "plan.drafted.v1"

    plan_id: UUID = Field(description="The plan.")
    items: tuple[PlanItem, ...] = Field(description="The options with their doses.")
    rules_version: str = Field(description="Version of the table of rules that drafted it.")
    at: Instant = Field(description="When it was drafted.")


class PlanActivated(ProgressFact):
    """A plan began."""

    type: ClassVar[str] = "plan.activated.v1"

    plan_id: UUID = Field(description="The plan; any plan before it has ended.")
    items: tuple[PlanItem, ...] = Field(description="The options with their doses as it began.")
    activated_by: UUID = Field(description="The trainer who began it.")
    at: Instant = Field(description="When it began.")


class PlanRevised(ProgressFact):
    """The dose of an active plan changed by a rule, one variable of one option at a time."""

    type: ClassVar[str] = "plan.revised.v1"

    plan_id: UUID = Field(description="The plan.")
    option: str = Field(description="Id of the option whose dose moved.")
    variable: Literal["per_week", "sets", "repetitions", "minutes"] = Field(
        description="What of the dose moved."
    )
    before: Count = Field(description="The value until now, in the unit of `variable`.")
    after: Count = Field(description="The value from now on, in the unit of `variable`.")
    rule: str = Field(description="Code of the rule that moved it.")
    at: Instant = Field(description="When it moved.")


class CheckInInvited(ProgressFact):
    """A check-in about a session is asked for; `until` it is waited for."""

    type: ClassVar[str] = "checkin.invited.v1"

    booking_id: UUID = Field(description="The session asked about.")
    kind: CheckInKind = Field(description="Which report is asked for.")
    reminder: bool = Field(default=False, description="Asked before, and not answered.")
    until: Instant = Field(description="Until when the report is waited for.")
    at: Instant = Field(description="When it was asked for.")


class CheckInMissed(ProgressFact):
    """A check-in about a session did not come in time; `misses` counts those in a row."""

    type: ClassVar[str] = "checkin.missed.v1"

    booking_id: UUID = Field(description="The session asked about.")
    kind: CheckInKind = Field(description="Which report did not come.")
    misses: Count = Field(description="How many in a row did not come, this one included.")
    trainer_ids: tuple[UUID, ...] = Field(
        default=(), description="Trainers the client has to do with."
    )
    at: Instant = Field(description="When it was too late.")


class FlareSuspected(ProgressFact):
    """A flare began, by the client's word or by the numbers."""

    type: ClassVar[str] = "flare.suspected.v1"

    flare_id: UUID = Field(description="The flare.")
    by: Literal["client", "trend"] = Field(description="The client said so, or the numbers do.")
    at: Instant = Field(description="When it began, as far as is known.")
    trainer_ids: tuple[UUID, ...] = Field(
        default=(), description="Trainers the client has to do with."
    )


class FlareResolved(ProgressFact):
    """A flare is over."""

    type: ClassVar[str] = "flare.resolved.v1"

    flare_id: UUID = Field(description="The flare.")
    days: Days = Field(description="How long it lasted.")
    at: Instant = Field(description="When it was over.")


class TrendComputed(ProgressFact):
    """Where a measure goes, as an honest word with its 95 % interval over the window.

    `answered` is the share of days, or of sessions, with a report.
    """

    type: ClassVar[str] = "trend.computed.v1"

    measure: str = Field(
        description=(
            "What is followed: `pain`, `pain-after`, `pain-next-morning`, `stiffness`, `energy`,"
            " `mood`, `confidence`, `enjoyment`, `interference` (PEG), `function` (PSFS)."
        )
    )
    verdict: Literal["too early", "unclear", "improving", "worsening"] = Field(
        description="Where it goes, from the client's side: improving is less pain, or more energy."
    )
    meaningful: bool = Field(description="The change is as large as what people call a change.")
    n: Count = Field(description="Days with a report that the trend rests on.")
    low: Points | None = Field(
        default=None,
        description="Lower end of the 95 % interval of the change over 12 weeks; null: too early.",
    )
    high: Points | None = Field(
        default=None,
        description="Upper end of the 95 % interval of the change over 12 weeks; null: too early.",
    )
    answered: Share | None = Field(
        default=None,
        description="Share of days, or of sessions, with a report; null: not asked for regularly.",
    )
    at: Instant = Field(description="When it was computed.")


class EffectComputed(ProgressFact):
    """What an option does to this client's pain: mean change with its 95 % interval."""

    type: ClassVar[str] = "effect.computed.v1"

    option: str = Field(description="Id of the option (`GET /v1/options`).")
    after: Literal["session", "next-morning"] = Field(
        description="Compared with before the session: right after it, or the next morning."
    )
    n: Count = Field(description="Sessions with the option that have both reports.")
    mean: Points = Field(description="Mean change of pain; below zero is relief.")
    low: Points = Field(description="Lower end of its 95 % interval.")
    high: Points = Field(description="Upper end of its 95 % interval.")
    at: Instant = Field(description="When it was computed.")


class RecommendationProposed(ProgressFact):
    """A set of options, with the chance each option had and why others were left out."""

    type: ClassVar[str] = "recommendation.proposed.v1"

    set_id: UUID = Field(description="The proposal.")
    set: tuple[str, ...] = Field(description="Ids of the options proposed.")
    propensities: dict[str, float] = Field(
        description="For each option that could be chosen, the chance that it would be: 0 to 1."
    )
    seed: str = Field(description="With the log it gives the same proposal again.")
    model_version: str = Field(
        description="Changes when the same seed and log may give another proposal."
    )
    masked: dict[str, str] = Field(
        description="Options left out, each with `rule:code` of what left it out."
    )
    at: Instant = Field(description="When it was proposed.")


class RecommendationOverridden(ProgressFact):
    """A trainer took another option than the one proposed."""

    type: ClassVar[str] = "recommendation.overridden.v1"

    set_id: UUID = Field(description="The proposal.")
    given_up: str = Field(description="Id of the option the trainer left out.")
    taken: str = Field(description="Id of the option the trainer took.")
    at: Instant = Field(description="When it was swapped.")


class MilestoneReached(ProgressFact):
    """Something worth saying: function, confidence or habit, never pushing through pain."""

    type: ClassVar[str] = "milestone.reached.v1"

    code: str = Field(
        description="What was reached, such as `first-session` or `steady-weeks`; told once each."
    )
    kind: Literal["function", "confidence", "habit"] = Field(description="What it is about.")
    at: Instant = Field(description="When it was reached.")


class SupportSuggested(ProgressFact):
    """Somebody should speak with the client about how they feel (rule M1)."""

    type: ClassVar[str] = "support.suggested.v1"

    rule: str = Field(description="Code of the rule.")
    at: Instant = Field(description="When it was suggested.")
