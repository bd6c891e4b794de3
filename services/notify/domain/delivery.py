"""A message about to go out, with all that is known of it at that moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.notify.domain.templates import Channel, MessageClass, Nature
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
    `rounds` counts earlier tries, `suppressed_because` says why the address takes nothing more, and
    `sent_lately` is when service and marketing messages left by this channel in the last 26 hours.
    `answered`: what an invitation asks for was told already. `acknowledged`: somebody has looked at
    the alert. `traceparent` is the span of the event that it comes from.
    """

    id: UUID
    template: str
    subject_id: UUID
    subject_version: int
    recipient_id: UUID
    booking_id: UUID | None
    channel: Channel
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
    answered: bool = False
    acknowledged: bool = False
    suppressed_because: str | None = None
    sent_lately: tuple[datetime, ...] = ()
    gathered: Mapping[str, Any] | None = None
    rounds: int = 0
    traceparent: str | None = None


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

    state: Literal["cancelled", "expired", "bounced"]
    reason: str


Verdict = Send | Wait | Drop
