"""A person can be reached, or reached elsewhere; or is forgotten."""

from datetime import datetime
from functools import partial
from uuid import UUID

from services.notify.domain import plan
from services.notify.domain.templates import ALERTED_FOR
from services.notify.handlers.telling import Heard
from services.notify.store import projections, schedule
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope
from shared.postgres import Transaction
from shared.records import Tombstone


async def contact_changed(tx: Transaction, event: Envelope[ContactChanged], now: datetime) -> Heard:
    """Keep the contact; what waited for it goes on."""
    contact = event.data
    before = await projections.save_contact(tx, contact, now=now)
    if before is None:
        return Heard()
    if before.tz != contact.tz:
        due_for = partial(plan.due_outside_quiet_hours, tz=contact.tz)
        await schedule.move_reminders(tx, contact.person_id, due_for, now=now)
    planned = plan.from_contact(contact, now=now)
    if contact.role == "lead" and before.tz is None:
        for alert in await projections.emergencies_since(tx, now - ALERTED_FOR):
            planned += plan.from_alert(alert, [contact.person_id], now=now)
    booked = [access.booking_id for access in contact.bookings]
    woken = await schedule.wake(tx, contact.person_id, booked, now=now)
    return Heard(planned, woken=woken > 0)


async def forgotten(tx: Transaction, tombstone: Tombstone, now: datetime) -> None:
    """A person is erased: nothing more goes out to them.

    Raises:
        ValueError: the key is not a person's id.
    """
    person = UUID(tombstone.key)
    await schedule.cancel_for_person(tx, person, reason="forgotten", now=now)
    await projections.forget_contact(tx, person)
