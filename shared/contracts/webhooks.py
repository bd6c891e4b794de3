"""What happened to partners' webhooks, on `notify.events`."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event, Instant

PauseReason = Literal["failing", "gone"]


class WebhookPaused(Event):
    """Nothing more is sent to a partner's webhook until staff let it go on."""

    topic: ClassVar[str] = "notify.events"
    type: ClassVar[str] = "webhook.paused.v1"

    webhook_id: UUID = Field(description="The partner's webhook.")
    because: PauseReason = Field(
        description="It kept failing, or its address answered that it is gone for good."
    )
    failing_since: Instant | None = Field(
        description="Since when nothing got through; null when it is gone."
    )
    at: Instant = Field(description="When it was paused.")

    @property
    def key(self) -> str:
        """The webhook."""
        return str(self.webhook_id)
