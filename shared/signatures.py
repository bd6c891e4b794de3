"""Signed HTTP bodies, the way of standardwebhooks.com: HMAC-SHA256 over id, time and body."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

TOLERANCE_S = 300
"""Clocks of two companies differ by seconds; a caught request is worthless after five minutes."""

SECRET_BYTES = 32
SECRET_MIN_BYTES = 24
"""The shortest secret that the rules allow."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - how such a secret begins, not one

ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"

MAX_ID_CHARACTERS = 200

_VERSION = "v1,"


class SignatureError(Exception):
    """The request was not signed by who it says, or not now; the text says what is wrong."""


def new_secret() -> str:
    """A random secret as people pass it on."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """The key in a secret.

    Raises:
        ValueError: it is not `whsec_` and at least 24 bytes in base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) < SECRET_MIN_BYTES:
        raise ValueError(
            f"should be {SECRET_PREFIX} and {SECRET_MIN_BYTES} bytes or more in base64"
        )
    return key


def signed(secrets_: Iterable[str], message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The three headers of a body; several secrets while one takes over from another."""
    signatures = (_VERSION + _signature(one, message_id, at_s, body) for one in secrets_)
    return {
        ID_HEADER: message_id,
        TIME_HEADER: str(at_s),
        SIGNATURE_HEADER: " ".join(signatures),
    }


def verify(
    secrets_: Iterable[str], headers: Mapping[str, str], body: bytes, *, now_s: float
) -> str:
    """The id of a body whose headers prove who sent it, and when.

    Raises:
        SignatureError: a header is missing, the time is too far off, or no signature fits.
    """
    message_id, at = headers.get(ID_HEADER, ""), headers.get(TIME_HEADER, "")
    given = headers.get(SIGNATURE_HEADER, "")
    if not 0 < len(message_id) <= MAX_ID_CHARACTERS or not message_id.isprintable():
        raise SignatureError(f"{ID_HEADER} is missing or too long")
    # At most twelve digits: Python refuses to read a number of thousands of them.
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise SignatureError(f"{TIME_HEADER} should be whole seconds since 1970")
    if abs(now_s - int(at)) > TOLERANCE_S:
        raise SignatureError(f"{TIME_HEADER} is more than {TOLERANCE_S} s away from now")
    wanted = [_signature(one, message_id, int(at), body).encode() for one in secrets_]
    found = [
        part.removeprefix(_VERSION).encode() for part in given.split() if part.startswith(_VERSION)
    ]
    if not any(hmac.compare_digest(a, b) for a in wanted for b in found):
        raise SignatureError(f"{SIGNATURE_HEADER} does not fit the body")
    return message_id


def _signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    content = f"{message_id}.{at_s}.".encode() + body
    return base64.b64encode(hmac.digest(secret_bytes(secret), content, hashlib.sha256)).decode()
