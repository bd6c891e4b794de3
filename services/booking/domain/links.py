"""Links that carry their own right: signed, for one thing, never stored."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.booking.domain.consents import Kind
from services.booking.domain.meetings import MeetingRooms

Purpose = Literal[
    "manage",
    "calendar",
    "waitlist",
    "stop-service-email",
    "stop-service-sms",
    "stop-service-push",
    "stop-marketing-email",
    "stop-marketing-sms",
    "stop-marketing-push",
]
"""What a link opens: a booking, a place on the waitlist, or the end of one kind of message."""

STOPS: dict[Kind, Purpose] = {
    ("service", "email"): "stop-service-email",
    ("service", "sms"): "stop-service-sms",
    ("service", "push"): "stop-service-push",
    ("marketing", "email"): "stop-marketing-email",
    ("marketing", "sms"): "stop-marketing-sms",
    ("marketing", "push"): "stop-marketing-push",
}
"""The link by which a person ends messages of a class by a channel; it opens for as long as the
secret lives, for a mail may be read late."""

MAC_BYTES = 20
"""160 bits: beyond guessing, short enough for a link in a mail."""


@dataclass(frozen=True)
class LinkSigner:
    """Makes and checks tokens that open one thing for one purpose (HMAC-SHA-256)."""

    secret: bytes

    def token(self, purpose: Purpose, opens: UUID) -> str:
        """The token that opens a thing for a purpose; always the same."""
        return (
            base64.urlsafe_b64encode(opens.bytes + self._mac(purpose, opens)).decode().rstrip("=")
        )

    def opened_by(self, purpose: Purpose, token: str) -> UUID | None:
        """What a token opens; None when it is not one of ours for this purpose."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != 16 + MAC_BYTES:
            return None
        opens = UUID(bytes=raw[:16])
        right = hmac.compare_digest(raw[16:], self._mac(purpose, opens))
        return opens if right else None

    def stopped_by(self, token: str) -> tuple[UUID, Kind] | None:
        """Whose messages of which kind an unsubscribe link ends; None when it is none of ours."""
        for kind, purpose in STOPS.items():
            person_id = self.opened_by(purpose, token)
            if person_id is not None:
                return person_id, kind
        return None

    def _mac(self, purpose: Purpose, opens: UUID) -> bytes:
        message = purpose.encode() + opens.bytes
        return hmac.new(self.secret, message, hashlib.sha256).digest()[:MAC_BYTES]


@dataclass(frozen=True)
class Links:
    """What bookings need to make links: the signer, and the rooms where virtual sessions meet."""

    signer: LinkSigner
    rooms: MeetingRooms
