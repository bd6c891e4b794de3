"""Which messages follow from a change of a booking, and when its reminders are due."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.notify.domain.planned import Planned
from services.notify.domain.templates import (
    ANNOUNCED_FOR,
    BOOKING_CANCELLED,
    BOOKING_CONFIRMED,
    BOOKING_FROZEN,
    BOOKING_RESCHEDULED,
    BOOKING_UNFROZEN,
    CHECK_IN_BEFORE,
    DEFAULT_REMINDERS,
    REMINDERS,
    TRAINER_BOOKED,
    TRAINER_CANCELLED,
    TRAINER_MOVED,
    WAITLIST_OFFER,
    Reminder,
    Template,
)
from services.notify.domain.windows import Hours
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
from shared.contracts.event import Envelope
from shared.contracts.waitlist import WaitlistOffered

BookingStatus = Literal["confirmed", "frozen", "cancelled", "completed", "missed"]

PRE_CHECK_IN = Reminder(
    CHECK_IN_BEFORE, before=timedelta(hours=1), useless=timedelta(0), moved=False
)
"""How somebody is right before a session cannot be told the evening before."""

PRE_SINCE = timedelta(hours=12)
"""A check-in without a booking that is as old before the start is about this session."""

_STATUS: dict[type[BookingFact], BookingStatus] = {
    BookingConfirmed: "confirmed",
    BookingRescheduled: "confirmed",
    BookingUnfrozen: "confirmed",
    BookingFrozen: "frozen",
    BookingCancelled: "cancelled",
    BookingCompleted: "completed",
    BookingMissed: "missed",
}


def status_after(event: BookingFact) -> BookingStatus:
    """The booking's status once the event has happened."""
    return _STATUS[type(event)]


def from_booking(
    event: Envelope[Any],
    *,
    status: BookingStatus,
    hours: Hours,
    together: Sequence[BookingFact] | None = None,
    now: datetime,
) -> list[Planned]:
    """Messages that follow from a booking event; `hours` are the client's as far as known.

    A frozen booking that moves stays frozen, so `status` is the one the booking now has. `together`
    are the facts to announce at once where one change made several; none while some are missing.
    """
    fact = event.data
    announced = [fact] if together is None else together
    found = list(_announcements(announced, event.time, now))
    if status == "confirmed":
        found += reminders(fact, detail=_detail(fact, event.time), hours=hours, now=now)
    return [planned for planned in found if planned.expires_at > now]


def reminders(
    fact: BookingFact, *, detail: dict[str, Any], hours: Hours, now: datetime
) -> Iterator[Planned]:
    """The client's reminders that are still ahead, and the question how they come."""
    for reminder in (*REMINDERS.get(fact.service, DEFAULT_REMINDERS), PRE_CHECK_IN):
        nominal = fact.start - reminder.before
        due = _due(reminder, nominal, hours)
        if due is None or nominal <= now or due <= now:
            continue
        asked = reminder is PRE_CHECK_IN
        since = {"kind": "pre", "since": (fact.start - PRE_SINCE).isoformat()} if asked else {}
        yield Planned(
            template=reminder.template,
            subject_id=fact.booking_id,
            subject_version=fact.version,
            recipient_id=fact.client_id,
            nominal_at=nominal,
            due_at=due,
            expires_at=fact.start - reminder.useless,
            booking_id=fact.booking_id,
            detail=detail | since,
        )


def due_in(hours: Hours, template: str, nominal: datetime) -> datetime:
    """When a reminder is due by other hours than it was planned with.

    One that may not be moved keeps its moment, and is judged when that comes.
    """
    if template == CHECK_IN_BEFORE.name:
        return nominal
    return hours.last_allowed(nominal) or nominal


def _due(reminder: Reminder, nominal: datetime, hours: Hours) -> datetime | None:
    if reminder.moved:
        return hours.last_allowed(nominal)
    return nominal if hours.allow(nominal) else None


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
        case BookingFrozen():
            yield BOOKING_FROZEN, fact.client_id
        case BookingUnfrozen():
            yield BOOKING_UNFROZEN, fact.client_id
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
