"""Which messages follow from an event, and when each is due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from services.notify.domain.templates import (
    ALERTED_FOR,
    ANNOUNCED_FOR,
    BOOKING_CANCELLED,
    BOOKING_CONFIRMED,
    BOOKING_RESCHEDULED,
    DEFAULT_REMINDERS,
    REMINDERS,
    SAFETY_ALERT,
    SIGN_IN_CODE,
    TRAINER_BOOKED,
    TRAINER_CANCELLED,
    TRAINER_MOVED,
    WAITLIST_OFFER,
    Channel,
    Template,
)
from services.notify.domain.windows import QUIET_HOURS, zone_or_company
from shared.contracts.booking import (
    BookingCancelled,
    BookingChange,
    BookingCompleted,
    BookingConfirmed,
    BookingFact,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope
from shared.contracts.progress import Level, SafetyHoldPlaced, SafetyLevelChanged
from shared.contracts.waitlist import WaitlistOffered

BookingStatus = Literal["confirmed", "frozen", "cancelled", "completed", "missed"]

ALARMING: frozenset[Level] = frozenset({"stop", "emergency"})
"""Levels at which a person is told at once."""

_ALERTS = UUID("6b0c1f5e-3f0a-5c0e-9d5f-2f7f8c1f6a10")

_STATUS: dict[type[BookingFact], BookingStatus] = {
    BookingConfirmed: "confirmed",
    BookingRescheduled: "confirmed",
    BookingUnfrozen: "confirmed",
    BookingFrozen: "frozen",
    BookingCancelled: "cancelled",
    BookingCompleted: "completed",
    BookingMissed: "missed",
}


@dataclass(frozen=True)
class Planned:
    """A message to be: who gets it, about which version of what, and in which span of time.

    `detail` holds what it speaks of: ids, codes and instants, never a name or an address.
    """

    template: Template
    subject_id: UUID
    subject_version: int
    recipient_id: UUID
    nominal_at: datetime
    due_at: datetime
    expires_at: datetime
    booking_id: UUID | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    channel: Channel = "email"


@dataclass(frozen=True)
class Alert:
    """Something about a client that people must hear of at once."""

    id: UUID
    client_id: UUID
    level: Level
    at: datetime


def status_after(event: BookingFact) -> BookingStatus:
    """The booking's status once the event has happened."""
    return _STATUS[type(event)]


def from_booking(
    event: Envelope[Any],
    *,
    status: BookingStatus,
    tz: str | None,
    together: Sequence[BookingFact] | None = None,
    now: datetime,
) -> list[Planned]:
    """Messages that follow from a booking event; `tz` is the client's zone as far as known.

    A frozen booking that moves stays frozen, so `status` is the one the booking now has. `together`
    are the facts to announce at once where one change made several; none while some are missing.
    """
    fact = event.data
    announced = [fact] if together is None else together
    found = list(_announcements(announced, event.time, now))
    if status == "confirmed":
        found += reminders(fact, detail=_detail(fact, event.time), tz=tz or fact.tz, now=now)
    return [planned for planned in found if planned.expires_at > now]


def reminders(
    fact: BookingFact, *, detail: dict[str, Any], tz: str | None, now: datetime
) -> Iterator[Planned]:
    """The client's reminders that are still ahead."""
    for reminder in REMINDERS.get(fact.service, DEFAULT_REMINDERS):
        nominal = fact.start - reminder.before
        due = due_outside_quiet_hours(nominal, tz)
        if nominal <= now or due <= now:
            continue
        yield Planned(
            template=reminder.template,
            subject_id=fact.booking_id,
            subject_version=fact.version,
            recipient_id=fact.client_id,
            nominal_at=nominal,
            due_at=due,
            expires_at=fact.start - reminder.useless,
            booking_id=fact.booking_id,
            detail=detail,
        )


def due_outside_quiet_hours(nominal: datetime, tz: str | None) -> datetime:
    """The nominal moment, or the end of the last allowed window before it."""
    return QUIET_HOURS.last_allowed(nominal, zone_or_company(tz))


def from_contact(contact: ContactChanged, *, now: datetime) -> list[Planned]:
    """The sign-in code that was asked for, unless it has run out."""
    asked = contact.sign_in
    if asked is None or asked.expires_at <= now:
        return []
    return [
        Planned(
            template=SIGN_IN_CODE,
            subject_id=asked.request_id,
            subject_version=0,
            recipient_id=contact.person_id,
            nominal_at=now,
            due_at=now,
            expires_at=asked.expires_at,
        )
    ]


def from_offer(fact: WaitlistOffered, *, now: datetime) -> list[Planned]:
    """The news that a time is kept for who waited, unless that time is over."""
    if fact.expires_at <= now:
        return []
    return [
        Planned(
            template=WAITLIST_OFFER,
            subject_id=fact.hold_id,
            subject_version=0,
            recipient_id=fact.client_id,
            nominal_at=now,
            due_at=now,
            expires_at=fact.expires_at,
            detail={
                "waitlist_id": str(fact.waitlist_id),
                "trainer_id": str(fact.trainer_id),
                "service": fact.service,
                "mode": fact.mode,
                "start": fact.start.isoformat(),
                "end": fact.end.isoformat(),
                "until": fact.expires_at.isoformat(),
            },
        )
    ]


def alert_from(fact: SafetyLevelChanged | SafetyHoldPlaced) -> Alert | None:
    """The alert an event calls for, if it calls for one.

    A level and the hold that comes with it are one alert: same client, same moment.
    """
    if isinstance(fact, SafetyLevelChanged) and fact.level not in ALARMING:
        return None
    moment = uuid5(_ALERTS, f"{fact.client_id} {fact.at.isoformat()}")
    return Alert(moment, fact.client_id, fact.level, fact.at)


def from_alert(alert: Alert, recipients: Sequence[UUID], *, now: datetime) -> list[Planned]:
    """One message to each person who must hear of it, unless it is too old to help."""
    expires = alert.at + ALERTED_FOR
    if expires <= now:
        return []
    return [
        Planned(
            template=SAFETY_ALERT,
            subject_id=alert.id,
            subject_version=0,
            recipient_id=recipient,
            nominal_at=now,
            due_at=now,
            expires_at=expires,
            detail={
                "client_id": str(alert.client_id),
                "level": alert.level,
                "at": alert.at.isoformat(),
            },
        )
        for recipient in recipients
    ]


def _announcements(facts: Sequence[BookingFact], at: datetime, now: datetime) -> Iterator[Planned]:
    """One message of a kind to each person, however many bookings it tells of."""
    news: dict[tuple[Template, UUID], list[BookingFact]] = {}
    for fact in facts:
        for template, recipient in _news(fact):
            news.setdefault((template, recipient), []).append(fact)
    for (template, recipient), told in news.items():
        yield _announce(template, told, recipient, at, now)


def _news(fact: BookingFact) -> Iterator[tuple[Template, UUID]]:
    match fact:
        case BookingConfirmed():
            yield BOOKING_CONFIRMED, fact.client_id
            yield TRAINER_BOOKED, fact.trainer_id
        case BookingRescheduled():
            yield BOOKING_RESCHEDULED, fact.client_id
            if fact.previous_trainer_id == fact.trainer_id:
                yield TRAINER_MOVED, fact.trainer_id
            else:
                yield TRAINER_BOOKED, fact.trainer_id
                yield TRAINER_CANCELLED, fact.previous_trainer_id
        case BookingCancelled():
            yield BOOKING_CANCELLED, fact.client_id
            yield TRAINER_CANCELLED, fact.trainer_id
        case _:
            return


def _announce(
    template: Template,
    told: Sequence[BookingFact],
    recipient: UUID,
    at: datetime,
    now: datetime,
) -> Planned:
    first = told[0]
    subject_id, version, detail = first.booking_id, first.version, _detail(first, at)
    if isinstance(first, BookingChange) and first.together is not None and len(told) > 1:
        subject_id, version = first.together.change_id, 0
        detail["sessions"] = [
            {
                "booking_id": str(fact.booking_id),
                "version": fact.version,
                "start": fact.start.isoformat(),
                "end": fact.end.isoformat(),
            }
            for fact in told
        ]
    return Planned(
        template=template,
        subject_id=subject_id,
        subject_version=version,
        recipient_id=recipient,
        nominal_at=now,
        due_at=now,
        expires_at=at + ANNOUNCED_FOR,
        booking_id=first.booking_id,
        detail=detail,
    )


def _detail(fact: BookingFact, at: datetime) -> dict[str, Any]:
    """What a mail about this version says; kept with it, so that it says so however late."""
    detail = {
        "service": fact.service,
        "mode": fact.mode,
        "start": fact.start.isoformat(),
        "end": fact.end.isoformat(),
        "tz": fact.tz,
        "at": at.isoformat(),
    }
    if isinstance(fact, BookingRescheduled):
        detail["previous_start"] = fact.previous_start.isoformat()
    return detail
