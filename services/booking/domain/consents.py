"""What people agreed to be sent, by class and channel: a ledger whose newest line counts.

Marketing needs an express yes. Messages about the training may follow from it by themselves for a
while (implied consent of Canada's anti-spam law); essential messages need no leave at all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from shared.contracts.booking import ConsentChanged, ConsentPurpose
from shared.contracts.contacts import Basis, Channel, MessageClass

Source = Literal[
    "booking-form",
    "waitlist-form",
    "session",
    "settings",
    "one-click",
    "unsubscribe-page",
    "stop",
    "start",
    "complaint",
    "device",
    "number-removed",
    "works-here",
]
Kind: TypeAlias = tuple[MessageClass, Channel]

REMINDERS: Kind = ("service", "email")
"""What the forms ask as `reminders`, and all that is ever implied."""

MARKETING: Kind = ("marketing", "email")

KINDS: tuple[Kind, ...] = (
    ("service", "email"),
    ("service", "sms"),
    ("service", "push"),
    ("marketing", "email"),
    ("marketing", "sms"),
    ("marketing", "push"),
)

ASKED: Mapping[str, Kind] = {"reminders": REMINDERS, "marketing": MARKETING}
"""How forms call what they ask."""

CLASSES: tuple[MessageClass, ...] = ("service", "marketing")

PURCHASE_IMPLIES = timedelta(days=730)
"""The law allows two years after the last session or purchase; never a day more."""

INQUIRY_IMPLIES = timedelta(days=180)
"""The law allows six months after an inquiry, of which the shortest have 181 days."""

IMPLIES: Mapping[Source, timedelta] = {
    "booking-form": PURCHASE_IMPLIES,
    "session": PURCHASE_IMPLIES,
    "waitlist-form": INQUIRY_IMPLIES,
}

EVIDENCE: Mapping[Source, str] = {
    "booking-form": "booking form",
    "waitlist-form": "waitlist form",
    "session": "a session that took place",
    "settings": "settings page",
    "one-click": "unsubscribe button of the mail program (RFC 8058)",
    "unsubscribe-page": "unsubscribe link",
    "stop": "STOP by SMS",
    "start": "START by SMS",
    "complaint": "reported as spam",
    "device": "notifications allowed on a device",
    "number-removed": "phone number removed",
    "works-here": "works with Limber",
}
"""What is written down with a line; the words of a line that is written stay as they are."""

_PURPOSE: dict[MessageClass, ConsentPurpose] = {
    "service": "service-messages",
    "marketing": "marketing-messages",
}


@dataclass(frozen=True)
class Line:
    """One line of the ledger: what was granted or withdrawn, on which ground and how we know."""

    message_class: MessageClass
    channel: Channel
    basis: Basis
    source: Source
    evidence: str
    at: datetime
    expires_at: datetime | None = None

    @property
    def granted(self) -> bool:
        """Whether the line says yes; it may have run out since."""
        return self.basis != "withdrawn"

    def counts(self, now: datetime) -> bool:
        """Whether messages may be sent by it."""
        return self.granted and (self.expires_at is None or now < self.expires_at)


Standing: TypeAlias = Mapping[Kind, Line]
"""The newest line of each class and channel that has one."""


def allows(standing: Standing, kind: Kind, now: datetime) -> bool:
    """Whether messages of a class may be sent by a channel."""
    return kind in standing and standing[kind].counts(now)


def answered(
    standing: Standing,
    answers: Mapping[Kind, bool],
    *,
    source: Source,
    now: datetime,
    shown: bool = False,
) -> list[Line]:
    """The lines that answers on a form add.

    Where the form has `shown` how things stand, only what differs is an answer: a box that was
    ticked beforehand is no express consent.
    """
    lines = []
    for kind, wanted in answers.items():
        allowed = allows(standing, kind, now)
        if shown and wanted == allowed:
            continue
        if wanted and not (allowed and standing[kind].basis == "express"):
            lines.append(_line(kind, "express", source, now))
        # What was never granted needs no withdrawing, unless it could be implied one day.
        if not wanted and (allowed or (kind == REMINDERS and not _refused(standing, kind))):
            lines.append(_line(kind, "withdrawn", source, now))
    return lines


def implied(standing: Standing, *, source: Source, now: datetime) -> list[Line]:
    """The line that training with us adds: later than what was implied before, never over a word.

    Whoever said yes or no themselves is taken at that.
    """
    line, until = standing.get(REMINDERS), now + IMPLIES[source]
    if line is None or (line.expires_at is not None and line.expires_at < until):
        return [_line(REMINDERS, "implied", source, now, expires_at=until)]
    return []


def introduced(answers: Mapping[Kind, bool], *, source: Source, now: datetime) -> list[Line]:
    """The first lines of somebody new: their answers, and what follows where they gave none."""
    lines = answered({}, answers, source=source, now=now)
    return lines if REMINDERS in answers else [*lines, *implied({}, source=source, now=now)]


def works_here(now: datetime) -> list[Line]:
    """The first line of somebody who works with Limber; it lasts."""
    return [_line(REMINDERS, "implied", "works-here", now)]


def withdrawn(
    standing: Standing, kinds: Collection[Kind], *, source: Source, now: datetime
) -> list[Line]:
    """The lines that a no adds; said again it adds none."""
    return [_line(kind, "withdrawn", source, now) for kind in kinds if not _refused(standing, kind)]


def stopped(standing: Standing, channel: Channel, *, source: Source, at: datetime) -> list[Line]:
    """The lines that a no to a whole channel adds, which was said at `at` and is heard now.

    Where the person has said something newer by then, that counts.
    """
    kinds: list[Kind] = [(message_class, channel) for message_class in CLASSES]
    heard = [kind for kind in kinds if not _is_overtaken(standing, kind, at)]
    return withdrawn(standing, heard, source=source, now=at)


def started_again(standing: Standing, *, at: datetime) -> list[Line]:
    """The line that START by SMS adds, where STOP had ended it; marketing is never among it."""
    kind: Kind = ("service", "sms")
    ended_by_stop = kind in standing and standing[kind].source == "stop"
    if ended_by_stop and not _is_overtaken(standing, kind, at):
        return [_line(kind, "express", "start", at)]
    return []


def number_removed(standing: Standing, *, now: datetime) -> list[Line]:
    """The lines that forgetting the phone number adds: a new number is asked for anew."""
    texted: list[Kind] = [("service", "sms"), ("marketing", "sms")]
    gone = [kind for kind in texted if allows(standing, kind, now)]
    return withdrawn(standing, gone, source="number-removed", now=now)


def changed(person_id: UUID, lines: Collection[Line]) -> list[ConsentChanged]:
    """Each new line as the topic tells it."""
    return [
        ConsentChanged(
            client_id=person_id,
            purpose=_PURPOSE[line.message_class],
            granted=line.granted,
            channel=line.channel,
            basis=line.basis,
            at=line.at,
            expires_at=line.expires_at,
        )
        for line in lines
    ]


def _refused(standing: Standing, kind: Kind) -> bool:
    return kind in standing and not standing[kind].granted


def _is_overtaken(standing: Standing, kind: Kind, at: datetime) -> bool:
    return kind in standing and standing[kind].at > at


def _line(
    kind: Kind, basis: Basis, source: Source, at: datetime, *, expires_at: datetime | None = None
) -> Line:
    return Line(*kind, basis, source, EVIDENCE[source], at, expires_at)
