"""Signatures of HTTP bodies, checked against the vector that standardwebhooks.com publishes."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.signatures import TOLERANCE_S, SignatureError, new_secret, secret_bytes, signed, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(**changes: str) -> dict[str, str]:
    return signed([SECRET], ID, AT, BODY) | {
        f"webhook-{name}": value for name, value in changes.items()
    }


def test_a_signature_is_the_published_one() -> None:
    expected = {
        "webhook-id": ID,
        "webhook-timestamp": str(AT),
        "webhook-signature": SIGNATURE,
    }

    assert expected == headers()
    assert ID == verify([SECRET], headers(), BODY, now_s=AT + TOLERANCE_S)


def test_any_of_several_secrets_and_signatures_will_do() -> None:
    other = new_secret()
    both = signed([other, SECRET], ID, AT, BODY)

    assert ID == verify([SECRET], both, BODY, now_s=AT)
    assert ID == verify([new_secret(), other], both, BODY, now_s=AT)


@pytest.mark.parametrize(
    ("changes", "now_s", "body"),
    [
        ({}, AT + TOLERANCE_S + 1, BODY),
        ({}, AT - TOLERANCE_S - 1, BODY),
        ({}, AT, BODY + b" "),
        ({"id": "msg_other"}, AT, BODY),
        ({"id": ""}, AT, BODY),
        ({"id": "x" * 201}, AT, BODY),
        ({"id": "a\nb"}, AT, BODY),
        ({"timestamp": str(AT + 1)}, AT, BODY),
        ({"timestamp": ""}, AT, BODY),
        ({"timestamp": "-1"}, AT, BODY),
        ({"timestamp": "9" * 5000}, AT, BODY),
        ({"timestamp": "\u0661"}, AT, BODY),
        ({"signature": ""}, AT, BODY),
        ({"signature": SIGNATURE.replace("v1", "v2")}, AT, BODY),
        ({"signature": "v1,"}, AT, BODY),
        ({"signature": "v1,é"}, AT, BODY),
        ({"signature": SIGNATURE[:-4]}, AT, BODY),
    ],
)
def test_what_is_not_signed_or_not_now_is_refused(
    changes: dict[str, str], now_s: float, body: bytes
) -> None:
    with pytest.raises(SignatureError):
        verify([SECRET], headers(**changes), body, now_s=now_s)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_YWJj", SECRET[6:], "whsec_é"])
def test_a_weak_secret_is_none(secret: str) -> None:
    with pytest.raises(ValueError, match="should be whsec_"):
        secret_bytes(secret)


def test_a_new_secret_is_long_and_never_the_same() -> None:
    assert 32 == len(secret_bytes(new_secret()))
    assert new_secret() != new_secret()


def test_the_check_that_partners_are_given_finds_what_is_not_ours() -> None:
    check = _documented()
    told = signed([new_secret(), SECRET], ID, int(time.time()), BODY)

    assert ID == check(SECRET, told, BODY)
    for headers_, body in (
        (told, BODY + b" "),
        (told | {"webhook-id": "msg_other"}, BODY),
        (told | {"webhook-timestamp": str(AT)}, BODY),
        (signed([SECRET], ID, AT, BODY), BODY),
        (signed([new_secret()], ID, int(time.time()), BODY), BODY),
    ):
        with pytest.raises(ValueError, match="not from Limber"):
            check(SECRET, headers_, body)


def _documented() -> Callable[[str, dict[str, str], bytes], str]:
    page = Path(__file__).parents[3] / "docs" / "webhooks.md"
    found = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert found is not None
    names: dict[str, Callable[[str, dict[str, str], bytes], str]] = {}
    exec(found[1], names)
    return names["check"]
