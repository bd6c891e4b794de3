"""Links that carry their own right: signed, for one booking, never stored."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Purpose = Literal["manage", "calendar"]

MAC_BYTES = 20
"""160 bits: beyond guessing, short enough for a link in a mail."""


@dataclass(frozen=True)
class LinkSigner:
    """Makes and checks tokens that open one booking for one purpose (HMAC-SHA-256)."""

    secret: bytes

    def token(self, purpose: Purpose, booking_id: UUID) -> str:
        """The token of a booking for a purpose; always the same."""
        return (
            base64.urlsafe_b64encode(booking_id.bytes + self._mac(purpose, booking_id))
            .decode()
            .rstrip("=")
        )

    def booking_of(self, purpose: Purpose, token: str) -> UUID | None:
        """The booking a token opens; None when it is not one of ours for this purpose."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != 16 + MAC_BYTES:
            return None
        booking_id = UUID(bytes=raw[:16])
        right = hmac.compare_digest(raw[16:], self._mac(purpose, booking_id))
        return booking_id if right else None

    def _mac(self, purpose: Purpose, booking_id: UUID) -> bytes:
        message = purpose.encode() + booking_id.bytes
        return hmac.new(self.secret, message, hashlib.sha256).digest()[:MAC_BYTES]


@dataclass(frozen=True)
class Links:
    """What bookings need to make links: the signer and the base of meeting rooms."""

    signer: LinkSigner
    meeting_url: str
