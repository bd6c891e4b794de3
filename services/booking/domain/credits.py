"""Sessions paid for ahead: what is bought or withdrawn, and what a booking does to one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.booking.domain import services
from services.booking.domain.bookings import Booking
from shared.errors import Conflict, Invalid

Kind = Literal["bought", "used", "returned", "withdrawn"]

MOST_AT_ONCE = 200
"""Credits of one purchase: four sessions a week for a year; more is a slip of the finger."""


@dataclass(frozen=True)
class Entry:
    """One line of a client's credits; `change` is never 0 and never changed afterwards."""

    id: UUID
    client_id: UUID
    service: str
    kind: Kind
    change: int
    booking_id: UUID | None
    recorded_by: UUID | None
    recorded_at: datetime
    note: str | None


def recorded(service: str, count: int, *, left: int) -> Kind:
    """What staff record: `count` above zero was bought, below zero is withdrawn.

    Raises:
        Invalid: a free service, or no change; names the field.
        Conflict: `not-enough-credits`, when more would be withdrawn than is left.
    """
    if services.find(service).free:
        raise Invalid.field("service", "is free; it needs no credit")
    if count == 0:
        raise Invalid.field("count", "should not be 0")
    if left + count < 0:
        raise Conflict(
            "not-enough-credits",
            f"The client has {left} left; withdraw at most that many.",
            extra={"left": left},
        )
    return "bought" if count > 0 else "withdrawn"


def comes_back(after: Booking) -> bool:
    """Whether a booking's credit returns to the client now that the booking stands as it does.

    What was cancelled in time, in a flare or by our side is not paid for; a late cancellation, a
    session that took place and a no-show are.
    """
    return after.status == "cancelled" and not after.late
