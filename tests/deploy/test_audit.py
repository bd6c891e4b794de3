"""No secret lies in a tracked file, and the scan would see one."""

import base64
import hashlib

import pytest

from deploy.audit import secrets_in, secrets_tracked

DRAWN = base64.urlsafe_b64encode(hashlib.sha256(b"looks drawn").digest()).decode().rstrip("=")
"""As a drawn secret looks, and the same for every worker that collects these tests."""


def test_no_tracked_file_holds_a_secret() -> None:
    assert [] == list(map(str, secrets_tracked()))


@pytest.mark.parametrize(
    "line",
    [
        f'BOOKING_SECRET = "{DRAWN}"',
        f"booking_key_encryption_key: '{DRAWN}'",
        f'"password": "{DRAWN}"',
        f"DATABASE_URL=postgresql://limber:{DRAWN}@db.example/limber",
        "-----BEGIN " + "EC PRIVATE KEY-----",
        "AKIA" + "Q" * 16,
        "ghp_" + "a1" * 18,
    ],
)
def test_a_secret_is_seen(line: str) -> None:
    assert 1 <= len(list(secrets_in("a.py", line)))


@pytest.mark.parametrize(
    "line",
    [
        'PASSWORD = "only-for-tests"',
        "secret = settings.secret.get_secret_value()",
        'SIGNER = LinkSigner(b"only for tests")',
        "postgresql://postgres:{superuser}@{database}",
        'token = "a-name-that-is-long-but-only-words"',
    ],
)
def test_a_name_or_an_example_is_none(line: str) -> None:
    assert [] == list(secrets_in("a.py", line))
