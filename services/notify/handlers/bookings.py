"""A booking changed, or a freed time is kept for somebody."""

from datetime import datetime
from typing import Any

from services.notify.domain import plan_bookings
from services.notify.handlers.telling import Heard
from services.notify.store import projections, schedule
from shared.contracts.booking import BookingFact, BookingRescheduled
from shared.contracts.event import Envelope
from shared.contracts.waitlist import WaitlistOffered
from shared.postgres import Transaction


async def booking_changed(tx: Transaction, event: Envelope[Any], now: datetime) -> Heard:
    """Announce the change, call off the old reminders, plan the new ones."""
    fact: BookingFact = event.data
    after = await projections.save_booking(
        tx,
        fact,
        plan_bookings.status_after(fact),
        keeps_frozen=isinstance(fact, BookingRescheduled),
        now=now,
    )
    if after is None:
        return Heard()
    if fact.version > 1:
        await schedule.cancel_reminders(
            tx,
            fact.booking_id,
            below_version=fact.version,
            reason=f"the booking is {after.status} in a newer version",
            now=now,
        )
    return Heard(
        plan_bookings.from_booking(
            event,
            status=after.status,
            hours=after.hours,
            together=await projections.gather(tx, fact),
            now=now,
        )
    )


async def time_offered(_: Transaction, event: Envelope[WaitlistOffered], now: datetime) -> Heard:
    """Tell at once, for the time is kept only a while."""
    return Heard(plan_bookings.from_offer(event.data, now=now))
