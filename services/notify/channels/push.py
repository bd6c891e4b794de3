"""Web push: a note to each browser that a person has opened to it, encrypted for it alone."""

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher, WebPushException

from services.notify.channels import SEND_TIMEOUT_S, Channel, UnreachableError
from services.notify.channels.outgoing import Answer, LostError, Outgoing
from services.notify.domain.delivery import Delivery
from services.notify.domain.outcome import Outcome
from services.notify.writing.messages import WritingError
from services.notify.writing.short import ShortWriter
from shared.contracts.contacts import PushDevice

ANSWER_TIMEOUT_S = SEND_TIMEOUT_S - 1.0

PASS_LIVES_S = 12 * 3600
"""Push services take passes of up to 24 h (RFC 8292); ours is drawn anew after half of its life."""

PAYLOAD_MAX_BYTES = 3000
"""Push services take 4096 bytes with the encryption's own; ours are far below."""

LIVES_MIN_S = 60
"""A browser that comes back within a minute still shows the note."""

URGENCY = {"essential": "high", "service": "normal", "marketing": "low"}

LINES = 2
"""Notes sent at once by one process; they are few, and mail must not wait for them."""

NAME = "web-push"

KEY_BYTES = 32

log = structlog.get_logger()


class PushKeyError(ValueError):
    """The key is not a private key of P-256 in URL-safe base64."""


@dataclass(frozen=True)
class Note:
    """What a browser shows; `tag` lets a newer note replace an older one about the same thing."""

    devices: tuple[PushDevice, ...]
    title: str
    body: str
    url: str
    tag: str
    expires_at: datetime

    @property
    def payload(self) -> bytes:
        """What the page's service worker reads."""
        told = {"title": self.title, "body": self.body, "url": self.url, "tag": self.tag}
        return json.dumps(told, ensure_ascii=False).encode()


class PushKey:
    """The key that proves to push services who sends (VAPID, RFC 8292)."""

    def __init__(self, private_key: str, *, contact: str) -> None:
        """`private_key`: 32 bytes in URL-safe base64; `contact`: a mailto: or https: address.

        Raises:
            PushKeyError: it is none.
        """
        self._contact = contact
        self._passes: dict[str, tuple[float, str]] = {}
        try:
            raw = base64.b64decode(
                private_key + "=" * (-len(private_key) % 4), b"-_", validate=True
            )
            if len(raw) != KEY_BYTES:
                raise PushKeyError
            self._key = Vapid02.from_raw(private_key.encode())
            self.headers("https://push.example")
        except (ValueError, VapidException):
            raise PushKeyError(
                f"should be {KEY_BYTES} bytes in URL-safe base64, with an address to write to"
            ) from None

    def headers(self, origin: str) -> dict[str, str]:
        """The header that proves it to one push service.

        Raises:
            VapidException: that is not the origin of a push service.
        """
        # Push services read the real clock, whatever ours is shifted to.
        now = time.time()
        until, header = self._passes.get(origin, (0.0, ""))
        if until - now < PASS_LIVES_S / 2:
            until = now + PASS_LIVES_S
            claims = {"aud": origin, "sub": self._contact, "exp": int(until)}
            header = self._key.sign(claims)["Authorization"]
            if len(self._passes) >= _ORIGINS:
                self._passes.clear()
            self._passes[origin] = (until, header)
        return {"Authorization": header}


_ORIGINS = 100
"""There are a handful of push services; who invents more of them costs us no memory."""


@dataclass(frozen=True)
class PushServices:
    """All push services together: a browser's own address says which one it is."""

    key: PushKey
    inwards: bool = False
    per_second: float | None = None

    @property
    def name(self) -> str:
        """As attempts and logs name it."""
        return NAME

    def line(self) -> "PushLine":
        """A way to all of them."""
        return PushLine(self.key, inwards=self.inwards)


class PushLine:
    """One worker's way to the push services."""

    def __init__(self, key: PushKey, *, inwards: bool) -> None:
        self._key = key
        # Addresses of devices come from browsers, so from anybody.
        self._outgoing = Outgoing(inwards=inwards)

    async def ready(self) -> None:
        """Nothing to prepare: each device has a service of its own."""

    async def send(self, delivery: Delivery, written: Note) -> Outcome:
        """Hand a note to every device at once; taken when one of them takes it.

        Never raises for what a push service does.
        """
        lives_s = max(LIVES_MIN_S, int((written.expires_at - delivery.due_at).total_seconds()))
        headers = {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(lives_s),
            "Urgency": URGENCY[delivery.message_class],
            # At most 32 characters of the URL-safe alphabet (RFC 8030, 5.4).
            "Topic": delivery.id.hex,
        }
        results = await asyncio.gather(
            *(self._send_to(device, written.payload, headers) for device in written.devices)
        )
        return _together(written.devices, results)

    def close(self) -> None:
        """Let the way to it go."""
        self._outgoing.let_go()

    async def _send_to(
        self, device: PushDevice, payload: bytes, headers: dict[str, str]
    ) -> Outcome:
        origin = _origin(device.endpoint)
        try:
            body, proof = _encrypted(device, payload), self._key.headers(origin)
        except (WebPushException, VapidException, ValueError, TypeError, IndexError):
            # Keys that encrypt nothing, or no address: the browser never reads anything of ours.
            return Outcome("bounced", gone=(device.id,))
        try:
            answer = await self._outgoing.post(
                device.endpoint,
                body,
                headers | proof,
                timeout_s=ANSWER_TIMEOUT_S,
            )
        except UnreachableError as fault:
            log.warning("push-service-unreachable", origin=origin, fault=str(fault))
            return Outcome("unreachable")
        except LostError as fault:
            log.warning("push-link-lost", origin=origin, fault=str(fault))
            return Outcome("unknown")
        return _outcome(answer, device.id)


def push_channel(services: PushServices, writer: ShortWriter) -> Channel[Note]:
    """Notes to browsers; one that is too long for them counts as one that cannot be written."""

    def write(delivery: Delivery, _: datetime) -> Note:
        words = writer.push(delivery)
        if delivery.person is None or words is None:
            raise WritingError("nobody or no words")
        note = Note(
            delivery.person.devices,
            words.title,
            words.body,
            words.url,
            words.tag,
            delivery.expires_at,
        )
        if len(note.payload) > PAYLOAD_MAX_BYTES:
            raise WritingError("too long")
        return note

    return Channel("push", (services,), write, LINES)


def _encrypted(device: PushDevice, payload: bytes) -> bytes:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    pusher = WebPusher({"endpoint": device.endpoint, "keys": keys})
    body: bytes = pusher.encode(payload, "aes128gcm")["body"]
    return body


def _origin(endpoint: str) -> str:
    scheme, _, rest = endpoint.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0]}"


def _outcome(answer: Answer, device_id: UUID) -> Outcome:
    match answer.status:
        case 200 | 201 | 202 | 204:
            return Outcome("accepted", answer.status, reference=_last_part(answer.location))
        case 404 | 410:
            return Outcome("bounced", answer.status, gone=(device_id,))
        case number if number in {408, 429} or number >= 500:
            return Outcome("deferred", number, retry_after=answer.retry_after)
        case number:
            # 400 and 403: our key or headers; 413: too long. None of it is the device's fault.
            return Outcome("refused", number)


_RANK = ("accepted", "unknown", "deferred", "unreachable", "refused", "bounced")
"""What counts of several devices: one that took it is enough, then one that may have."""


def _together(devices: Sequence[PushDevice], results: Sequence[Outcome]) -> Outcome:
    gone = tuple(one for result in results for one in result.gone)
    if not results:
        # The person has closed the last of them since the note was planned.
        return Outcome("refused", status="no device")
    best = min(results, key=lambda result: _RANK.index(result.result))
    if best.result == "bounced" and len(gone) < len(devices):
        return Outcome("refused", best.code, gone=gone)
    return replace(best, gone=gone)


def _last_part(location: str | None) -> str | None:
    if location is None:
        return None
    reference = location.rstrip("/").rpartition("/")[2]
    return reference if 0 < len(reference) <= 200 and reference.isprintable() else None
