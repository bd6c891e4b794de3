"""The pair of keys by which push services know Limber (VAPID, RFC 8292)."""

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_BYTES = 32


def new_private_key() -> str:
    """A private key of P-256 as URL-safe base64: notify's alone."""
    while True:
        drawn = secrets.token_urlsafe(KEY_BYTES)
        try:
            public_key(drawn)
        except ValueError:
            # One in four thousand million numbers lies beyond the curve's order.
            continue
        return drawn


def public_key(private_key: str) -> str:
    """The public key that belongs to a private one: browsers are given it.

    Raises:
        ValueError: it is no private key.
    """
    raw = base64.urlsafe_b64decode(private_key + "=" * (-len(private_key) % 4))
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a private key has {KEY_BYTES} bytes")
    key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")
