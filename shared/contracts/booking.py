"""Facts on `booking.events`: what happened to bookings and clients, without personal details."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.contacts import Basis, Channel
from shared.contracts.event import Count, Event, Instant, Part

Mode = Literal["in-person", "virtual"]
Area = Literal["toronto", "collingwood", "ottawa", "hamilton"]
ConsentPurpose = Literal[
    "share-progress",
    "share-plan",
    "share-assessment",
    "service-messages",
    "marketing-messages",
    "reminders",
    "marketing",
]
"""What a consent is for; the last two were told before consent was kept by channel."""

By = Literal["client", "trainer", "staff"]
Because = Literal["flare", "illness", "weather", "other"]


class BookingFact(Event):
    """What every fact about a booking carries. `version` rises by one with each change."""

    topic: ClassVar[str] = "booking.events"

    booking_id: UUID = Field(description="The booking; the same through all its changes.")
    client_id: UUID = Field(description="The client.")
    trainer_id: UUID = Field(description="The trainer who has the time now.")
    service: str = Field(
        description="Id of the service: `first-workout`, `assessment`, `training`; more may come."
    )
    mode: Mode = Field(description="At the client's home, or by video.")
    area: Area | None = Field(description="City of the visit; null for a virtual session.")
    start: Instant = Field(description="Start of the session.")
    end: Instant = Field(description="End of the session.")
    tz: str = Field(
        description="IANA zone in which the client sees the time, such as `America/Toronto`."
    )
    version: Count = Field(
        description="Rises by one with each change of the booking; the newest is what holds."
    )

    @property
    def key(self) -> str:
        """The client: all that concerns one client is in order."""
        return str(self.client_id)

    @property
    def subject(self) -> str:
        """The booking."""
        return str(self.booking_id)


class Together(Part):
    """Which of the facts of one change this is: number `place` of `size`, in order on the topic.

    Whoever has seen the last one has seen the whole change.
    """

    change_id: UUID = Field(
        description="The same in all facts of one change, such as a whole series booked at once."
    )
    place: Count = Field(description="Which of the facts this is, from 1.")
    size: Count = Field(description="How many facts the change has.")


class BookingChange(BookingFact):
    """A fact that may be one of several: `together` is null for a booking changed by itself."""

    together: Together | None = Field(
        default=None, description="The other facts of the same change; null when it stands alone."
    )


class BookingConfirmed(BookingChange):
    """A client has a time with a trainer; `series_id` where it repeats."""

    type: ClassVar[str] = "booking.confirmed.v1"

    series_id: UUID | None = Field(
        default=None, description="The series it belongs to; null for a single booking."
    )


class BookingRescheduled(BookingChange):
    """The booking moved; start, end and trainer are the new ones.

    `late`: the client moved it later than the service's notice.
    """

    type: ClassVar[str] = "booking.rescheduled.v1"

    previous_start: Instant = Field(description="Start before the move.")
    previous_trainer_id: UUID = Field(description="Trainer before the move; often the same.")
    late: bool = Field(
        default=False, description="The client moved it later than the service's notice."
    )


class BookingCancelled(BookingChange):
    """The booking will not take place; its time is free again.

    `late`: the client cancelled later than the service's notice; never so in a flare.
    """

    type: ClassVar[str] = "booking.cancelled.v1"

    cancelled_by: By = Field(description="Who cancelled: the client, the trainer, or staff.")
    late: bool = Field(
        default=False,
        description="The client cancelled later than the service's notice; never so in a flare.",
    )
    because: Because | None = Field(
        default=None,
        description="The reason chosen from a list, if one was; none is ever asked for.",
    )


class BookingCompleted(BookingFact):
    """The session took place."""

    type: ClassVar[str] = "booking.completed.v1"


class BookingMissed(BookingFact):
    """The client did not come (no-show)."""

    type: ClassVar[str] = "booking.missed.v1"


class BookingFrozen(BookingChange):
    """A safety hold stands on the client: the session waits until a person lifts it."""

    type: ClassVar[str] = "booking.frozen.v1"


class BookingUnfrozen(BookingChange):
    """The safety hold was lifted: the session takes place again."""

    type: ClassVar[str] = "booking.unfrozen.v1"


class ClientRegistered(Event):
    """Somebody became a client with the first booking."""

    topic: ClassVar[str] = "booking.events"
    type: ClassVar[str] = "client.registered.v1"

    client_id: UUID = Field(description="The client.")
    tz: str = Field(description="IANA zone of the client.")
    language: Literal["en", "fr"] = Field(description="Language the client is written to in.")

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)


class ClientErased(Event):
    """A client asked to be forgotten: whoever keeps something about the id deletes it."""

    topic: ClassVar[str] = "booking.events"
    type: ClassVar[str] = "client.erased.v1"

    client_id: UUID = Field(description="The client.")
    at: Instant = Field(description="When the erasure took effect.")

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)


class ConsentChanged(Event):
    """A person granted or withdrew one thing; with `member_id`, towards that person alone.

    Of messages, `channel` says by which way and `basis` on which ground; it ends at `expires_at`.
    """

    topic: ClassVar[str] = "booking.events"
    type: ClassVar[str] = "consent.changed.v1"

    client_id: UUID = Field(description="The person whose consent it is.")
    purpose: ConsentPurpose = Field(
        description="What is agreed to; `reminders` and `marketing` are older names."
    )
    granted: bool = Field(description="True: agreed. False: withdrawn.")
    member_id: UUID | None = Field(
        default=None, description="For `share-*`: the one member of the care team it is for."
    )
    channel: Channel | None = Field(
        default=None, description="For messages: by which way; null when it is not about messages."
    )
    basis: Basis | None = Field(
        default=None,
        description="On which ground of the anti-spam law; null when it is not about messages.",
    )
    at: Instant = Field(description="When it was said.")
    expires_at: Instant | None = Field(
        default=None, description="When it ends by itself; null: it does not."
    )

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)


class SafetyAcknowledged(Event):
    """Somebody who cares for the client has seen the alert: nobody else need be called."""

    topic: ClassVar[str] = "booking.events"
    type: ClassVar[str] = "safety.acknowledged.v1"

    client_id: UUID = Field(description="The client.")
    acknowledged_by: UUID = Field(description="The person who looked at the alert.")
    at: Instant = Field(description="When they looked.")

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)
