"""What happened to partners' webhooks, on `notify.events`."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.event import Event, Instant

PauseReason = Literal["failing", "gone"]


class WebhookPaused(Event):
    """Nothing more is sent to a partner's webhook until staff let it go on."""

    topic: ClassVar[str] = "notify.events"
    type: ClassVar[str] = "webhook.paused.v1"

    webhook_id: UUID
    because: PauseReason
    failing_since: Instant | None
    at: Instant

    @property
    def key(self) -> str:
        """The webhook."""
        return str(self.webhook_id)
