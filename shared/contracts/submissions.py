"""What people reported, on `booking.submissions`: private, read by progress alone."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event, FreeText, Instant, Part

Score = Annotated[
    int, Field(ge=0, le=10, strict=True, json_schema_extra={"x-unit": "points, 0 to 10"})
]
"""A numeric rating from 0 to 10 in whole steps."""

CheckInKind = Literal["pre", "post", "next-morning", "daily"]
RedFlag = Literal[
    "saddle-numbness", "bladder-bowel-change", "both-leg-weakness", "chest-pain", "fainting",
    "sudden-breathlessness", "trauma", "weight-loss", "cancer-history", "night-pain",
    "spreading-weakness", "fever-with-back-pain", "hot-swollen-joint", "giving-way", "locking",
    "new-numbness", "dizziness",
]  # fmt: skip
Why = Literal[
    "too-much", "too-long", "too-fast", "new-exercise", "poor-sleep", "stress", "long-sitting",
    "other-activity", "weather", "afraid", "no-idea",
]  # fmt: skip


class ExerciseReport(Part):
    """One exercise of a session: whether it was done, its worst pain and how it was enjoyed."""

    option: str
    done: bool
    worst_pain: Score | None = None
    enjoyment: Score | None = None


class CheckIn(Part):
    """What a client says about pain and the day, as given at the door."""

    kind: CheckInKind
    booking: UUID | None = None
    pain: Score
    stiffness: Score | None = None
    energy: Score | None = None
    mood: Score | None = None
    confidence: Score | None = None
    effort: Score | None = None
    enjoyment: Score | None = None
    worst_pain: Score | None = None
    exercises: tuple[ExerciseReport, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    why: tuple[Why, ...] = ()
    flare: bool = False
    note: FreeText | None = None
    at: Instant


class Submission(Event):
    """What every report carries: its id is the one the caller waits on."""

    topic: ClassVar[str] = "booking.submissions"

    submission_id: UUID
    client_id: UUID
    submitted_by: UUID
    submitted_at: Instant
    tz: str

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)

    @property
    def subject(self) -> str:
        """The submission."""
        return str(self.submission_id)


class CheckInSubmitted(Submission):
    """A client (or a trainer for them) checked in."""

    type: ClassVar[str] = "checkin.submitted.v1"

    check_in: CheckIn


class HoldLiftSubmitted(Submission):
    """A trainer, having spoken with the client, asks that a safety hold ends."""

    type: ClassVar[str] = "hold-lift.submitted.v1"

    hold_id: UUID
    reason: FreeText
