"""A message to be."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.templates import Template


@dataclass(frozen=True)
class Planned:
    """Who gets a message, about which version of what, and in which span of time.

    It goes by each channel of its template that reaches the person. `detail` holds what it speaks
    of: ids, codes and instants, never a name or an address. `traceparent` is what it comes from.
    """

    template: Template
    subject_id: UUID
    subject_version: int
    recipient_id: UUID
    nominal_at: datetime
    due_at: datetime
    expires_at: datetime
    booking_id: UUID | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    traceparent: str | None = None
