"""Facts of the waitlist on `booking.events`: who waits for what, and which time was offered."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.booking import Area, Mode
from shared.contracts.event import Event, Instant


class WaitlistFact(Event):
    """What every fact about a place on the waitlist carries."""

    topic: ClassVar[str] = "booking.events"

    waitlist_id: UUID = Field(description="The place on the waitlist.")
    client_id: UUID = Field(description="The client who waits.")

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

    service: str = Field(description="Id of the service waited for, as in bookings.")
    mode: Mode = Field(description="At the client's home, or by video.")
    area: Area | None = Field(description="City of the visit; null for virtual.")
    trainer_id: UUID | None = Field(description="The one trainer waited for; null: any.")
    first_day: date = Field(description="First day that would do, a date in `tz`.")
    last_day: date = Field(description="Last day that would do, a date in `tz`.")
    tz: str = Field(description="IANA zone of the dates.")


class WaitlistOffered(WaitlistFact):
    """A freed time is held for the client until `expires_at`."""

    type: ClassVar[str] = "waitlist.offered.v1"

    hold_id: UUID = Field(description="The hold that keeps the time.")
    trainer_id: UUID = Field(description="The trainer whose time came free.")
    service: str = Field(description="Id of the service, as in bookings.")
    mode: Mode = Field(description="At the client's home, or by video.")
    area: Area | None = Field(description="City of the visit; null for virtual.")
    start: Instant = Field(description="Start of the offered time.")
    end: Instant = Field(description="End of the offered time.")
    tz: str = Field(description="IANA zone of the client.")
    expires_at: Instant = Field(
        description="Until when the time is held; afterwards it is offered to the next."
    )


class WaitlistLeft(WaitlistFact):
    """The client waits no more: left, an offer was booked, or the last day has ended."""

    type: ClassVar[str] = "waitlist.left.v1"

    reason: Literal["left", "booked", "ended"] = Field(
        description="Why the wait ended: by the client, by a booking, or by the last day."
    )
