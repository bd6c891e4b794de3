"""What progress knows of one client."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from services.progress.domain.care import Care
from services.progress.domain.firing import LEVELS as LEVELS
from services.progress.domain.firing import Firing as Firing
from services.progress.domain.firing import highest as highest
from shared.contracts.progress import HoldKind, Level
from shared.contracts.submissions import CheckInKind, RedFlag, Why
from shared.zones import zone

BookingStatus = Literal["confirmed", "frozen", "cancelled", "completed", "missed"]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a session. Pain and enjoyment: 0-10."""

    option: str
    done: bool
    worst_pain: int | None
    enjoyment: int | None


@dataclass(frozen=True)
class Report:
    """A check-in as judged. `version` is its place in the client's log; scores are 0-10."""

    id: UUID
    version: int
    kind: CheckInKind
    at: datetime
    tz: str
    booking_id: UUID | None
    pain: int
    stiffness: int | None = None
    energy: int | None = None
    mood: int | None = None
    confidence: int | None = None
    effort: int | None = None
    enjoyment: int | None = None
    worst_pain: int | None = None
    exercises: tuple[Exercise, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    why: tuple[Why, ...] = ()
    flare: bool = False
    level: Level = "unknown"
    firings: tuple[Firing, ...] = ()

    @property
    def place(self) -> tuple[datetime, int]:
        """Sorts reports by when they were meant, then by when they arrived."""
        return self.at, self.version

    @cached_property
    def day(self) -> date:
        """The client's day."""
        return self.at.astimezone(zone(self.tz)).date()

    @cached_property
    def session_day(self) -> date:
        """The day of the session it speaks of, where it names no booking."""
        return self.day - timedelta(days=1) if self.kind == "next-morning" else self.day


@dataclass(frozen=True)
class Hold:
    """Something waits until a person lifts it. `check_in_id` is null where no check-in asked."""

    id: UUID
    check_in_id: UUID | None
    kind: HoldKind
    option: str | None
    rule: str
    level: Level
    since: datetime
    reason: str
    firings: tuple[Firing, ...]


@dataclass(frozen=True)
class Booking:
    """A client's booking at its newest known version."""

    id: UUID
    trainer_id: UUID
    start_at: datetime
    end_at: datetime
    tz: str
    status: BookingStatus
    version: int


@dataclass(frozen=True)
class Client:
    """One client. `as_of` is the latest time any event spoke of; there is no other clock.

    `reports` are newest first, as far back as rules and view look; firings only where in force;
    `bookings` the recent and coming ones; `lifted_version` the log's place of the last lift.
    `due_at` is when time alone changes something next; `reported_version` the log's place of the
    last entry that matters to the statistics, `reflected_version` how far these have looked.
    """

    id: UUID
    version: int = 0
    level: Level = "unknown"
    as_of: datetime | None = None
    lifted_version: int = 0
    due_at: datetime | None = None
    reported_version: int = 0
    reflected_version: int = 0
    care: Care = field(default_factory=Care)
    next: dict[str, Any] | None = None
    reports: tuple[Report, ...] = field(default=(), repr=False)
    holds: tuple[Hold, ...] = ()
    bookings: tuple[Booking, ...] = ()
