"""A raw mail as the parts a person reads; never fails on a malformed one."""

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses

# The standard library's parser trips over some malformed headers in these ways.
PARSER_FAULTS = (ValueError, LookupError, AttributeError, TypeError)


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
    people: Mapping[str, list[tuple[str, str]]]

    def addresses(self, header: str) -> list[tuple[str, str]]:
        """(name, address) pairs of all headers with this name: From, To, Cc or Bcc."""
        return self.people[header]


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
        people={kind: _people(message, kind) for kind in ("From", "To", "Cc", "Bcc")},
    )


def _header(message: EmailMessage, name: str, value: object) -> tuple[str, str]:
    # Folded right after the colon: the parser would keep the fold as a space.
    text = _decoded(value).lstrip(" \t\r\n")
    try:
        return name, _decoded(message.policy.header_fetch_parse(name, text))
    except PARSER_FAULTS:
        return name, text


def _people(message: EmailMessage, kind: str) -> list[tuple[str, str]]:
    """The parsed header, not its text, tells a comma in a name from one between names."""
    values = [
        _decoded(value) for name, value in message.raw_items() if name.lower() == kind.lower()
    ]
    try:
        return [
            (_decoded(person.display_name), _decoded(person.addr_spec))
            for value in values
            for person in email.policy.default.header_factory(kind, value).addresses
        ]
    except PARSER_FAULTS:
        return getaddresses(values)


def _decoded(value: object) -> str:
    """Raw UTF-8 (SMTPUTF8) and broken encoded words arrive as surrogates: make them text."""
    return str(value).encode(errors="surrogateescape").decode(errors="replace")


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
        found.append(
            Attachment(_decoded(part.get_filename() or ""), part.get_content_type(), content)
        )
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
