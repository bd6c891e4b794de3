"""Web push, handed to a push service that opens every seal."""

import base64
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from services.notify.channels import push
from services.notify.channels.push import (
    Note,
    PushKey,
    PushKeyError,
    PushLine,
    PushServices,
    push_channel,
)
from services.notify.domain.outcome import Outcome
from services.notify.writing.company import Company
from services.notify.writing.messages import WritingError
from services.notify.writing.short import ShortWriter
from shared.contracts.contacts import PushDevice
from tests.integration.notify.partner import Heard, Partner, Says
from tests.unit.notify.builders import NOW, a_delivery, a_person

KEY = base64.urlsafe_b64encode(bytes(range(1, 33))).decode().rstrip("=")
OPEN: list[PushLine] = []
CONTACT = "mailto:hello@limber.example"
SHORT = ShortWriter(
    public_url="https://limber.test", company=Company("Limber", "Toronto", "hello@limber.example")
)


@dataclass
class Browser:
    """A browser's keys, and what it reads of a request."""

    device: PushDevice
    key: ec.EllipticCurvePrivateKey
    auth: bytes

    def reads(self, heard: Heard) -> dict[str, Any]:
        plain = http_ece.decrypt(
            heard.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        found: dict[str, Any] = json.loads(plain)
        return found


def a_browser(endpoint: str) -> Browser:
    key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    device = PushDevice(id=uuid4(), endpoint=endpoint, p256dh=_b64(point), auth=_b64(auth))
    return Browser(device, key, auth)


def a_note(*devices: PushDevice) -> Note:
    return Note(
        devices,
        title="Votre séance",
        body="Demain à 10 h 00.",
        url="https://limber.test/me",
        tag="reminder",
        expires_at=NOW + timedelta(hours=2),
    )


@pytest.fixture
async def service() -> AsyncIterator[Partner]:
    async with Partner(otherwise=Says(201, b"", {"Location": "/m/abc"})) as found:
        yield found


@pytest.fixture(autouse=True)
async def lines() -> AsyncIterator[list[PushLine]]:
    """The lines of a test; all are let go at its end."""
    OPEN.clear()
    yield OPEN
    for line in OPEN:
        line.close()


def _line(*, inwards: bool = True) -> PushLine:
    OPEN.append(PushServices(PushKey(KEY, contact=CONTACT), inwards=inwards).line())
    return OPEN[-1]


async def test_only_the_browser_can_read_a_note(service: Partner) -> None:
    browser, stranger = a_browser(f"{service.url}/p/1"), a_browser(f"{service.url}/p/2")
    delivery = a_delivery("reminder-2h", id=uuid4(), channel="push")

    outcome = await _line().send(delivery, a_note(browser.device))

    assert Outcome("accepted", 201, reference="abc") == outcome
    (heard,) = service.heard
    told = {"title": "Votre séance", "body": "Demain à 10 h 00.", "tag": "reminder"}
    assert told | {"url": "https://limber.test/me"} == browser.reads(heard)
    assert b"ance" not in heard.body
    with pytest.raises(http_ece.ECEException):
        stranger.reads(heard)
    assert "aes128gcm" == heard.headers["Content-Encoding"]
    assert "7200" == heard.headers["TTL"]
    assert "normal" == heard.headers["Urgency"]
    assert delivery.id.hex == heard.headers["Topic"]


async def test_the_push_service_learns_who_sends_and_only_for_itself(service: Partner) -> None:
    await _line().send(a_delivery(channel="push"), a_note(a_browser(f"{service.url}/p/1").device))

    (heard,) = service.heard
    claims = _claims(heard.headers["Authorization"])
    assert service.url == claims["aud"]
    assert CONTACT == claims["sub"]
    assert 0 < claims["exp"] - time.time() <= 24 * 3600


async def test_every_device_of_a_person_hears_it_and_one_is_enough(service: Partner) -> None:
    async with Partner(otherwise=Says(410)) as gone:
        away = a_browser(f"{gone.url}/p/1")
        here = a_browser(f"{service.url}/p/2")
        note = a_note(away.device, here.device)

        outcome = await _line().send(a_delivery(channel="push"), note)

    assert Outcome("accepted", 201, reference="abc", gone=(away.device.id,)) == outcome
    assert "Votre séance" == here.reads(service.heard[0])["title"]


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, "accepted"),
        (201, "accepted"),
        (202, "accepted"),
        (400, "refused"),
        (403, "refused"),
        (404, "bounced"),
        (410, "bounced"),
        (413, "refused"),
        (429, "deferred"),
        (503, "deferred"),
        (302, "refused"),
    ],
)
async def test_each_answer_has_its_meaning(service: Partner, status: int, result: str) -> None:
    service.otherwise = Says(status, b"", {"Retry-After": "60", "Location": "http://127.0.0.1:1/"})
    browser = a_browser(f"{service.url}/p/1")

    outcome = await _line().send(a_delivery(channel="push"), a_note(browser.device))

    assert (result, status) == (outcome.result, outcome.code)
    assert (timedelta(seconds=60) if result == "deferred" else None) == outcome.retry_after
    assert ((browser.device.id,) if result == "bounced" else ()) == outcome.gone
    assert 1 == len(service.heard)


async def test_keys_that_encrypt_nothing_are_as_good_as_gone(service: Partner) -> None:
    broken = [
        PushDevice(id=UUID(int=n), endpoint=f"{service.url}/p", p256dh=p256dh, auth=auth)
        for n, (p256dh, auth) in enumerate(
            [("AAAA", "AAAA"), ("", ""), ("é", "x"), (_b64(b"\x04" * 65), _b64(b"0" * 16))]
        )
    ]

    outcome = await _line().send(a_delivery(channel="push"), a_note(*broken))

    assert ("bounced", {one.id for one in broken}) == (outcome.result, set(outcome.gone))
    assert [] == service.heard


async def test_a_silent_service_leaves_the_fate_of_a_note_unknown(
    service: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "ANSWER_TIMEOUT_S", 0.2)
    service.otherwise = "hang"
    note = a_note(a_browser(f"{service.url}/p/1").device)

    assert Outcome("unknown") == await _line().send(a_delivery(channel="push"), note)


async def test_no_device_leads_into_our_own_network(service: Partner) -> None:
    inside = [
        a_browser(f"{scheme}{host}:{service.port}/p")
        for scheme in ("http://",)
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0")
    ]
    line = _line(inwards=False)

    outcomes = [await line.send(a_delivery(channel="push"), a_note(one.device)) for one in inside]

    assert ["unreachable"] * len(inside) == [outcome.result for outcome in outcomes]
    assert [] == service.heard


def test_a_note_that_no_service_takes_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = push_channel(PushServices(PushKey(KEY, contact=CONTACT)), SHORT)
    device = a_browser("https://push.example/1").device
    delivery = a_delivery("reminder-2h", channel="push", person=a_person(devices=(device,)))

    note = channel.write(delivery, NOW)
    assert ((device,), delivery.expires_at) == (note.devices, note.expires_at)
    monkeypatch.setattr(push, "PAYLOAD_MAX_BYTES", 10)
    with pytest.raises(WritingError):
        channel.write(delivery, NOW)
    with pytest.raises(WritingError):
        channel.write(a_delivery("booking-confirmed", channel="push"), NOW)


def test_what_is_no_key_stops_the_start_without_being_quoted() -> None:
    for wrong in ("", "secret", "é", _b64(b"\0" * 32)):
        with pytest.raises(PushKeyError) as refusal:
            PushKey(wrong, contact=CONTACT)

        assert "secret" not in str(refusal.value)


def _claims(header: str) -> dict[str, Any]:
    """What the pass says, once its signature has proved true."""
    scheme, _, rest = header.partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    head, body, signature = parts["t"].split(".")
    raw = _raw(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _raw(parts["k"]))
    wanted = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(wanted, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    assert ("vapid", "ES256") == (scheme, json.loads(_raw(head))["alg"])
    claims: dict[str, Any] = json.loads(_raw(body))
    return claims


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
