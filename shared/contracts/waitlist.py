"""Facts of the waitlist on `booking.events`: who waits for what, and which time was offered."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.booking import Area, Mode
from shared.contracts.event import Event, Instant


class WaitlistFact(Event):
    """What every fact about a place on the waitlist carries."""

    topic: ClassVar[str] = "booking.events"

    waitlist_id: UUID
    client_id: UUID

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)

    @property
    def subject(self) -> str:
        """The place on the waitlist."""
        return str(self.waitlist_id)


class WaitlistJoined(WaitlistFact):
    """A client waits for a time from `first_day` to `last_day`, both dates in `tz`."""

    type: ClassVar[str] = "waitlist.joined.v1"

    service: str
    mode: Mode
    area: Area | None
    trainer_id: UUID | None
    first_day: date
    last_day: date
    tz: str


class WaitlistOffered(WaitlistFact):
    """A freed time is held for the client until `expires_at`."""

    type: ClassVar[str] = "waitlist.offered.v1"

    hold_id: UUID
    trainer_id: UUID
    service: str
    mode: Mode
    area: Area | None
    start: Instant
    end: Instant
    tz: str
    expires_at: Instant


class WaitlistLeft(WaitlistFact):
    """The client waits no more: left, an offer was booked, or the last day has ended."""

    type: ClassVar[str] = "waitlist.left.v1"

    reason: Literal["left", "booked", "ended"]
