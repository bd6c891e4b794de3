"""What becomes of a booking: moved, cancelled, completed, missed, frozen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.booking.domain import bookings as rules
from services.booking.domain import services
from services.booking.domain.bookings import Booking
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from services.booking.handlers import freed
from services.booking.handlers.take import take
from services.booking.handlers.tell import tell
from services.booking.handlers.times import slot_taken
from services.booking.queries.slots import SlotWish
from services.booking.store import bookings, reservations
from services.booking.store.trainers import lock_trainers
from shared.contracts.booking import BookingFact
from shared.errors import Forbidden, NotFound
from shared.postgres import Transaction


async def reschedule(
    tx: Transaction,
    booking_id: UUID,
    caller: Caller,
    *,
    start: datetime,
    trainer_id: UUID | None,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> Booking:
    """Move a booking; a lost race leaves it where it was.

    Raises:
        NotFound, Forbidden: no such booking, or not the caller's.
        StaleVersion: the caller holds an older version.
        Conflict: `slot-taken` with alternatives, or the booking has begun or ended.
    """
    booking = await _lock_for(tx, booking_id, caller)
    rules.check_version(booking, version)
    service = services.find(booking.service)
    end = start + service.length
    moved, event = rules.reschedule(
        booking, start=start, end=end, trainer_id=trainer_id or booking.trainer_id, now=now
    )
    if event is None:
        return booking
    sought = SlotWish(
        service,
        booking.mode,
        booking.area,
        await reservations.postal_of(tx, booking.id),
        trainer_id=moved.trainer_id,
        besides=booking.id,
    )
    await lock_trainers(tx, {booking.trainer_id, moved.trainer_id})
    busy = await reservations.client_is_busy(tx, booking.client_id, start, end, besides=booking.id)
    found = None
    if not busy:
        found = await take(
            tx,
            sought,
            start,
            reservation_id=booking.id,
            client_id=booking.client_id,
            moving=True,
            now=now,
        )
    if found is None:
        why = "That time is not free. Your booking stays as it was; these are the nearest times."
        raise await slot_taken(tx, replace(sought, besides=None), start, now=now, why=why)
    await freed.time_freed(tx, booking.trainer_id, booking.start, booking.end, now=now)
    await bookings.save_booking(tx, moved, now=now)
    await tell(tx, moved.client_id, [event], signer, now=now)
    return moved


async def cancel(
    tx: Transaction,
    booking_id: UUID,
    caller: Caller,
    *,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> Booking:
    """Cancel a booking; its time is free at once, and a first workout may be booked again."""
    booking = await _lock_for(tx, booking_id, caller)
    rules.check_version(booking, version)
    by: rules.By = "client"
    if caller.works_here:
        by = "staff"
    elif caller.person_id == booking.trainer_id:
        by = "trainer"
    cancelled, event = rules.cancel(booking, by=by, now=now)
    return await _end(tx, booking, cancelled, event, signer, now=now, free_time=True)


async def record_outcome(
    tx: Transaction,
    booking_id: UUID,
    caller: Caller,
    outcome: Literal["completed", "missed"],
    *,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> Booking:
    """The trainer, or staff, says whether the session took place or the client did not come."""
    booking = await _lock_for(tx, booking_id, caller)
    if not (caller.works_here or caller.person_id == booking.trainer_id):
        raise Forbidden("not-your-trainer", "Only the trainer or staff can say how a session went.")
    rules.check_version(booking, version)
    rule = rules.complete if outcome == "completed" else rules.miss
    after, event = rule(booking, now=now)
    return await _end(tx, booking, after, event, signer, now=now, free_time=False)


async def freeze_coming(
    tx: Transaction, client_id: UUID, *, signer: LinkSigner, now: datetime
) -> None:
    """A safety hold stands: every coming session of the client waits."""
    await _change_coming(tx, client_id, rules.freeze, signer, now=now)


async def unfreeze_coming(
    tx: Transaction, client_id: UUID, *, signer: LinkSigner, now: datetime
) -> None:
    """No safety hold stands any more: coming sessions take place again."""
    if not await bookings.safety_hold_stands(tx, client_id):
        await _change_coming(tx, client_id, rules.unfreeze, signer, now=now)


async def _change_coming(
    tx: Transaction,
    client_id: UUID,
    rule: Callable[[Booking], tuple[Booking, BookingFact | None]],
    signer: LinkSigner,
    *,
    now: datetime,
) -> None:
    events = []
    for booking in await bookings.lock_coming_bookings(tx, client_id, now=now):
        after, event = rule(booking)
        if event is not None:
            await bookings.save_booking(tx, after, now=now)
            events.append(event)
    if events:
        await tell(tx, client_id, events, signer, now=now)


async def _end(
    tx: Transaction,
    before: Booking,
    after: Booking,
    event: BookingFact | None,
    signer: LinkSigner,
    *,
    now: datetime,
    free_time: bool,
) -> Booking:
    if event is None:
        return before
    if free_time:
        await lock_trainers(tx, [before.trainer_id])
        await reservations.delete_reservation(tx, after.id)
        await freed.time_freed(tx, before.trainer_id, before.start, before.end, now=now)
    await bookings.save_booking(tx, after, now=now)
    await tell(tx, after.client_id, [event], signer, now=now)
    return after


async def _lock_for(tx: Transaction, booking_id: UUID, caller: Caller) -> Booking:
    booking = await bookings.lock_booking(tx, booking_id)
    if booking is None:
        raise NotFound("no-such-booking", "There is no such booking.")
    if not rules.may_touch(booking, caller):
        raise Forbidden("not-your-booking", "This booking belongs to somebody else.")
    return booking
