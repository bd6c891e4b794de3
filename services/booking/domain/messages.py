"""What becomes of a message, as notify tells it."""

from typing import Literal

MessageState = Literal["scheduled", "sent", "failed", "unknown", "cancelled"]
