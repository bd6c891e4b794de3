"""A message as a mail: one layout as text and HTML, headers, and the calendar file."""

from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.notify.domain.delivery import Delivery
from services.notify.writing.catalogue import marked
from services.notify.writing.company import Company
from services.notify.writing.content import Action, Occasion, a_name
from services.notify.writing.headers import header, mailbox_header
from services.notify.writing.invitation import CALENDAR_OF, calendar_for
from services.notify.writing.messages import TEMPLATES, Message, Messages, WritingError
from services.notify.writing.sessions import sessions_told
from services.notify.writing.typography import unbroken


@dataclass(frozen=True)
class Letter:
    """A mail ready to go: bare envelope addresses and the bytes with CRLF line ends."""

    sender: str
    recipient: str
    text: bytes


@dataclass(frozen=True)
class MailWords:
    """What a mail says, as a person reads it."""

    subject: str
    text: str
    html: str


@cache
def _layouts() -> tuple[Template, Template]:
    """The layout as text and as HTML."""
    made: Callable[..., Environment] = Environment
    loader = FileSystemLoader(TEMPLATES)
    plain = made(loader=loader, undefined=StrictUndefined, autoescape=False)
    rich = made(loader=loader, undefined=StrictUndefined, autoescape=True)
    rich.filters["unbroken"] = unbroken
    return plain.get_template("layout.txt.j2"), rich.get_template("layout.html.j2")


class LetterWriter:
    """Writes mails. Templates are read when it is made, so a broken one stops the start."""

    def __init__(self, *, sender: str, public_url: str, company: Company) -> None:
        self._messages = Messages(public_url)
        self._plain, self._rich = _layouts()
        self._company = company
        self._sender = sender
        self._sender_name, self._sender_address = parseaddr(sender)
        self._domain = self._sender_address.rpartition("@")[2]

    def write(self, delivery: Delivery, *, now: datetime) -> Letter:
        """The mail of a delivery whose person is known.

        Raises:
            WritingError: something it needs is missing, or an address is not one.
        """
        try:
            return self._written(delivery, now)
        except Exception as fault:  # noqa: BLE001 - whatever it is, this mail cannot be written
            # Only the kind: the text of a fault may quote a name or an address.
            raise WritingError(type(fault).__name__) from None

    def words(self, delivery: Delivery) -> MailWords:
        """Subject, text and HTML alone, for who wants to see them before they go out.

        Raises:
            WritingError: something it needs is missing.
        """
        try:
            return self._worded(self._messages.about(delivery))
        except Exception as fault:  # noqa: BLE001 - as above
            raise WritingError(type(fault).__name__) from None

    def _worded(self, message: Message) -> MailWords:
        occasion, content = message.occasion, message.content
        words, person = occasion.words, occasion.person
        subject = message.line("subject")
        name = a_name(person.name)
        hello = words.say(marked("Hi %(name)s,")) % {"name": name}
        layout: dict[str, Any] = {
            "language": person.language,
            "company": self._company,
            "subject": subject,
            "preheader": message.line("preheader"),
            "greeting": hello if name else words.say(marked("Hello,")),
            "colon": words.say(marked(":")),
            "paragraphs": message.paragraphs("body"),
            "closing": message.paragraphs("closing") if message.has("closing") else [],
            "facts": content.facts,
            "actions": content.actions,
            "footer": self._footer(occasion),
            "footer_links": _choices(occasion),
        }
        return MailWords(subject, self._plain.render(layout), self._rich.render(layout))

    def _footer(self, occasion: Occasion) -> list[str]:
        company, say = self._company, occasion.words.say
        lines = [
            say(marked("Personal training at your pace. Just reply if you need anything.")),
            f"{company.name}, {company.address}, {company.contact}",
        ]
        if occasion.delivery.message_class == "service":
            lines.insert(0, say(marked("You choose whether and when messages like this one come.")))
        elif occasion.delivery.message_class == "marketing":
            lines.insert(0, say(marked("You get this because you asked for news from us.")))
        return lines

    def _written(self, delivery: Delivery, now: datetime) -> Letter:
        message = self._messages.about(delivery)
        occasion = message.occasion
        worded = self._worded(message)
        boundary = delivery.id.hex
        parts = [_text_part("plain", worded.text), _text_part("html", worded.html)]
        whole = ("alternative", parts)
        if delivery.template in CALENDAR_OF:
            method, file = calendar_for(occasion, message.paragraphs("body"), self._sender)
            if method != "PUBLISH":
                invitation = f'text/calendar; charset="utf-8"; method="{method}"'
                parts.append(_coded_part(invitation, file))
            attached = _coded_part(
                "application/ics", file, 'Content-Disposition: attachment; filename="session.ics"'
            )
            inner = f"inner{boundary}"
            kind = f'Content-Type: multipart/alternative; boundary="{inner}"\r\n\r\n'
            whole = ("mixed", [kind + _joined(parts, inner), attached])
        mail = (
            *self._head(occasion, worded.subject, now),
            "MIME-Version: 1.0\r\n",
            f'Content-Type: multipart/{whole[0]}; boundary="{boundary}"\r\n\r\n',
            _joined(whole[1], boundary),
        )
        return Letter(self._sender_address, occasion.person.email, "".join(mail).encode())

    def _head(self, occasion: Occasion, subject: str, now: datetime) -> list[str]:
        delivery, person = occasion.delivery, occasion.person
        # The same for every attempt, so that mailboxes and we can tell a twin.
        message_id = (
            f"{delivery.template}.{delivery.subject_id}.{delivery.subject_version}"
            f".{delivery.recipient_id}@{self._domain}"
        )
        lines = [
            mailbox_header("From", self._sender_name, self._sender_address),
            mailbox_header("To", a_name(person.name), person.email),
            header("Subject", subject),
            header("Date", format_datetime(now)),
            header("Message-ID", f"<{message_id}>"),
            header("Auto-Submitted", "auto-generated"),
            header("X-Limber-Template", delivery.template),
            header("Content-Language", person.language),
        ]
        if "sessions" in delivery.detail:
            bookings = [told.booking_id for told in sessions_told(delivery)]
        else:
            bookings = [delivery.booking_id] if delivery.booking_id is not None else []
        lines += [header("X-Limber-Booking", str(booking_id)) for booking_id in bookings]
        if (url := unsubscribe_url(occasion)) is not None:
            lines.append(header("List-Unsubscribe", f"<{url}>"))
            lines.append(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return lines


def unsubscribe_url(occasion: Occasion) -> str | None:
    """The link that ends this class of mail; None for what is essential or before it is known."""
    asked = (occasion.delivery.message_class, "email")
    for access in occasion.person.unsubscribe:
        if (access.message_class, access.channel) == asked:
            return occasion.links.unsubscribe(access.token)
    return None


def _choices(occasion: Occasion) -> list[Action]:
    if occasion.delivery.message_class == "essential":
        return []
    say = occasion.words.say
    choices = [Action(say(marked("Choose what you get and when")), occasion.home)]
    if (url := unsubscribe_url(occasion)) is not None:
        choices.insert(0, Action(say(marked("Stop messages like this one")), url))
    return choices


def _text_part(subtype: str, text: str) -> str:
    # Put together here: the library parses and folds each header of each part, which took three
    # quarters of the time of writing a mail.
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + b2a_qp(lines.encode(), istext=True).decode()
    )


def _coded_part(content_type: str, content: bytes, *more: str) -> str:
    head = "".join(f"{line}\r\n" for line in more)
    coded = encodebytes(content).decode().replace("\n", "\r\n")
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n{head}\r\n{coded}"


def _joined(parts: Sequence[str], boundary: str) -> str:
    """Parts of a multipart; a quoted or coded line never begins with two dashes and hex digits."""
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
