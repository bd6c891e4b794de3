"""What progress concluded: facts on `progress.events` and the document on `progress.views`.

Pseudonymous: the client's id, codes and numbers; never a name or free text.
"""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event, Instant, Part
from shared.contracts.submissions import CheckInKind, RedFlag, Score, Why

Level = Literal["unknown", "go", "go-care", "modify", "stop", "hold", "emergency"]
HoldKind = Literal["session", "option", "joint"]
Told = Literal["client", "trainer", "lead", "clinician", "emergency-contact"]
"""Who has to hear of a rule; a clinician and a contact only with consent."""


class Action(Part):
    """What a rule asks for: the level it sets, a code to act on and a sentence that says why."""

    rule: str
    level: Level
    action: str
    code: str
    detail: str


class ProgressFact(Event):
    """What every fact of progress carries."""

    topic: ClassVar[str] = "progress.events"

    client_id: UUID

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)


class SubmissionAnswered(ProgressFact):
    """A report was worked through, or refused with the rule that stood against it."""

    type: ClassVar[str] = "submission.answered.v1"

    submission_id: UUID
    status: Literal["done", "rejected"]
    level: Level | None = None
    actions: tuple[Action, ...] = ()
    rule: str | None = None
    reason: str | None = None

    @property
    def subject(self) -> str:
        """The submission."""
        return str(self.submission_id)


class ExerciseRecorded(Part):
    """One exercise as recorded."""

    option: str
    done: bool
    worst_pain: Score | None = None
    enjoyment: Score | None = None


class CheckInRecorded(ProgressFact):
    """A check-in entered the client's history. Numbers and codes only, no note."""

    type: ClassVar[str] = "checkin.recorded.v1"

    check_in_id: UUID
    kind: CheckInKind
    at: Instant
    booking_id: UUID | None
    pain: Score
    stiffness: Score | None
    energy: Score | None
    mood: Score | None
    confidence: Score | None
    effort: Score | None
    enjoyment: Score | None
    worst_pain: Score | None
    exercises: tuple[ExerciseRecorded, ...]
    red_flags: tuple[RedFlag, ...]
    why: tuple[Why, ...]
    flare: bool


class SafetyLevelChanged(ProgressFact):
    """The client's safety level moved; says which rules moved it."""

    type: ClassVar[str] = "safety.level-changed.v1"

    level: Level
    previous: Level
    rules: tuple[str, ...]
    rules_version: str
    at: Instant
    check_in_id: UUID | None = None
    trainer_ids: tuple[UUID, ...] = ()


class SafetyHoldPlaced(ProgressFact):
    """Sessions (or an option, or a joint) wait until a person lifts the hold."""

    type: ClassVar[str] = "safety.hold-placed.v1"

    hold_id: UUID
    kind: HoldKind
    option: str | None = None
    rule: str
    level: Level
    at: Instant
    notify: tuple[Told, ...] = ()
    trainer_ids: tuple[UUID, ...] = ()


class SafetyHoldLifted(ProgressFact):
    """A person lifted the hold."""

    type: ClassVar[str] = "safety.hold-lifted.v1"

    hold_id: UUID
    lifted_by: UUID
    at: Instant


class RuleFired(ProgressFact):
    """A rule came into force for a time: a notice, a review, or no progress for now.

    The level `unknown` says nothing about today; `codes` are the actions'.
    """

    type: ClassVar[str] = "rule.fired.v1"

    rule: str
    rules_version: str
    level: Level
    codes: tuple[str, ...]
    notify: tuple[Told, ...]
    trainer_ids: tuple[UUID, ...] = ()
    at: Instant


class ViewUpdated(Event):
    """One document per client: what the page shows. The newest version replaces the older."""

    topic: ClassVar[str] = "progress.views"
    type: ClassVar[str] = "view.updated.v1"

    client_id: UUID
    version: int
    level: Level
    document: dict[str, Any] = Field(description="the progress view as the API answers it")

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)
