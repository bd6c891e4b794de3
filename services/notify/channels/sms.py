"""Texts to telephones: companies that take them over HTTP, and how each send ended."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import aiohttp
import structlog

from services.notify.channels import SEND_TIMEOUT_S, Channel, UnreachableError
from services.notify.channels.outgoing import Answer, LostError, Outgoing
from services.notify.domain.delivery import Delivery
from services.notify.domain.outcome import Outcome, Result
from services.notify.writing.messages import WritingError
from services.notify.writing.short import ShortWriter

ANSWER_TIMEOUT_S = SEND_TIMEOUT_S - 1.0
"""An answer later than that is none: the message's fate is unknown."""

PER_SECOND = 10.0
"""Texts a second where the address does not say: what companies give a new sender."""

LINES = 2
"""Texts sent at once by one process; they are few, and mail must not wait for them."""

NEVER_AGAIN = frozenset({21211, 21214, 21610, 21614, 30005, 30006})
"""Codes that speak of the number: no number, not a mobile, opted out at the company, unknown."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

log = structlog.get_logger()


@dataclass(frozen=True)
class Text:
    """A text to a telephone, whose number is E.164."""

    to: str
    body: str


@dataclass(frozen=True)
class SmsProvider:
    """A company that takes texts: `url` by POST, as a form or JSON, with basic authentication."""

    url: str
    sender: str
    form: Literal["form", "json"] = "form"
    per_second: float = PER_SECOND
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """host:port, as attempts and logs name it."""
        parts = urlsplit(self.url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        return f"{parts.hostname}:{port}"

    def line(self) -> "SmsLine":
        """A connection of its own."""
        return SmsLine(self)


class SmsLine:
    """One worker's way to a company; each text has a connection of its own, so none is lost
    because a company closes an old one."""

    def __init__(self, provider: SmsProvider) -> None:
        self._provider = provider
        # Where it leads is the operator's choice.
        self._outgoing = Outgoing(inwards=True)

    async def ready(self) -> None:
        """Nothing to prepare: who cannot be connected to is told by `send`."""

    async def send(self, delivery: Delivery, written: Text) -> Outcome:
        """Hand a text over; never raises for what the company does."""
        provider = self._provider
        auth = None
        if provider.username is not None:
            auth = aiohttp.BasicAuth(provider.username, provider.password or "", "utf-8")
        try:
            answer = await self._outgoing.post(
                provider.url,
                _body(provider, written),
                {
                    "Content-Type": _TYPES[provider.form],
                    "Accept": "application/json",
                    # The same for each attempt, so that the company knows a twin.
                    "Idempotency-Key": str(delivery.id),
                },
                timeout_s=ANSWER_TIMEOUT_S,
                auth=auth,
            )
        except UnreachableError as fault:
            log.warning("sms-provider-unreachable", provider=provider.name, fault=str(fault))
            return Outcome("unreachable")
        except LostError as fault:
            log.warning("sms-link-lost", provider=provider.name, fault=str(fault))
            return Outcome("unknown")
        return _outcome(answer)

    def close(self) -> None:
        """Let the way to it go."""
        self._outgoing.let_go()


def sms_channel(providers: tuple[SmsProvider, ...], writer: ShortWriter) -> Channel[Text]:
    """Texts, by these companies in order of preference; none: the channel is not set up."""

    def write(delivery: Delivery, _: datetime) -> Text:
        body = writer.sms(delivery)
        if delivery.person is None or delivery.person.phone is None or body is None:
            raise WritingError("no number or no words")
        return Text(delivery.person.phone, body)

    return Channel("sms", providers, write, LINES)


def sms_providers(urls: str) -> tuple[SmsProvider, ...]:
    """Companies from settings, comma-separated, the first is the primary:
    `https://user:password@host/path?from=%2B14165550100[&form=json][&rate=5]`.

    Raises:
        ValueError: one of them cannot be read; the text never quotes it, for it holds a password.
    """
    return tuple(_provider(url.strip()) for url in urls.split(",") if url.strip())


def _provider(url: str) -> SmsProvider:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("an SMS address names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("an SMS address begins with https://")
    asked = parse_qs(parts.query)
    sender = asked.pop("from", [""])[0]
    if not sender:
        raise ValueError("an SMS address names no sender: ?from=%2B14165550100")
    form = asked.pop("form", ["form"])[0]
    if form not in _TYPES:
        raise ValueError("an SMS address has form=form or form=json")
    rate = float(asked.pop("rate", [str(PER_SECOND)])[0])
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if parts.port is None else f"{host}:{parts.port}"
    rest = f"?{urlencode(asked, doseq=True)}" if asked else ""
    return SmsProvider(
        url=f"{parts.scheme}://{place}{parts.path}{rest}",
        sender=sender,
        form="json" if form == "json" else "form",
        per_second=rate,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


def _body(provider: SmsProvider, text: Text) -> bytes:
    if provider.form == "json":
        told = {"to": text.to, "from": provider.sender, "body": text.body}
        return json.dumps(told, ensure_ascii=False).encode()
    return urlencode({"To": text.to, "From": provider.sender, "Body": text.body}).encode()


def _outcome(answer: Answer) -> Outcome:
    """What an answer means: the status first, then the company's own code."""
    said = _read(answer.body)
    code, sid = said.get("code"), said.get("sid")
    status = str(code) if isinstance(code, int) else None
    result: Result = "refused"
    match answer.status:
        case 200 | 201 | 202:
            reference = sid if _short(sid) else None
            return Outcome("accepted", answer.status, reference=reference)
        case 401 | 403 | 404:
            # Our account or address is wrong; another company may still take it.
            log.error("sms-provider-refuses-us", status=answer.status, code=status)
            result = "busy"
        case 408 | 425 | 429:
            result = "busy"
        case 409:
            # The same key is still in work there.
            result = "deferred"
        case number if number >= 500:
            result = "busy"
        case _ if code in NEVER_AGAIN:
            result = "bounced"
        case _:
            pass
    asked = answer.retry_after if result in {"busy", "deferred"} else None
    return Outcome(result, answer.status, status, retry_after=asked)


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _short(reference: object) -> bool:
    return isinstance(reference, str) and 0 < len(reference) <= 200 and reference.isprintable()
