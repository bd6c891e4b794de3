"""A message as a mail: words, one layout as text and HTML, headers, and the calendar file."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.environment import Template
from markupsafe import Markup

from services.notify.domain.delivery import Access, Delivery, Person
from services.notify.domain.windows import zone_or_company
from services.notify.writing.words import WORDS, Words, clock_time, day, span
from shared.calendar import CalendarEntry, Method, Status, calendar_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

CALENDAR_OF: dict[str, tuple[Method, Status]] = {
    "booking-confirmed": ("REQUEST", "CONFIRMED"),
    "booking-rescheduled": ("REQUEST", "CONFIRMED"),
    "booking-cancelled": ("CANCEL", "CANCELLED"),
}
"""Messages that carry a calendar file, its method and the session's status in it."""

OVER = frozenset({"booking-cancelled", "trainer-cancelled"})
"""Messages about a session that will not be: they name no place and offer no links."""


FOR_TRAINERS = frozenset({"trainer-booked", "trainer-moved", "trainer-cancelled"})


@dataclass(frozen=True)
class Letter:
    """A mail ready to go: bare envelope addresses and the bytes with CRLF line ends."""

    sender: str
    recipient: str
    text: bytes


class LetterError(Exception):
    """The message cannot be written as a mail, now or later."""


@dataclass(frozen=True)
class _Session:
    """What a mail says of a session, in the recipient's words."""

    facts: list[tuple[str, str]]
    actions: list[tuple[str, str]]
    variables: dict[str, Any]


@dataclass(frozen=True)
class _Told:
    """A session in a message."""

    booking_id: UUID
    version: int
    start: datetime
    end: datetime


class LetterWriter:
    """Writes mails. Templates are read when it is made, so a broken one stops the start."""

    def __init__(self, *, sender: str, public_url: str) -> None:
        loader = FileSystemLoader(Path(__file__).parent / "templates")
        made: Callable[..., Environment] = Environment
        self._plain = made(loader=loader, undefined=StrictUndefined, autoescape=False)
        self._html = made(loader=loader, undefined=StrictUndefined, autoescape=True)
        for name in loader.list_templates():
            self._plain.get_template(name)
            self._html.get_template(name)
        self._sender = sender
        self._sender_name, self._sender_address = parseaddr(sender)
        self._domain = self._sender_address.rpartition("@")[2]
        self._public_url = public_url

    def write(self, delivery: Delivery, *, now: datetime) -> Letter:
        """The mail of a delivery whose person is known.

        Raises:
            LetterError: something the template needs is missing, or an address is not one.
        """
        person = delivery.person
        if person is None:
            raise LetterError("nobody to write to")
        try:
            return self._written(delivery, person, now)
        except Exception as fault:  # noqa: BLE001 - whatever it is, this mail cannot be written
            # Only the kind: the text of a fault may quote a name or an address.
            raise LetterError(type(fault).__name__) from None

    def _written(self, delivery: Delivery, person: Person, now: datetime) -> Letter:
        words = WORDS[person.language]
        content = self._content(delivery, person, words)
        name = f"{person.language}/{delivery.template}.j2"
        plain, html = self._plain.get_template(name), self._html.get_template(name)
        variables = content.variables
        body = _block(plain, "body", variables)
        subject = _one_line(_block(plain, "subject", variables))
        layout: dict[str, Any] = {
            "language": person.language,
            "subject": subject,
            "facts": content.facts,
            "actions": content.actions,
            "footer": [words.footer]
            + ([words.service_footer] if delivery.message_class == "service" else []),
        }
        plain_text = self._plain.get_template("layout.txt.j2").render(
            layout | {"paragraphs": _paragraphs(body)}
        )
        paragraphs = [Markup(part) for part in _paragraphs(_block(html, "body", variables))]  # noqa: S704 - rendered with autoescape
        html_text = self._html.get_template("layout.html.j2").render(
            layout | {"paragraphs": paragraphs}
        )
        boundary = delivery.id.hex
        parts = [_text_part("plain", plain_text), _text_part("html", html_text)]
        whole = ("alternative", parts)
        if delivery.template in CALENDAR_OF:
            method, file = self._calendar(delivery, person, words, body)
            if method != "PUBLISH":
                invitation = f'text/calendar; charset="utf-8"; method="{method}"'
                parts.append(_coded_part(invitation, file))
            attached = _coded_part(
                "application/ics", file, 'Content-Disposition: attachment; filename="session.ics"'
            )
            inner = f"inner{boundary}"
            kind = f'Content-Type: multipart/alternative; boundary="{inner}"\r\n\r\n'
            whole = ("mixed", [kind + _joined(parts, inner), attached])
        mail = EmailMessage(policy=SMTP if person.email.isascii() else SMTPUTF8)
        self._head(mail, delivery, person, subject, now)
        mail["MIME-Version"] = "1.0"
        mail["Content-Type"] = f'multipart/{whole[0]}; boundary="{boundary}"'
        mail.set_payload(_joined(whole[1], boundary))
        return Letter(self._sender_address, person.email, mail.as_bytes())

    def _head(
        self, mail: EmailMessage, delivery: Delivery, person: Person, subject: str, now: datetime
    ) -> None:
        mail["From"] = _address(self._sender_name, self._sender_address)
        mail["To"] = _address(_one_line(person.name), person.email)
        mail["Subject"] = subject
        mail["Date"] = format_datetime(now)
        # The same for every attempt, so that mailboxes and we can tell a twin.
        mail["Message-ID"] = (
            f"<{delivery.template}.{delivery.subject_id}.{delivery.subject_version}"
            f".{delivery.recipient_id}@{self._domain}>"
        )
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Limber-Template"] = delivery.template
        if delivery.booking_id is not None:
            for told in _sessions_told(delivery):
                mail["X-Limber-Booking"] = str(told.booking_id)
        mail["Content-Language"] = person.language

    def _content(self, delivery: Delivery, person: Person, words: Words) -> _Session:
        variables: dict[str, Any] = {"name": _one_line(person.name) or words.someone}
        match delivery.nature:
            case "announcement" | "reminder":
                return self._session(delivery, person, words, variables)
            case "code":
                if delivery.code is None:
                    raise LetterError("the code is gone")
                variables["code"] = delivery.code.code
                variables["until"] = clock_time(
                    delivery.code.expires_at, zone_or_company(person.tz), person.language
                )
                return _Session([], [(words.sign_in, f"{self._public_url}/sign-in")], variables)
            case "alert":
                variables["client"] = _one_line(delivery.other_name or "") or words.a_client
                variables["level"] = delivery.detail["level"]
                return _Session([], [(words.desk, f"{self._public_url}/desk")], variables)
            case "offer":
                return self._offer(delivery, person, words, variables)

    def _session(
        self, delivery: Delivery, person: Person, words: Words, variables: dict[str, Any]
    ) -> _Session:
        detail, access, rules = delivery.detail, delivery.access, zone_or_company(person.tz)
        start, end = _instant(detail, "start"), _instant(detail, "end")
        for_client = delivery.template not in FOR_TRAINERS
        nobody = words.a_trainer if for_client else words.a_client
        with_name = _one_line(access.with_name) if access else ""
        several = _sessions_told(delivery) if "sessions" in detail else []
        variables |= {
            "service": words.services.get(detail["service"], words.other_service),
            "many": len(several),
            "services": words.many.get(detail["service"], words.many_others),
            "first": detail["service"] == "first-workout",
            "virtual": detail["mode"] == "virtual",
            "day": day(start, rules, person.language),
            "time": clock_time(start, rules, person.language),
            "with_name": with_name or nobody,
        }
        facts = [(words.when, span(start, end, rules, person.language))]
        if several:
            dates = (span(told.start, told.end, rules, person.language) for told in several)
            facts = [(str(number), date) for number, date in enumerate(dates, start=1)]
        actions: list[tuple[str, str]] = []
        if "previous_start" in detail and not several:
            previous = _instant(detail, "previous_start")
            was = f"{day(previous, rules, person.language)}, "
            facts.append((words.before, was + clock_time(previous, rules, person.language)))
        if with_name:
            facts.append((words.with_whom, with_name))
        if delivery.template in OVER:
            return _Session(facts, actions, variables)
        if detail["mode"] == "virtual":
            facts.append((words.where, words.online))
        elif access and access.address:
            facts.append((words.where, _one_line(access.address)))
        if access and access.join_url and not several:
            actions.append((words.join, access.join_url))
        if not for_client:
            actions.append((words.desk, f"{self._public_url}/desk"))
        elif several:
            actions.append((words.manage, f"{self._public_url}/me"))
        else:
            actions.append((words.manage, self._manage_url(access)))
            if access:
                actions.append(
                    (words.calendar, self._calendar_url(delivery, access.calendar_token))
                )
        return _Session(facts, actions, variables)

    def _offer(
        self, delivery: Delivery, person: Person, words: Words, variables: dict[str, Any]
    ) -> _Session:
        detail, rules, language = delivery.detail, zone_or_company(person.tz), person.language
        start, until = _instant(detail, "start"), _instant(detail, "until")
        with_name = _one_line(delivery.other_name or "")
        book = f"{self._public_url}/?hold={delivery.subject_id}"
        leave = f"waitlist/{delivery.leave_token}" if delivery.leave_token else "me"
        variables |= {
            "service": words.services.get(detail["service"], words.other_service),
            "virtual": detail["mode"] == "virtual",
            "day": day(start, rules, language),
            "time": clock_time(start, rules, language),
            "until": clock_time(until, rules, language),
            "with_name": with_name or words.a_trainer,
            "book": book,
        }
        facts = [(words.when, span(start, _instant(detail, "end"), rules, language))]
        if with_name:
            facts.append((words.with_whom, with_name))
        if detail["mode"] == "virtual":
            facts.append((words.where, words.online))
        facts.append((words.kept_until, clock_time(until, rules, language)))
        actions = [(words.book, book), (words.leave, f"{self._public_url}/{leave}")]
        return _Session(facts, actions, variables)

    def _calendar(
        self, delivery: Delivery, person: Person, words: Words, body: str
    ) -> tuple[Method, bytes]:
        """Method and content of the calendar file; several sessions can only be published."""
        method, status = CALENDAR_OF[delivery.template]
        detail, several = delivery.detail, "sessions" in delivery.detail
        service = words.services.get(detail["service"], words.other_service).capitalize()
        over = delivery.template in OVER
        entries = []
        for told in _sessions_told(delivery):
            access = delivery.accesses.get(told.booking_id) if several else delivery.access
            entries.append(
                CalendarEntry(
                    booking_id=told.booking_id,
                    version=told.version,
                    start=told.start,
                    end=told.end,
                    tz=zone_or_company(detail["tz"]).key,
                    summary=f"{service} · Limber",
                    description=words.footer if several else "\n\n".join(_paragraphs(body)),
                    location=access.join_url or access.address if access and not over else None,
                    url=None if over else self._manage_url(access),
                    status=status,
                )
            )
        attendee = f'"{_one_line(person.name)}" <{person.email}>'
        method = "PUBLISH" if several else method
        file = calendar_of(
            entries,
            method=method,
            organizer=self._sender,
            attendee=None if several else attendee,
            stamp=_instant(detail, "at"),
        )
        return method, file

    def _manage_url(self, access: Access | None) -> str:
        if access is None:
            return f"{self._public_url}/me"
        return f"{self._public_url}/manage/{access.manage_token}"

    def _calendar_url(self, delivery: Delivery, token: str) -> str:
        return f"{self._public_url}/v1/bookings/{delivery.subject_id}/calendar.ics?token={token}"


def _sessions_told(delivery: Delivery) -> list[_Told]:
    """The sessions a message is about: one, or those that one change concerned."""
    alone = {
        "booking_id": str(delivery.subject_id),
        "version": delivery.subject_version,
        "start": delivery.detail["start"],
        "end": delivery.detail["end"],
    }
    return [
        _Told(UUID(one["booking_id"]), one["version"], _instant(one, "start"), _instant(one, "end"))
        for one in delivery.detail.get("sessions", [alone])
    ]


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


def _address(name: str, mailbox: str) -> Address:
    user, _, domain = mailbox.rpartition("@")
    if not user or not domain or re.search(r"\s", mailbox):
        raise LetterError("not a mail address")
    return Address(name, user, domain)


def _block(template: Template, name: str, variables: dict[str, Any]) -> str:
    return "".join(template.blocks[name](template.new_context(variables))).strip()


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _one_line(text: str) -> str:
    """Without line ends, control characters and quotation marks, which headers take amiss."""
    return _CONTROL.sub(" ", text).replace('"', "'").replace("\\", "").strip()


def _instant(detail: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(detail[name])
