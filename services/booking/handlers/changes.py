"""What becomes of a booking: moved, cancelled, completed, missed, frozen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.booking.domain import bookings as rules
from services.booking.domain import credits as credit_rules
from services.booking.domain import policy, services
from services.booking.domain.bookings import Booking
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from services.booking.domain.series import together
from services.booking.handlers import freed
from services.booking.handlers.consents import imply
from services.booking.handlers.take import take
from services.booking.handlers.tell import tell
from services.booking.handlers.times import slot_taken
from services.booking.queries.slots import SlotWish
from services.booking.store import bookings, people, reservations
from services.booking.store import credits as paid_ahead
from services.booking.store.trainers import lock_trainers
from shared.contracts.booking import Because, BookingFact, By
from shared.errors import Forbidden, NotFound
from shared.identifiers import new_id
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
    booking = await lock_for(tx, booking_id, caller)
    rules.check_version(booking, version)
    service, by = services.find(booking.service), rules.side_of(booking, caller)
    end = start + service.length
    moved, event = rules.reschedule(
        booking,
        start=start,
        end=end,
        trainer_id=trainer_id or booking.trainer_id,
        by=by,
        in_flare=await flare_excuses(tx, booking, by, now=now),
        now=now,
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
    await bookings.save_booking(tx, moved, now=now)
    await tell(tx, moved.client_id, [event], signer, now=now)
    await freed.time_freed(
        tx,
        booking.trainer_id,
        booking.start,
        booking.end,
        given_by=booking.client_id,
        now=now,
    )
    return moved


async def cancel(
    tx: Transaction,
    booking_id: UUID,
    caller: Caller,
    *,
    because: Because | None = None,
    reason: str | None = None,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> Booking:
    """Cancel a booking; its time is free at once, and a first workout may be booked again.

    `reason` is free text for trainer and staff. A credit returns unless the client was late.

    Raises:
        NotFound, Forbidden: no such booking, or not the caller's.
        StaleVersion: the caller holds an older version.
        Conflict: the booking has begun or ended.
    """
    booking = await lock_for(tx, booking_id, caller)
    rules.check_version(booking, version)
    by = rules.side_of(booking, caller)
    excused = because != "flare" and await flare_excuses(tx, booking, by, now=now)
    cancelled, event = rules.cancel(booking, by=by, because=because, in_flare=excused, now=now)
    return await _end(tx, booking, cancelled, event, signer, reason=reason, now=now)


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
    """The trainer, or staff, says whether the session took place or the client did not come.

    Whom a reported flare kept away has not missed the session: it becomes a cancellation.

    Raises:
        NotFound, Forbidden: no such booking, or the caller did not give it.
        StaleVersion: the caller holds an older version.
        Conflict: the session has not begun, waits for a safety hold, or has another end.
    """
    booking = await lock_for(tx, booking_id, caller)
    by = rules.side_of(booking, caller)
    if by == "client":
        raise Forbidden("not-your-trainer", "Only the trainer or staff can say how a session went.")
    rules.check_version(booking, version)
    if outcome == "completed":
        after, event = rules.complete(booking, by=by, now=now)
    else:
        in_flare = await people.had_flare(
            tx, booking.client_id, since=policy.excused_since(booking.start), until=booking.end
        )
        after, event = rules.miss(booking, by=by, in_flare=in_flare, now=now)
    return await _end(tx, booking, after, event, signer, now=now)


async def freeze_coming(
    tx: Transaction, client_id: UUID, *, signer: LinkSigner, now: datetime
) -> None:
    """A safety hold stands: every coming session of the client waits."""
    coming = await bookings.lock_coming_bookings(tx, client_id, now=now)
    await _change_all(tx, client_id, coming, rules.freeze, signer, now=now)


async def unfreeze_coming(
    tx: Transaction, client_id: UUID, *, signer: LinkSigner, now: datetime
) -> None:
    """No safety hold stands any more: sessions that have not ended take place again."""
    if not await bookings.safety_hold_stands(tx, client_id):
        frozen = await bookings.lock_frozen_bookings(tx, client_id, now=now)
        await _change_all(tx, client_id, frozen, rules.unfreeze, signer, now=now)


async def _change_all(
    tx: Transaction,
    client_id: UUID,
    found: Sequence[Booking],
    rule: Callable[[Booking], tuple[Booking, BookingFact | None]],
    signer: LinkSigner,
    *,
    now: datetime,
) -> None:
    changes = [(after, event) for after, event in map(rule, found) if event is not None]
    if changes:
        await bookings.save_bookings(tx, [after for after, _ in changes], now=now)
        facts = together([event for _, event in changes], new_id())
        await tell(tx, client_id, facts, signer, now=now)


async def flare_excuses(tx: Transaction, booking: Booking, by: By, *, now: datetime) -> bool:
    """Whether a flare the client has reported makes that this change is not late."""
    return rules.may_be_late(booking, by, now) and await people.had_flare(
        tx, booking.client_id, since=now - policy.FLARE_EXCUSES, until=now
    )


async def _end(
    tx: Transaction,
    before: Booking,
    after: Booking,
    event: BookingFact | None,
    signer: LinkSigner,
    *,
    reason: str | None = None,
    now: datetime,
) -> Booking:
    if event is None:
        return before
    cancelled = after.status == "cancelled"
    if cancelled:
        await lock_trainers(tx, [after.trainer_id])
        await reservations.delete_reservation(tx, after.id)
    await bookings.save_booking(tx, after, reason=reason, now=now)
    if credit_rules.comes_back(after):
        await paid_ahead.give_back(tx, [after.id], now=now)
    agreed = await imply(tx, after.client_id, now=now) if after.status == "completed" else []
    await tell(tx, after.client_id, [event, *agreed], signer, now=now)
    if cancelled and after.end > now:
        await freed.time_freed(
            tx, after.trainer_id, after.start, after.end, given_by=after.client_id, now=now
        )
    return after


async def lock_for(tx: Transaction, booking_id: UUID, caller: Caller) -> Booking:
    """A booking that the caller may change, with its client locked.

    Raises:
        NotFound, Forbidden: no such booking, or not the caller's.
    """
    booking = await bookings.lock_booking(tx, booking_id)
    if booking is None:
        raise NotFound("no-such-booking", "There is no such booking.")
    if not rules.may_touch(booking, caller):
        raise Forbidden("not-your-booking", "This booking belongs to somebody else.")
    return booking
