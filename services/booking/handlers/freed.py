"""Freed time goes to who waits longest, in the transaction that freed it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.booking.domain import services
from services.booking.domain import waitlist as rules
from services.booking.domain.services import SERVICES
from services.booking.domain.slots import Range
from services.booking.domain.waitlist import Entry
from services.booking.queries import slots
from services.booking.queries.slots import SlotWish
from services.booking.store import reservations, waitlist
from services.booking.store.reservations import Reservation
from services.booking.store.trainers import lock_trainers
from services.booking.store.waitlist import Offer
from shared import outbox
from shared.contracts.waitlist import WaitlistOffered
from shared.identifiers import new_id
from shared.postgres import Transaction

LOOKED_AT = 200
"""Entries looked at for one freed time: whoever cancels waits for it, and the rows are small."""

JUDGED = 20
"""Kinds of wish (service, mode, district) judged for one freed time, at three statements each:
at most a tenth of a second. A start is offered once, so few are needed before one fits."""

ONCE = tuple(service.id for service in SERVICES if service.once_per_client)

LONGEST = max(service.length for service in SERVICES)


async def time_freed(
    tx: Transaction, trainer_id: UUID, start: datetime, end: datetime, *, now: datetime
) -> None:
    """Offer a trainer's freed time to those who wait for it, oldest first.

    The caller holds the trainer's row lock, and the reservation is gone already.
    """
    freed = [rules.whole_seconds(start, end)]
    if end <= now or not await _waiting(tx, trainer_id, freed, limit=1):
        return
    # What has run out stands in nobody's way, and its client may be the one to get this time.
    freed += await waitlist.clear_run_out(tx, trainer_id, None, None, now=now)
    await _give(tx, trainer_id, freed, now=now)


async def clear_run_out(
    tx: Transaction,
    trainer_id: UUID,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    now: datetime,
) -> None:
    """Delete the run-out holds that meet a trainer's time; what they kept goes to who waits.

    The caller holds the trainer's row lock. The time may be taken afterwards, by an offer. Without
    `start` and `end` all of the trainer's run-out holds go.
    """
    freed = await waitlist.clear_run_out(tx, trainer_id, start, end, now=now)
    await _give(tx, trainer_id, freed, now=now)


async def give_back(tx: Transaction, hold_id: UUID, *, now: datetime) -> bool:
    """Give a hold back, its time to who waits; False when there is none. Locks the trainer.

    An offer that is given back is declined: its client waits on, and is not offered it again.
    """
    trainer_id = await waitlist.trainer_of_hold(tx, hold_id)
    if trainer_id is None:
        return False
    await lock_trainers(tx, [trainer_id])
    kept = await waitlist.delete_hold(tx, hold_id)
    if kept is None:
        return False
    await time_freed(tx, trainer_id, *kept, now=now)
    return True


async def _give(
    tx: Transaction, trainer_id: UUID, freed: Sequence[Range], *, now: datetime
) -> None:
    """Go through those who wait, once, and give each the first freed start that fits."""
    left = list(freed)
    entries = await _waiting(tx, trainer_id, left, limit=LOOKED_AT) if left else []
    if not entries:
        return
    hull = _hull(left)
    known = await waitlist.known_of(tx, {one.client_id for one in entries}, trainer_id, *hull)
    free: dict[tuple[str, str, str | None], list[int]] = {}
    judged = 0
    for entry in entries:
        if not left:
            return
        wish = _wish(entry, trainer_id)
        if entry.kind not in free:
            if judged == JUDGED:
                return
            judged += 1
            within = rules.starts_meeting(left, entry.service)
            found = await slots.openings(tx, wish, within=within, now=now)
            free[entry.kind] = [start for one in found for start in one.starts]
        start = rules.best_start(entry, free[entry.kind], left, known[entry.client_id])
        if start is None:
            continue
        at = datetime.fromtimestamp(start, UTC)
        if await _offer(tx, entry, wish, trainer_id, at, now=now):
            taken = rules.whole_seconds(at, at + wish.service.length)
            known[entry.client_id].append(taken)
            left = rules.without(left, taken)
            free.clear()


async def _offer(
    tx: Transaction,
    entry: Entry,
    wish: SlotWish,
    trainer_id: UUID,
    start: datetime,
    *,
    now: datetime,
) -> bool:
    """Keep a start for an entry and tell its client; False when it turns out not to be free."""
    found = await slots.candidates(tx, wish, start, now=now)
    # Locked no sooner than a start fits it: another trainer's freed time must not pass it over.
    if not found or not await waitlist.lock_waiting(tx, entry.id):
        return False
    taken = Reservation(
        id=new_id(),
        trainer_id=trainer_id,
        client_id=None,
        start=start,
        end=start + wish.service.length,
        blocked=found[0].blocked,
        area=entry.area,
        postal=entry.postal,
    )
    expires_at = rules.offer_ends(start, now)
    if not await reservations.add_hold(
        tx,
        taken,
        entry.service,
        entry.mode,
        expires_at=expires_at,
        waitlist_id=entry.id,
        now=now,
    ):
        return False
    offer = Offer(taken.id, entry.id, trainer_id, taken.start, taken.end, expires_at)
    await waitlist.add_offer(tx, offer, now=now)
    told = WaitlistOffered(
        waitlist_id=entry.id,
        client_id=entry.client_id,
        hold_id=taken.id,
        trainer_id=trainer_id,
        service=entry.service,
        mode=entry.mode,
        area=entry.area,
        start=taken.start,
        end=taken.end,
        tz=entry.tz,
        expires_at=expires_at,
    )
    await outbox.add(tx, [told], now=now)
    return True


async def _waiting(
    tx: Transaction, trainer_id: UUID, freed: Sequence[Range], *, limit: int
) -> list[Entry]:
    return await waitlist.waiting_for(tx, trainer_id, *_hull(freed), once=ONCE, limit=limit)


def _hull(freed: Sequence[Range]) -> tuple[datetime, datetime]:
    """From the earliest start that can meet the freed time to the latest end."""
    since = datetime.fromtimestamp(min(lo for lo, _ in freed), UTC)
    until = datetime.fromtimestamp(max(hi for _, hi in freed), UTC)
    return since - LONGEST, until + LONGEST


def _wish(entry: Entry, trainer_id: UUID) -> SlotWish:
    return SlotWish(
        services.find(entry.service), entry.mode, entry.area, entry.postal, trainer_id=trainer_id
    )
