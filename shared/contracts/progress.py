"""What progress concluded: facts on `progress.events` and the document on `progress.views`.

Pseudonymous: the client's id, codes and numbers; never a name or free text.
"""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Count, Event, Instant, Part
from shared.contracts.submissions import CheckInKind, RedFlag, Score, Why

Level = Literal["unknown", "go", "go-care", "modify", "stop", "hold", "emergency"]
HoldKind = Literal["session", "option", "joint"]
Told = Literal["client", "trainer", "lead", "clinician", "emergency-contact"]
"""Who has to hear of a rule; a clinician and a contact only with consent."""


class Action(Part):
    """What a rule asks for: the level it sets, a code to act on and a sentence that says why."""

    rule: str = Field(description="Code of the rule, such as `P2`.")
    level: Level = Field(description="The level the rule asks for.")
    action: str = Field(description="What to do, as an English sentence; shown to people.")
    code: str = Field(description="What to do, as a code, such as `reduce-dose`.")
    detail: str = Field(description="Why, as an English sentence that quotes no person.")


class ProgressFact(Event):
    """What every fact of progress carries."""

    topic: ClassVar[str] = "progress.events"

    client_id: UUID = Field(description="The client.")

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)


class SubmissionAnswered(ProgressFact):
    """A report was worked through, or refused with the rule that stood against it."""

    type: ClassVar[str] = "submission.answered.v1"

    submission_id: UUID = Field(description="The report that is answered.")
    status: Literal["done", "rejected"] = Field(description="Worked through, or refused by a rule.")
    level: Level | None = Field(
        default=None,
        description="The client's level after the report; null where a report has no say in it.",
    )
    actions: tuple[Action, ...] = Field(
        default=(), description="What the rules ask for because of this report, gravest first."
    )
    rule: str | None = Field(
        default=None, description="The rule that refused it; null when it is done."
    )
    reason: str | None = Field(
        default=None, description="Why it was refused, a sentence of ours; null when it is done."
    )

    @property
    def subject(self) -> str:
        """The submission."""
        return str(self.submission_id)


class ExerciseRecorded(Part):
    """One exercise as recorded."""

    option: str = Field(description="Id of the option (`GET /v1/options`).")
    done: bool = Field(description="Whether the client did it.")
    worst_pain: Score | None = Field(
        default=None,
        description="Worst pain while doing it: 0 none, 10 worst imaginable; null: not said.",
    )
    enjoyment: Score | None = Field(
        default=None, description="0 not at all, 10 very much; null: not said."
    )


class CheckInRecorded(ProgressFact):
    """A check-in entered the client's history. Numbers and codes only, no note."""

    type: ClassVar[str] = "checkin.recorded.v1"

    check_in_id: UUID = Field(description="The check-in.")
    kind: CheckInKind = Field(
        description="Before a session, after it, the next morning, or a day without one."
    )
    at: Instant = Field(
        description="The moment the report speaks of; up to 48 h before it was sent."
    )
    booking_id: UUID | None = Field(
        description="The session it is about; null for a day without one."
    )
    pain: Score = Field(description="Pain now: 0 none, 10 worst imaginable.")
    stiffness: Score | None = Field(description="0 none, 10 worst; null: not said.")
    energy: Score | None = Field(description="0 none, 10 full; null: not said.")
    mood: Score | None = Field(description="0 very low, 10 very good; null: not said.")
    confidence: Score | None = Field(
        description="Trust in moving: 0 none, 10 full; null: not said."
    )
    effort: Score | None = Field(
        description="How hard the session felt: 0 rest, 10 the most; null: not said."
    )
    enjoyment: Score | None = Field(
        description="How the session was liked: 0 not at all, 10 very much; null: not said."
    )
    worst_pain: Score | None = Field(
        description="Worst pain during the session: 0 none, 10 worst imaginable; null: not said."
    )
    exercises: tuple[ExerciseRecorded, ...] = Field(
        description="What was done of the session, one by one; empty: not said."
    )
    red_flags: tuple[RedFlag, ...] = Field(description="Warning signs the client ticked.")
    why: tuple[Why, ...] = Field(description="What the client thinks made it hurt.")
    flare: bool = Field(description="The client says that this is a flare.")


class SafetyLevelChanged(ProgressFact):
    """The client's safety level moved; says which rules moved it."""

    type: ClassVar[str] = "safety.level-changed.v1"

    level: Level = Field(
        description="The level from now on; of the six the mildest is go, the gravest emergency."
    )
    previous: Level = Field(description="The level until now.")
    rules: tuple[str, ...] = Field(description="Codes of the rules in force now.")
    rules_version: str = Field(description="Version of the table of rules that judged.")
    at: Instant = Field(description="When it was judged.")
    check_in_id: UUID | None = Field(
        default=None, description="The check-in that moved it; null: time or another report did."
    )
    trainer_ids: tuple[UUID, ...] = Field(
        default=(), description="Trainers the client has to do with."
    )


class SafetyHoldPlaced(ProgressFact):
    """Sessions (or an option, or a joint) wait until a person lifts the hold."""

    type: ClassVar[str] = "safety.hold-placed.v1"

    hold_id: UUID = Field(description="The hold.")
    kind: HoldKind = Field(description="What waits: sessions, one option, or what strains a joint.")
    option: str | None = Field(
        default=None, description="The option that is locked; null for other kinds."
    )
    rule: str = Field(description="Code of the rule that placed it.")
    level: Level = Field(description="The level that goes with it.")
    at: Instant = Field(description="When it was placed.")
    notify: tuple[Told, ...] = Field(
        default=(),
        description="Who has to hear of it; a clinician and a contact only with consent.",
    )
    trainer_ids: tuple[UUID, ...] = Field(
        default=(), description="Trainers the client has to do with."
    )


class SafetyHoldLifted(ProgressFact):
    """A person lifted the hold."""

    type: ClassVar[str] = "safety.hold-lifted.v1"

    hold_id: UUID = Field(description="The hold that ended.")
    lifted_by: UUID = Field(description="The person who lifted it; holds never end by themselves.")
    at: Instant = Field(description="When it was lifted.")


class RuleFired(ProgressFact):
    """A rule came into force for a time: a notice, a review, or no progress for now.

    The level `unknown` says nothing about today; `codes` are the actions'.
    """

    type: ClassVar[str] = "rule.fired.v1"

    rule: str = Field(description="Code of the rule.")
    rules_version: str = Field(description="Version of the table of rules that judged.")
    level: Level = Field(description="The level it asks for; `unknown`: nothing about today.")
    codes: tuple[str, ...] = Field(description="What to do, as codes.")
    notify: tuple[Told, ...] = Field(
        description="Who has to hear of it; a clinician and a contact only with consent."
    )
    trainer_ids: tuple[UUID, ...] = Field(
        default=(), description="Trainers the client has to do with."
    )
    at: Instant = Field(description="When it came into force.")


class ViewUpdated(Event):
    """One document per client: what the page shows. The newest version replaces the older."""

    topic: ClassVar[str] = "progress.views"
    type: ClassVar[str] = "view.updated.v1"

    client_id: UUID = Field(description="The client.")
    version: Count = Field(
        description="Rises with each change of the document; the newest replaces the older."
    )
    level: Level = Field(description="The client's level as the document shows it.")
    document: dict[str, Any] = Field(description="The view of `GET /v1/clients/{id}/progress`.")

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)
