"""What may become of a booking, and which event says so."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.booking.domain import policy
from services.booking.domain.people import Caller
from shared.contracts import booking as contract
from shared.contracts.booking import Area, Because, BookingFact, By, Mode
from shared.errors import Conflict, StaleVersion

Status = Literal["confirmed", "frozen", "cancelled", "completed", "missed"]

STANDING: frozenset[Status] = frozenset({"confirmed", "frozen"})
"""A booking that still takes a trainer's time."""

_SAID = (
    f"Staff can correct how a session went for {policy.CORRECTED_FOR.days} days after it."
    " Book a new time for another session."
)
_WHAT_NOW: dict[Status, str] = {
    "cancelled": "Book a new time instead.",
    "completed": _SAID,
    "missed": _SAID,
}


@dataclass(frozen=True)
class Booking:
    """A booking as it stands. `version` rises by one with each change, and is the ICS SEQUENCE.

    `late`: its client moved or cancelled it later than the notice; `because` is why it was
    cancelled.
    """

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
    late: bool = False
    because: Because | None = None


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
    booking: Booking,
    *,
    start: datetime,
    end: datetime,
    trainer_id: UUID,
    by: By = "client",
    in_flare: bool = False,
    now: datetime,
) -> tuple[Booking, BookingFact | None]:
    """Move a booking. Moving it to where it is changes nothing and gives no event."""
    _must_stand(booking, "moved")
    _must_be_ahead(booking, now, "moved")
    if (start, trainer_id) == (booking.start, booking.trainer_id):
        return booking, None
    late = _is_late(booking, by, in_flare, now)
    moved = replace(
        booking,
        start=start,
        end=end,
        trainer_id=trainer_id,
        version=booking.version + 1,
        late=booking.late or late,
    )
    return moved, contract.BookingRescheduled(
        **facts(moved),
        previous_start=booking.start,
        previous_trainer_id=booking.trainer_id,
        late=late,
    )


def cancel(
    booking: Booking,
    *,
    by: By,
    because: Because | None = None,
    in_flare: bool = False,
    now: datetime,
) -> tuple[Booking, BookingFact | None]:
    """Cancel a booking. Cancelling twice changes nothing and gives no event.

    A late move counts: else a session could be moved away and then be cancelled in good time.
    After its start only a session that waits for a safety hold can be cancelled, or, by who works
    here, one that a flare prevented; staff may say so even of one marked as missed.
    """
    if booking.status == "cancelled":
        return booking, None
    kept_by_pain = because == "flare" and by != "client"
    if not (booking.status == "missed" and kept_by_pain and _staff_corrects(booking, by, now)):
        _must_stand(booking, "cancelled")
        if booking.status != "frozen" and not kept_by_pain:
            _must_be_ahead(booking, now, "cancelled")
    in_flare = in_flare or because == "flare"
    late = _is_late(booking, by, in_flare, now)
    if booking.late and not policy.is_excused(by=by, frozen=_waits(booking), in_flare=in_flare):
        late = True
    return _cancelled(booking, by, because, late=late)


def complete(
    booking: Booking, *, by: By = "trainer", now: datetime
) -> tuple[Booking, BookingFact | None]:
    """The session took place; it must have begun. Staff may correct one marked as missed."""
    if booking.status == "completed":
        return booking, None
    if not (booking.status == "missed" and _staff_corrects(booking, by, now)):
        _must_be_open(booking, "completed", now)
    done = replace(booking, status="completed", version=booking.version + 1)
    return done, contract.BookingCompleted(**facts(done))


def miss(
    booking: Booking, *, by: By = "trainer", in_flare: bool = False, now: datetime
) -> tuple[Booking, BookingFact | None]:
    """The client did not come; the session must have begun. Staff may correct a completed one.

    A client whom a flare kept away has not missed it: the session is cancelled, and never late.
    """
    if booking.status == "missed":
        return booking, None
    if not (booking.status == "completed" and _staff_corrects(booking, by, now)):
        _must_be_open(booking, "marked as missed", now)
    if in_flare:
        return _cancelled(booking, by, "flare", late=False)
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


def side_of(booking: Booking, caller: Caller) -> By:
    """On whose behalf a caller changes a booking: who works here, its trainer, or the client."""
    if caller.works_here:
        return "staff"
    return "trainer" if caller.person_id == booking.trainer_id else "client"


def may_be_late(booking: Booking, by: By, now: datetime) -> bool:
    """Whether only a flare could excuse a cancellation or move now."""
    late = _is_late(booking, by, in_flare=False, now=now)
    excused = policy.is_excused(by=by, frozen=_waits(booking), in_flare=False)
    return late or (booking.late and not excused)


def _waits(booking: Booking) -> bool:
    return booking.status == "frozen"


def _is_late(booking: Booking, by: By, in_flare: bool, now: datetime) -> bool:
    return policy.is_late(
        booking.service,
        booking.start,
        by=by,
        frozen=_waits(booking),
        in_flare=in_flare,
        now=now,
    )


def _cancelled(
    booking: Booking, by: By, because: Because | None, *, late: bool
) -> tuple[Booking, BookingFact]:
    after = replace(
        booking, status="cancelled", version=booking.version + 1, late=late, because=because
    )
    return after, contract.BookingCancelled(
        **facts(after), cancelled_by=by, late=late, because=because
    )


def _staff_corrects(booking: Booking, by: By, now: datetime) -> bool:
    return by == "staff" and policy.may_be_corrected(booking.end, now)


def _must_be_open(booking: Booking, change: str, now: datetime) -> None:
    if booking.status == "frozen":
        raise Conflict(
            "booking-frozen",
            f"A safety hold stands on this client, so the session cannot be {change}. Lift the"
            " hold before the session ends, or cancel the session; that is never late.",
        )
    _must_stand(booking, change)
    if booking.start > now:
        raise Conflict("booking-not-started", "The session has not begun yet.")


def _must_stand(booking: Booking, change: str) -> None:
    if booking.status not in STANDING:
        raise Conflict(
            "booking-ended",
            f"This booking is {booking.status} and cannot be {change}. {_WHAT_NOW[booking.status]}",
            extra={"booking_status": booking.status},
        )


def _must_be_ahead(booking: Booking, now: datetime, change: str) -> None:
    if booking.start <= now:
        raise Conflict(
            "booking-started",
            f"The session has begun and cannot be {change}. Please speak with your trainer.",
        )
