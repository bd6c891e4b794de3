"""Bookings changed, or a freed time is kept for somebody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.notify.domain import plan_bookings
from services.notify.handlers.telling import Heard
from services.notify.store import projections, schedule
from shared.contracts.booking import BookingFact
from shared.contracts.event import Envelope
from shared.contracts.waitlist import WaitlistOffered
from shared.postgres import Transaction


async def bookings_changed(
    tx: Transaction, events: Sequence[Envelope[Any]], now: datetime
) -> Heard:
    """Announce changes of different bookings, call off the old reminders, plan the new ones."""
    after = await projections.save_bookings(tx, [event.data for event in events], now=now)
    news = [event for event in events if event.data.booking_id in after]
    facts: list[BookingFact] = [event.data for event in news]
    outdated = [
        schedule.Outdated(
            fact.booking_id,
            fact.version,
            f"the booking is {after[fact.booking_id].status} in a newer version",
        )
        for fact in facts
        if fact.version > 1
    ]
    await schedule.cancel_reminders(tx, outdated, now=now)
    together = await projections.gather(tx, facts)
    return Heard(
        [
            planned
            for event, fact in zip(news, facts, strict=True)
            for planned in plan_bookings.from_booking(
                event,
                status=after[fact.booking_id].status,
                hours=after[fact.booking_id].hours,
                together=together.get(fact.booking_id),
                now=now,
            )
        ]
    )


async def time_offered(_: Transaction, event: Envelope[WaitlistOffered], now: datetime) -> Heard:
    """Tell at once, for the time is kept only a while."""
    return Heard(plan_bookings.from_offer(event.data, now=now))
