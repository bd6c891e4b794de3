"""A message about to go out: what is known at that moment, and what to do with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.notify.domain.templates import TEMPLATES, MessageClass, Nature
from services.notify.domain.windows import QUIET_HOURS, zone_or_company
from shared.contracts.contacts import Grant, Preferences, PushDevice, UnsubscribeAccess

State = Literal[
    "scheduled",
    "sending",
    "sent",
    "retrying",
    "failed",
    "bounced",
    "cancelled",
    "expired",
    "unknown",
]
WaitsFor = Literal["contact", "access", "earlier", "hours", "cap", "digest"]

LATE_GRACE = timedelta(minutes=10)
"""One due at the last allowed moment is sent just after it: so much lateness is no disturbance."""

WAIT_SHORTEST = timedelta(milliseconds=500)
WAIT_LONGEST = timedelta(seconds=60)
WAIT_SHARE = 0.25
"""What is waited for wakes its messages itself; looking again only helps when that was missed,
so a wait is a quarter of the message's age between these bounds."""


@dataclass(frozen=True)
class Person:
    """A contact as a message needs it.

    `reminders` and `marketing` are the consent to e-mail where there are no `grants`.
    """

    id: UUID
    role: str
    name: str
    email: str
    language: Literal["en", "fr"]
    tz: str
    reminders: bool
    marketing: bool
    phone: str | None = None
    grants: tuple[Grant, ...] = ()
    preferences: Preferences | None = None
    unsubscribe: tuple[UnsubscribeAccess, ...] = ()
    devices: tuple[PushDevice, ...] = ()


@dataclass(frozen=True)
class Access:
    """The client's links to the booking, its place and the other person's name.

    A trainer's mail shows the place alone: the links are the client's.
    """

    manage_token: str
    calendar_token: str
    join_url: str | None
    address: str | None
    with_name: str


@dataclass(frozen=True)
class Code:
    """The sign-in code the recipient asked for last."""

    request_id: UUID
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class BookingNow:
    """The booking as it stands at the moment of sending."""

    version: int
    status: str


@dataclass(frozen=True)
class Delivery:
    """A claimed message with all that is known about it now.

    `other_name`: the client, or the trainer, that a message to somebody else is about;
    `leave_token` opens the recipient's place on the waitlist. `accesses` is there for a message
    about several bookings, by booking; `gathered` is what a digest tells of, read when it is sent.
    """

    id: UUID
    template: str
    subject_id: UUID
    subject_version: int
    recipient_id: UUID
    booking_id: UUID | None
    channel: str
    message_class: MessageClass
    nature: Nature
    detail: dict[str, Any]
    due_at: datetime
    expires_at: datetime
    created_at: datetime
    attempts: int
    unknowns: int
    lease: UUID
    person: Person | None = None
    access: Access | None = None
    accesses: Mapping[UUID, Access] = field(default_factory=dict)
    code: Code | None = None
    booking: BookingNow | None = None
    other_name: str | None = None
    leave_token: str | None = None
    earlier_open: bool = False
    gathered: dict[str, Any] | None = None


@dataclass(frozen=True)
class Send:
    """It is true and wanted now."""


@dataclass(frozen=True)
class Wait:
    """Something is missing yet; look again at `until`, or when what it waits for arrives."""

    until: datetime
    waits_for: WaitsFor


@dataclass(frozen=True)
class Drop:
    """It will not go out."""

    state: Literal["cancelled", "expired"]
    reason: str


Verdict = Send | Wait | Drop


def judge(delivery: Delivery, *, now: datetime) -> Verdict:
    """Whether a message that is due may go out now."""
    if now >= delivery.expires_at:
        return Drop("expired", "too late")
    if (stale := _stale(delivery)) is not None:
        return Drop("cancelled", stale)
    if delivery.person is None:
        return _wait(delivery, "contact", now)
    if (refusal := _unwanted(delivery, delivery.person)) is not None:
        return Drop("cancelled", refusal)
    if (missing := _missing(delivery, now)) is not None:
        return _wait(delivery, missing, now)
    return _in_hours(delivery, delivery.person, now)


def _stale(delivery: Delivery) -> str | None:
    """Why a message is no longer true.

    An announcement tells what happened at its version, which stays true; a reminder and a code
    speak of the present.
    """
    if delivery.nature == "reminder":
        booking = delivery.booking
        if booking is None or booking.version != delivery.subject_version:
            return "the booking changed"
        if booking.status != "confirmed":
            return f"the booking is {booking.status}"
    asked_again = delivery.code is None or delivery.code.request_id != delivery.subject_id
    if delivery.nature == "code" and delivery.person is not None and asked_again:
        return "a newer code was asked for"
    return None


def _unwanted(delivery: Delivery, person: Person) -> str | None:
    if delivery.message_class == "service" and not person.reminders:
        return "no consent to reminders"
    if delivery.message_class == "marketing" and not person.marketing:
        return "no consent to marketing"
    return None


def _missing(delivery: Delivery, now: datetime) -> WaitsFor | None:
    if delivery.earlier_open:
        return "earlier"
    if delivery.access is not None or delivery.booking_id is None:
        return None
    # Once a booking is over its links are gone for good.
    over = delivery.booking is not None and delivery.booking.status not in {"confirmed", "frozen"}
    patience = TEMPLATES[delivery.template].access_wait
    return None if over or now >= delivery.created_at + patience else "access"


def _in_hours(delivery: Delivery, person: Person, now: datetime) -> Verdict:
    rules = zone_or_company(person.tz)
    # Due at the very end of a window counts as inside it, if it is sent soon after.
    on_time = now - delivery.due_at < LATE_GRACE
    allowed_before = not QUIET_HOURS.covers(delivery.due_at - timedelta(seconds=1), rules)
    if delivery.message_class == "essential" or (on_time and allowed_before):
        return Send()
    opens = QUIET_HOURS.next_allowed(now, rules)
    if opens == now:
        return Send()
    if opens >= delivery.expires_at:
        return Drop("expired", "quiet hours until it is too late")
    return Wait(opens, "hours")


def _wait(delivery: Delivery, waits_for: WaitsFor, now: datetime) -> Wait:
    age = (now - delivery.created_at) * WAIT_SHARE
    return Wait(now + min(max(age, WAIT_SHORTEST), WAIT_LONGEST), waits_for)
