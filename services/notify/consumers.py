"""Which events notify listens to."""

from collections.abc import Callable

from services.notify.handlers import bookings, contacts, safety
from services.notify.handlers.telling import telling
from shared.clock import Clock
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
from shared.postgres import Transaction
from shared.records import Tombstone


def listen(clock: Clock, scheduled: Callable[[], None]) -> Handlers:
    """The handler of each event, and of a person's tombstone.

    `scheduled` is called when a message may be due; the transaction is still open then.
    """
    decisions = {
        ContactChanged: contacts.contact_changed,
        BookingConfirmed: bookings.booking_changed,
        BookingRescheduled: bookings.booking_changed,
        BookingCancelled: bookings.booking_changed,
        BookingFrozen: bookings.booking_changed,
        BookingUnfrozen: bookings.booking_changed,
        BookingCompleted: bookings.booking_changed,
        BookingMissed: bookings.booking_changed,
        WaitlistOffered: bookings.time_offered,
        SafetyLevelChanged: safety.alarm_raised,
        SafetyHoldPlaced: safety.alarm_raised,
    }

    async def forgotten(tx: Transaction, tombstone: Tombstone) -> None:
        await contacts.forgotten(tx, tombstone, clock())

    return Handlers(
        events={event: telling(decide, clock, scheduled) for event, decide in decisions.items()},
        tombstones={ContactChanged.topic: forgotten},
    )
