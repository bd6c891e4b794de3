"""What may become of a booking, and which event says so."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.booking.domain.people import Caller
from shared.contracts import booking as contract
from shared.contracts.booking import Area, BookingFact, Mode
from shared.errors import Conflict, StaleVersion

Status = Literal["confirmed", "frozen", "cancelled", "completed", "missed"]
By = Literal["client", "trainer", "staff"]

STANDING: frozenset[Status] = frozenset({"confirmed", "frozen"})
"""A booking that still takes a trainer's time."""


@dataclass(frozen=True)
class Booking:
    """A booking as it stands. `version` rises by one with each change, and is the ICS SEQUENCE."""

    id: UUID
    client_id: UUID
    trainer_id: UUID
    service: str
    mode: Mode
    area: Area | None
    status: Status
    version: int
    start: datetime
    end: datetime
    tz: str


def check_version(booking: Booking, expected: int | None) -> None:
    """Refuse a change that was decided on an older version (If-Match)."""
    if expected is not None and expected != booking.version:
        raise StaleVersion(
            "stale-version",
            f"The booking has changed: it is at version {booking.version}, you hold {expected}."
            " Read it again, then repeat your change.",
            extra={"version": booking.version},
        )


def reschedule(
    booking: Booking, *, start: datetime, end: datetime, trainer_id: UUID, now: datetime
) -> tuple[Booking, BookingFact | None]:
    """Move a booking. Moving it to where it is changes nothing and gives no event."""
    _must_stand(booking, "moved")
    _must_be_ahead(booking, now, "moved")
    if (start, trainer_id) == (booking.start, booking.trainer_id):
        return booking, None
    moved = replace(
        booking, start=start, end=end, trainer_id=trainer_id, version=booking.version + 1
    )
    return moved, contract.BookingRescheduled(
        **facts(moved), previous_start=booking.start, previous_trainer_id=booking.trainer_id
    )


def cancel(booking: Booking, *, by: By, now: datetime) -> tuple[Booking, BookingFact | None]:
    """Cancel a booking. Cancelling twice changes nothing and gives no event."""
    if booking.status == "cancelled":
        return booking, None
    _must_stand(booking, "cancelled")
    _must_be_ahead(booking, now, "cancelled")
    cancelled = replace(booking, status="cancelled", version=booking.version + 1)
    return cancelled, contract.BookingCancelled(**facts(cancelled), cancelled_by=by)


def complete(booking: Booking, *, now: datetime) -> tuple[Booking, BookingFact | None]:
    """The session took place; it must have begun."""
    if booking.status == "completed":
        return booking, None
    _must_stand(booking, "completed")
    _must_have_begun(booking, now)
    done = replace(booking, status="completed", version=booking.version + 1)
    return done, contract.BookingCompleted(**facts(done))


def miss(booking: Booking, *, now: datetime) -> tuple[Booking, BookingFact | None]:
    """The client did not come; the session must have begun."""
    if booking.status == "missed":
        return booking, None
    _must_stand(booking, "marked as missed")
    _must_have_begun(booking, now)
    missed = replace(booking, status="missed", version=booking.version + 1)
    return missed, contract.BookingMissed(**facts(missed))


def freeze(booking: Booking) -> tuple[Booking, BookingFact | None]:
    """A safety hold was placed on the client: a confirmed session waits."""
    if booking.status != "confirmed":
        return booking, None
    frozen = replace(booking, status="frozen", version=booking.version + 1)
    return frozen, contract.BookingFrozen(**facts(frozen))


def unfreeze(booking: Booking) -> tuple[Booking, BookingFact | None]:
    """The last safety hold was lifted: a frozen session takes place again."""
    if booking.status != "frozen":
        return booking, None
    again = replace(booking, status="confirmed", version=booking.version + 1)
    return again, contract.BookingUnfrozen(**facts(again))


def confirmed(booking: Booking) -> BookingFact:
    """The event of a new booking."""
    return contract.BookingConfirmed(**facts(booking))


def facts(booking: Booking) -> dict[str, object]:
    """The fields every event about a booking carries."""
    return {
        "booking_id": booking.id,
        "client_id": booking.client_id,
        "trainer_id": booking.trainer_id,
        "service": booking.service,
        "mode": booking.mode,
        "area": booking.area,
        "start": booking.start,
        "end": booking.end,
        "tz": booking.tz,
        "version": booking.version,
    }


def may_touch(booking: Booking, caller: Caller) -> bool:
    """Whether the caller may see and change a booking: its link, its people, or staff."""
    return (
        caller.works_here
        or caller.booking_id == booking.id
        or (
            caller.person_id is not None
            and caller.person_id in {booking.client_id, booking.trainer_id}
        )
    )


def _must_stand(booking: Booking, change: str) -> None:
    if booking.status not in STANDING:
        raise Conflict(
            "booking-ended",
            f"This booking is {booking.status} and cannot be {change}. Book a new time instead.",
            extra={"booking_status": booking.status},
        )


def _must_be_ahead(booking: Booking, now: datetime, change: str) -> None:
    if booking.start <= now:
        raise Conflict(
            "booking-started",
            f"The session has begun and cannot be {change}. Please speak with your trainer.",
        )


def _must_have_begun(booking: Booking, now: datetime) -> None:
    if booking.start > now:
        raise Conflict("booking-not-started", "The session has not begun yet.")
