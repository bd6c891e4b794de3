"""A session of a series and all later ones: moved or cancelled together, or none of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain import bookings as rules
from services.booking.domain import credits as credit_rules
from services.booking.domain import series as series_rules
from services.booking.domain import services
from services.booking.domain.bookings import Booking
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from services.booking.handlers import freed
from services.booking.handlers.changes import flare_excuses, lock_for
from services.booking.handlers.series_dates import (
    fitting_trainer,
    judge_dates,
    refuse_conflicts,
    take_dates,
)
from services.booking.handlers.tell import tell
from services.booking.queries.slots import SlotWish
from services.booking.store import bookings, reservations
from services.booking.store import credits as paid_ahead
from services.booking.store import series as store
from services.booking.store.series import Series
from services.booking.store.trainers import lock_trainers
from shared.contracts.booking import Because, BookingFact
from shared.errors import Forbidden, Invalid
from shared.identifiers import new_id
from shared.postgres import Transaction

Change = tuple[Booking, Booking, BookingFact]
"""A booking before and after, and the fact that says so."""


async def reschedule_later(
    tx: Transaction,
    booking_id: UUID,
    caller: Caller,
    *,
    start: datetime,
    trainer_id: UUID | None,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> list[Booking]:
    """Move a booking, and the later ones of its series after it at the same rhythm.

    The new start gives the wall time and weekday of all; they keep their distances in weeks, and
    share one trainer. Gives the named booking and then the others as they stand.

    Raises:
        NotFound, Forbidden: no such booking, or not all of them are the caller's to change.
        Invalid: the booking belongs to no series, or the trainer does not give such sessions.
        StaleVersion: the caller holds an older version of the named booking.
        Conflict: `series-conflict` with all dates, or the booking has begun or ended.
    """
    series, group = await _lock_group(tx, booking_id, caller, version, now=now)
    named = group[0][1]
    service = services.find(series.service)
    target = trainer_id or named.trainer_id
    dates = series_rules.dates(
        start, series.tz, every_weeks=series.every_weeks, numbers=[number for number, _ in group]
    )
    moved: dict[int, Change] = {}
    for date, (number, booking) in zip(dates, group, strict=True):
        by = rules.side_of(booking, caller)
        after, event = rules.reschedule(
            booking,
            start=date.start,
            end=date.start + service.length,
            trainer_id=target,
            by=by,
            in_flare=await flare_excuses(tx, booking, by, now=now),
            now=now,
        )
        if event is not None:
            moved[number] = booking, after, event
    if moved:
        postal = await reservations.postal_of(tx, named.id)
        wish = SlotWish(service, named.mode, named.area, postal, trainer_id=target)
        trainer = await fitting_trainer(tx, target, wish)
        await lock_trainers(tx, {target, *(before.trainer_id for before, _, _ in moved.values())})
        await freed.clear_run_out(tx, target, now=now)
        # The old times must not stand in the way of the new ones: a week on, they are the same.
        ids = {number: before.id for number, (before, _, _) in moved.items()}
        await store.give_back_times(tx, ids.values())
        plan = await judge_dates(
            tx,
            wish,
            trainer,
            series.tz,
            [date for date in dates if date.number in moved],
            client_id=named.client_id,
            now=now,
        )
        refuse_conflicts(plan)
        refuse_conflicts(await take_dates(tx, plan, wish, ids, client_id=named.client_id))
        await _save(tx, list(moved.values()), signer, now=now)
    return [moved[number][1] if number in moved else booking for number, booking in group]


async def cancel_later(
    tx: Transaction,
    booking_id: UUID,
    caller: Caller,
    *,
    because: Because | None,
    reason: str | None,
    version: int | None,
    signer: LinkSigner,
    now: datetime,
) -> list[Booking]:
    """Cancel a booking and the later ones of its series; gives them as they stand.

    Raises:
        NotFound, Forbidden: no such booking, or not all of them are the caller's to change.
        Invalid: the booking belongs to no series.
        StaleVersion: the caller holds an older version of the named booking.
        Conflict: the booking has begun or ended.
    """
    _, group = await _lock_group(tx, booking_id, caller, version, now=now)
    cancelled: dict[UUID, Change] = {}
    for _, booking in group:
        by = rules.side_of(booking, caller)
        excused = because != "flare" and await flare_excuses(tx, booking, by, now=now)
        after, event = rules.cancel(booking, by=by, because=because, in_flare=excused, now=now)
        if event is not None:
            cancelled[booking.id] = booking, after, event
    if cancelled:
        await lock_trainers(tx, {before.trainer_id for before, _, _ in cancelled.values()})
        await store.give_back_times(tx, cancelled.keys())
        returned = [id_ for id_, change in cancelled.items() if credit_rules.comes_back(change[1])]
        await paid_ahead.give_back(tx, returned, now=now)
        await _save(tx, list(cancelled.values()), signer, reason=reason, now=now)
    return [cancelled[one.id][1] if one.id in cancelled else one for _, one in group]


async def _lock_group(
    tx: Transaction, booking_id: UUID, caller: Caller, version: int | None, *, now: datetime
) -> tuple[Series, list[tuple[int, Booking]]]:
    """The series of a booking; and the booking and the coming ones after it, by number, locked."""
    named = await lock_for(tx, booking_id, caller)
    rules.check_version(named, version)
    series = await store.series_of(tx, booking_id)
    if series is None:
        raise Invalid.field("scope", "this booking does not belong to a series")
    numbers = await store.later_numbers(tx, booking_id, now=now)
    locked = await bookings.lock_bookings(tx, list(numbers))
    if caller.person_id is None:
        raise Forbidden(
            "one-booking-only", "This link opens one session. Sign in to change the later ones."
        )
    if not all(rules.may_touch(booking, caller) for booking in locked):
        raise Forbidden(
            "not-your-booking",
            "A later session of the series is with another trainer. Ask staff to change them all.",
        )
    return series, sorted(
        ((numbers[booking.id], booking) for booking in locked), key=lambda one: one[0]
    )


async def _save(
    tx: Transaction,
    changes: Sequence[Change],
    signer: LinkSigner,
    *,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Store and tell the changes as one; the old times go to who waits for them."""
    await bookings.save_bookings(tx, [after for _, after, _ in changes], reason=reason, now=now)
    facts = series_rules.together([event for _, _, event in changes], new_id())
    await tell(tx, changes[0][0].client_id, facts, signer, now=now)
    for before, _, _ in changes:
        await freed.time_freed(
            tx,
            before.trainer_id,
            before.start,
            before.end,
            given_by=before.client_id,
            now=now,
        )
