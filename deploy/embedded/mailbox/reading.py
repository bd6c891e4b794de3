"""A raw mail as the parts a person reads; never fails on a malformed one."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses


@dataclass(frozen=True)
class Attachment:
    """A file that came with a mail."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """The readable parts of a mail; absent ones are empty."""

    subject: str
    message_id: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[Attachment, ...]

    def addresses(self, header: str) -> list[tuple[str, str]]:
        """(name, address) pairs of all headers with this name."""
        values = [value for name, value in self.headers if name.lower() == header.lower()]
        return getaddresses(values)


def read(raw: bytes) -> Letter:
    """Take a mail apart."""
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    headers = tuple(_header(message, name, value) for name, value in message.raw_items())
    first = {name.lower(): value for name, value in reversed(headers)}
    text, html = _body(message, "plain"), _body(message, "html")
    return Letter(
        subject=first.get("subject", ""),
        message_id=first.get("message-id", "").strip("<> "),
        headers=headers,
        text=_text(text),
        html=_text(html),
        attachments=tuple(_attachments(message, text, html)),
    )


def _header(message: EmailMessage, name: str, value: object) -> tuple[str, str]:
    try:
        return name, str(message.policy.header_fetch_parse(name, value))  # type: ignore[arg-type]
    except (ValueError, LookupError, AttributeError, TypeError):
        # The standard library's parser trips over some malformed headers; show those as sent.
        return name, str(value)


def _body(message: EmailMessage, kind: str) -> EmailMessage | None:
    found = message.get_body((kind,))
    return found if isinstance(found, EmailMessage) else None


def _attachments(
    message: EmailMessage, text: EmailMessage | None, html: EmailMessage | None
) -> list[Attachment]:
    """Every leaf that is not the shown body: a calendar part among the alternatives counts."""
    found = []
    for part in message.walk():
        if part.is_multipart() or part is text or part is html:
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        found.append(Attachment(part.get_filename() or "", part.get_content_type(), content))
    return found


def _text(part: EmailMessage | None) -> str:
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        return content.decode(errors="replace")
