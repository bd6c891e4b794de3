"""Links that carry their own right: signed, for one thing, never stored."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.booking.domain.meetings import MeetingRooms

Purpose = Literal["manage", "calendar", "waitlist"]
"""What a link opens: the first two a booking, the last a place on the waitlist."""

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

    def _mac(self, purpose: Purpose, opens: UUID) -> bytes:
        message = purpose.encode() + opens.bytes
        return hmac.new(self.secret, message, hashlib.sha256).digest()[:MAC_BYTES]


@dataclass(frozen=True)
class Links:
    """What bookings need to make links: the signer, and the rooms where virtual sessions meet."""

    signer: LinkSigner
    rooms: MeetingRooms
