"""What is fair: when a change is late, what a flare excuses, what can be corrected."""

from datetime import datetime, timedelta

from services.booking.domain import services
from shared.contracts.booking import By

FLARE_EXCUSES = timedelta(hours=48)
"""A reported flare excuses what follows for this long: pain that flares up takes days to settle."""

CORRECTED_FOR = timedelta(days=7)
"""How long after its end staff may correct how a session went: a week's desk work, and no more,
for credits and progress follow each correction."""


def free_until(service: str, start: datetime) -> datetime:
    """Until when a client may move or cancel a session without being late.

    The notice is elapsed time: twelve hours are twelve hours, also over a change of the clocks.
    """
    return start - services.find(service).notice


def is_late(
    service: str, start: datetime, *, by: By, frozen: bool, in_flare: bool, now: datetime
) -> bool:
    """Whether a move or cancellation comes later than the service's notice, and is not excused."""
    if is_excused(by=by, frozen=frozen, in_flare=in_flare):
        return False
    return now > free_until(service, start)


def is_excused(*, by: By, frozen: bool, in_flare: bool) -> bool:
    """Whether a change is never late.

    Only a client is ever late, and neither in a flare nor when a safety hold stands.
    """
    return by != "client" or frozen or in_flare


def excused_since(start: datetime) -> datetime:
    """From when on a reported flare excuses that a client does not come."""
    return start - FLARE_EXCUSES


def may_be_corrected(end: datetime, now: datetime) -> bool:
    """Whether staff may still say otherwise how a session went."""
    return now <= end + CORRECTED_FOR
