"""Which events notify listens to."""

from services.notify.handlers import EventHandlers
from shared.consumer import Handlers
from shared.contracts.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingFrozen,
    BookingMissed,
    BookingRescheduled,
    BookingUnfrozen,
)
from shared.contracts.contacts import ContactChanged
from shared.contracts.progress import SafetyHoldPlaced, SafetyLevelChanged
from shared.contracts.waitlist import WaitlistOffered


def listen(handlers: EventHandlers) -> Handlers:
    """The handler of each event, and of a person's tombstone."""
    return Handlers(
        events={
            ContactChanged: handlers.on_contact,
            BookingConfirmed: handlers.on_booking,
            BookingRescheduled: handlers.on_booking,
            BookingCancelled: handlers.on_booking,
            BookingFrozen: handlers.on_booking,
            BookingUnfrozen: handlers.on_booking,
            BookingCompleted: handlers.on_booking,
            BookingMissed: handlers.on_booking,
            WaitlistOffered: handlers.on_offer,
            SafetyLevelChanged: handlers.on_safety,
            SafetyHoldPlaced: handlers.on_safety,
        },
        tombstones={ContactChanged.topic: handlers.on_forgotten},
    )
