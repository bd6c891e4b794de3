"""Freed time goes to who waits longest, in the transaction that freed it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.booking.domain import services
from services.booking.domain import waitlist as rules
from services.booking.domain.services import SERVICES
from services.booking.domain.slots import Range
from services.booking.domain.waitlist import Entry, Kind
from services.booking.queries import slots
from services.booking.queries.slots import Candidate, SlotWish
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
at most a tenth of a second."""

OFFERED = 50
"""Offers made for one freed time, at seven statements each: a trainer who comes back from a month
off should not hold their row for seconds. The rest is free for all."""

TRIES = 3
"""Starts tried for one entry: what was free before the last offer may be out of reach by now."""

ONCE = tuple(service.id for service in SERVICES if service.once_per_client)

LONGEST = max(service.length for service in SERVICES)


async def time_freed(
    tx: Transaction,
    trainer_id: UUID,
    start: datetime,
    end: datetime,
    *,
    given_by: UUID | None = None,
    now: datetime,
) -> None:
    """Offer a trainer's freed time to those who wait for it, oldest first.

    The caller holds the trainer's row lock, and the reservation is gone already. `given_by` is the
    client who gave the time back, and would not want it again.
    """
    freed = [rules.whole_seconds(start, end)]
    if end <= now or not await _waiting(tx, trainer_id, freed, limit=1):
        return
    # What has run out stands in nobody's way, and its client may be the one to get this time.
    freed += await waitlist.clear_run_out(tx, trainer_id, None, None, now=now)
    await _give(tx, trainer_id, freed, given_by=given_by, now=now)


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
    tx: Transaction,
    trainer_id: UUID,
    freed: Sequence[Range],
    *,
    given_by: UUID | None = None,
    now: datetime,
) -> None:
    """Go through those who wait, once, and offer each the best freed start that is new to them."""
    left = list(freed)
    entries = await _waiting(tx, trainer_id, left, limit=LOOKED_AT) if left else []
    if not entries:
        return
    known = await waitlist.known_of(
        tx, {one.client_id for one in entries}, trainer_id, *_hull(left)
    )
    free: dict[Kind, list[int]] = {}
    given: list[Range] = []
    for entry in entries:
        if not left or len(given) == OFFERED:
            return
        if entry.client_id == given_by:
            continue
        wish = _wish(entry, trainer_id)
        if entry.kind not in free:
            if len(free) == JUDGED:
                return
            within = rules.starts_meeting(freed, entry.service)
            openings = await slots.openings(tx, wish, within=within, now=now)
            free[entry.kind] = [start for one in openings for start in one.starts]
        taken = [*known[entry.client_id], *given]
        found = await _judged(tx, entry, wish, free[entry.kind], left, taken, now=now)
        # Locked no sooner than a start fits it: another trainer's freed time must not pass it over.
        if found is None or not await waitlist.lock_waiting(tx, entry.id):
            continue
        offer = await _offer(tx, entry, wish, *found, now=now)
        if offer is not None:
            part = rules.whole_seconds(offer.start, offer.end)
            known[entry.client_id].append(part)
            given.append(part)
            left = rules.without(left, part)


async def _judged(
    tx: Transaction,
    entry: Entry,
    wish: SlotWish,
    starts: list[int],
    left: Sequence[Range],
    taken: Sequence[Range],
    *,
    now: datetime,
) -> tuple[datetime, Candidate] | None:
    """The start to offer and who gives the session; starts that were lost are removed."""
    for _ in range(TRIES):
        best = rules.best_start(entry, starts, left, taken)
        if best is None:
            return None
        at = datetime.fromtimestamp(best, UTC)
        for candidate in await slots.candidates(tx, wish, at, now=now):
            return at, candidate
        starts.remove(best)
    return None


async def _offer(
    tx: Transaction,
    entry: Entry,
    wish: SlotWish,
    start: datetime,
    candidate: Candidate,
    *,
    now: datetime,
) -> Offer | None:
    """Keep a start for an entry and tell its client; None when a run-out hold is being booked."""
    taken = Reservation(
        id=new_id(),
        trainer_id=candidate.trainer_id,
        client_id=None,
        start=start,
        end=start + wish.service.length,
        blocked=candidate.blocked,
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
        return None
    offer = Offer(taken.id, entry.id, taken.trainer_id, taken.start, taken.end, expires_at)
    await waitlist.add_offer(tx, offer, now=now)
    told = WaitlistOffered(
        waitlist_id=entry.id,
        client_id=entry.client_id,
        hold_id=taken.id,
        trainer_id=taken.trainer_id,
        service=entry.service,
        mode=entry.mode,
        area=entry.area,
        start=taken.start,
        end=taken.end,
        tz=entry.tz,
        expires_at=expires_at,
    )
    await outbox.add(tx, [told], now=now)
    return offer


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
