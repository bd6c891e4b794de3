"""What an event makes of the messages: note what is new, decide, schedule; one transaction."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from services.notify.domain import plan
from services.notify.domain.templates import ALERTED_FOR
from services.notify.store import projections, schedule
from shared.clock import Clock
from shared.contracts.booking import BookingFact, BookingRescheduled
from shared.contracts.contacts import ContactChanged
from shared.contracts.event import Envelope
from shared.contracts.progress import SafetyHoldPlaced, SafetyLevelChanged
from shared.contracts.waitlist import WaitlistOffered
from shared.postgres import Transaction
from shared.records import Tombstone

TRAINER_FOR = timedelta(days=90)
"""Who trained a client within this time, or will, hears of a hold that names no trainer."""


class EventHandlers:
    """The handlers with what they need; `scheduled` is called when a message may be due."""

    def __init__(self, clock: Clock, scheduled: Callable[[], None]) -> None:
        self._clock = clock
        self._scheduled = scheduled

    async def on_contact(self, tx: Transaction, event: Envelope[ContactChanged]) -> None:
        """Somebody can be reached, or reached elsewhere: what waited for that goes on."""
        contact, now = event.data, self._clock()
        before = await projections.save_contact(tx, contact, now=now)
        if before is None:
            return
        if before.tz != contact.tz:
            due_for = partial(plan.due_outside_quiet_hours, tz=contact.tz)
            await schedule.move_reminders(tx, contact.person_id, due_for, now=now)
        planned = plan.from_contact(contact, now=now)
        if contact.role == "lead" and before.tz is None:
            for alert in await projections.emergencies_since(tx, now - ALERTED_FOR):
                planned += plan.from_alert(alert, [contact.person_id], now=now)
        added = await schedule.add(tx, planned, now=now)
        booked = [access.booking_id for access in contact.bookings]
        woken = await schedule.wake(tx, contact.person_id, booked, now=now)
        if added or woken:
            self._scheduled()

    async def on_forgotten(self, tx: Transaction, tombstone: Tombstone) -> None:
        """A person is erased: nothing more goes out to them.

        Raises:
            ValueError: the key is not a person's id.
        """
        person = UUID(tombstone.key)
        await schedule.cancel_for_person(tx, person, reason="forgotten", now=self._clock())
        await projections.forget_contact(tx, person)

    async def on_booking(self, tx: Transaction, event: Envelope[Any]) -> None:
        """A booking changed: announce it, call off the old reminders, schedule the new ones."""
        fact: BookingFact = event.data
        now = self._clock()
        after = await projections.save_booking(
            tx,
            fact,
            plan.status_after(fact),
            keeps_frozen=isinstance(fact, BookingRescheduled),
            now=now,
        )
        if after is None:
            return
        if fact.version > 1:
            await schedule.cancel_reminders(
                tx,
                fact.booking_id,
                below_version=fact.version,
                reason=f"the booking is {after.status} in a newer version",
                now=now,
            )
        planned = plan.from_booking(
            event,
            status=after.status,
            tz=after.client_tz,
            together=await projections.gather(tx, fact),
            now=now,
        )
        if await schedule.add(tx, planned, now=now):
            self._scheduled()

    async def on_offer(self, tx: Transaction, event: Envelope[WaitlistOffered]) -> None:
        """A freed time is kept for somebody: tell them at once, for it runs out."""
        now = self._clock()
        if await schedule.add(tx, plan.from_offer(event.data, now=now), now=now):
            self._scheduled()

    async def on_safety(
        self, tx: Transaction, event: Envelope[SafetyLevelChanged] | Envelope[SafetyHoldPlaced]
    ) -> None:
        """A client's safety moved: tell their trainers at once, in an emergency the leads too."""
        fact, now = event.data, self._clock()
        alert = plan.alert_from(fact)
        if alert is None:
            return
        named = fact.trainer_ids if isinstance(fact, SafetyLevelChanged) else ()
        recipients = set(
            named or await projections.trainers_of(tx, fact.client_id, since=alert.at - TRAINER_FOR)
        )
        if alert.level == "emergency":
            await projections.save_alert(tx, alert)
            recipients.update(await projections.leads(tx))
        planned = plan.from_alert(alert, sorted(recipients), now=now)
        if await schedule.add(tx, planned, now=now):
            self._scheduled()
