"""Facts on `booking.events`: what happened to bookings and clients, without personal details."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.contacts import Basis, Channel
from shared.contracts.event import Event, Instant, Part

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

    booking_id: UUID
    client_id: UUID
    trainer_id: UUID
    service: str
    mode: Mode
    area: Area | None
    start: Instant
    end: Instant
    tz: str
    version: int

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

    change_id: UUID
    place: int
    size: int


class BookingChange(BookingFact):
    """A fact that may be one of several: `together` is null for a booking changed by itself."""

    together: Together | None = None


class BookingConfirmed(BookingChange):
    """A client has a time with a trainer; `series_id` where it repeats."""

    type: ClassVar[str] = "booking.confirmed.v1"

    series_id: UUID | None = None


class BookingRescheduled(BookingChange):
    """The booking moved; start, end and trainer are the new ones.

    `late`: the client moved it later than the service's notice.
    """

    type: ClassVar[str] = "booking.rescheduled.v1"

    previous_start: Instant
    previous_trainer_id: UUID
    late: bool = False


class BookingCancelled(BookingChange):
    """The booking will not take place; its time is free again.

    `late`: the client cancelled later than the service's notice; never so in a flare.
    """

    type: ClassVar[str] = "booking.cancelled.v1"

    cancelled_by: By
    late: bool = False
    because: Because | None = None


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

    client_id: UUID
    tz: str
    language: Literal["en", "fr"]

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

    client_id: UUID
    purpose: ConsentPurpose
    granted: bool
    member_id: UUID | None = None
    channel: Channel | None = None
    basis: Basis | None = None
    at: Instant
    expires_at: Instant | None = None

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)


class SafetyAcknowledged(Event):
    """Somebody who cares for the client has seen the alert: nobody else need be called."""

    topic: ClassVar[str] = "booking.events"
    type: ClassVar[str] = "safety.acknowledged.v1"

    client_id: UUID
    acknowledged_by: UUID
    at: Instant

    @property
    def key(self) -> str:
        """The client."""
        return str(self.client_id)
