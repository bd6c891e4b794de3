"""What notify did, on `notify.events`: which message, to whom by id, and how it ended."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event, Instant

SuppressionReason = Literal["hard-bounce", "complaint", "stop", "gone"]
RestoreReason = Literal["start", "staff"]
MessageChannel = Literal["email", "sms", "push"]


class MessageFact(Event):
    """What every fact about a message carries; never an address or its text."""

    topic: ClassVar[str] = "notify.events"

    message_id: UUID = Field(description="The message; the same from its schedule to its end.")
    recipient_id: UUID = Field(
        description="The person it is for: a client, a trainer, or somebody else known by id."
    )
    template: str = Field(description="Which kind of message, such as `booking-confirmed`.")
    channel: str = Field(description="By which way: `email`, `sms`, `push`; more may come.")
    message_class: str | None = Field(
        default=None,
        description="`essential`, `service` or `marketing`; null where it is not told.",
    )
    booking_id: UUID | None = Field(
        default=None, description="The booking it speaks of; null: none."
    )
    at: Instant = Field(description="When this happened to the message.")

    @property
    def key(self) -> str:
        """The person the message is for."""
        return str(self.recipient_id)

    @property
    def subject(self) -> str:
        """The message."""
        return str(self.message_id)


class MessageScheduled(MessageFact):
    """The message will go out at `due_at`."""

    type: ClassVar[str] = "message.scheduled.v1"

    due_at: Instant = Field(
        description="When it is to go out; it may move to an hour the person allows."
    )


class MessageSent(MessageFact):
    """A mail server took the message."""

    type: ClassVar[str] = "message.sent.v1"


class MessageFailed(MessageFact):
    """The message will not go out: refused for good, or too late."""

    type: ClassVar[str] = "message.failed.v1"

    reason: str = Field(description="Why, in a few words of ours, such as `too late`.")


class MessageUnknown(MessageFact):
    """The link broke after the text was handed over: it may have arrived."""

    type: ClassVar[str] = "message.unknown.v1"


class MessageCancelled(MessageFact):
    """The message is no longer true and will not go out."""

    type: ClassVar[str] = "message.cancelled.v1"

    reason: str = Field(description="Why, in a few words of ours, such as `the booking changed`.")


class RecipientFact(Event):
    """What every fact about somebody's address carries; never the address itself."""

    topic: ClassVar[str] = "notify.events"

    recipient_id: UUID = Field(description="The person the address belongs to.")
    channel: MessageChannel = Field(description="Which kind of address.")
    at: Instant = Field(description="When it was found out.")

    @property
    def key(self) -> str:
        """The person the address belongs to."""
        return str(self.recipient_id)

    @property
    def subject(self) -> str:
        """The person."""
        return str(self.recipient_id)


class RecipientSuppressed(RecipientFact):
    """An address of theirs takes nothing more; of push the device that is gone."""

    type: ClassVar[str] = "recipient.suppressed.v1"

    reason: SuppressionReason = Field(
        description="It bounced for good, somebody complained or said stop, or the device is gone."
    )
    device_id: UUID | None = Field(
        default=None, description="Of push, the device that is gone; null for other channels."
    )


class RecipientRestored(RecipientFact):
    """The address is used again."""

    type: ClassVar[str] = "recipient.restored.v1"

    reason: RestoreReason = Field(description="The person said start, or staff put it right.")
