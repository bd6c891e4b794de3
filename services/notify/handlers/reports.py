"""What providers report: a message arrived or came back, somebody complained or texted back."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.notify.domain import keywords
from services.notify.domain.keywords import Language
from services.notify.store import history, suppressions
from services.notify.store.suppressions import Address
from shared.postgres import Transaction

Result = Literal["taken", "nothing-to-do", "unknown"]

_MESSAGE_ID = re.compile(
    r"<?(?P<template>[a-z0-9-]{1,64})\.(?P<subject>[0-9a-f-]{36})\.(?P<version>[0-9]{1,9})"
    r"\.(?P<recipient>[0-9a-f-]{36})@[^\s<>]+>?"
)
"""As `writing.mail` makes it."""


@dataclass(frozen=True)
class Delivered:
    """It arrived."""

    message: str


@dataclass(frozen=True)
class Bounced:
    """It came back; `permanent`: the address will never take anything."""

    message: str
    permanent: bool
    address: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Complained:
    """Somebody called it spam."""

    message: str | None
    address: str | None = None


@dataclass(frozen=True)
class Inbound:
    """Somebody texted; `sender` is E.164."""

    sender: str
    text: str


Report = Delivered | Bounced | Complained | Inbound


@dataclass(frozen=True)
class Taken:
    """What became of a report; `help` asks for the one text that answers it."""

    result: Result
    help: Language | None = None


async def take_in(tx: Transaction, provider: str, report: Report, *, now: datetime) -> Taken:
    """Make a report true."""
    if isinstance(report, Inbound):
        return await _texted(tx, report, now)
    if isinstance(report, Complained):
        return await _complained(tx, provider, report, now)
    message_id = await _message(tx, report.message)
    if message_id is None:
        return Taken("unknown")
    match report:
        case Delivered():
            done = await history.arrived(tx, message_id, now=now)
        case Bounced(permanent=False):
            # It may arrive tomorrow; what cannot is reported again as permanent.
            done = False
        case Bounced():
            done = await suppressions.note_late_bounce(
                tx,
                message_id,
                evidence=f"{provider} reports {report.code or 'a hard bounce'}",
                address=report.address,
                now=now,
            )
    return Taken("taken" if done else "nothing-to-do")


async def _complained(tx: Transaction, provider: str, report: Complained, now: datetime) -> Taken:
    """Nothing that need not be sent goes to that address any more; essential messages do."""
    message_id = None if report.message is None else await _message(tx, report.message)
    told = None if message_id is None else await history.recipient(tx, message_id)
    person, channel, known = told or (None, "email", None)
    address = report.address or known
    if address is None:
        return Taken("unknown")
    done = await suppressions.suppress(
        tx,
        Address(channel, address),
        reason="complaint",
        evidence=f"{provider} reports a complaint",
        recipient_id=person,
        now=now,
    )
    return Taken("taken" if done else "nothing-to-do")


async def _texted(tx: Transaction, report: Inbound, now: datetime) -> Taken:
    keyword = keywords.read(report.text)
    if keyword is None:
        return Taken("nothing-to-do")
    address = Address("sms", report.sender)
    match keyword.meaning:
        case "stop":
            done = await suppressions.suppress(
                tx, address, reason="stop", evidence=f"{keyword.word} by SMS", now=now
            )
        case "start":
            done = await suppressions.start_again(
                tx, address, why=f"{keyword.word} by SMS", now=now
            )
        case "help":
            return Taken("taken", keyword.language)
    return Taken("taken" if done else "nothing-to-do")


async def _message(tx: Transaction, name: str) -> UUID | None:
    """The message by the provider's name for it, by our Message-ID, or by its own id."""
    found = await history.by_reference(tx, name)
    if found is not None:
        return found
    match = _MESSAGE_ID.fullmatch(name)
    try:
        if match is None:
            return UUID(name)
        return await history.by_key(
            tx,
            match["template"],
            UUID(match["subject"]),
            int(match["version"]),
            UUID(match["recipient"]),
        )
    except ValueError:
        return None
