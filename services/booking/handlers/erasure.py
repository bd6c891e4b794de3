"""Erasing a client: the key is destroyed, what is coming is called off, everybody is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.booking.domain import bookings as rules
from services.booking.domain.people import Caller
from services.booking.domain.series import together
from services.booking.handlers import freed
from services.booking.store import access_log, bookings, erasure, people, reservations, waitlist
from services.booking.store.progress import wake_streams
from services.booking.store.trainers import lock_trainers
from shared import erased, outbox
from shared.contracts.booking import ClientErased
from shared.contracts.contacts import ContactChanged
from shared.contracts.waitlist import WaitlistLeft
from shared.errors import Forbidden, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction

DONE_WITHIN = timedelta(days=3)
"""A day until old values may be compacted, a day for it, and one to spare; services take seconds.

What was sealed is unreadable at once, wherever it lies.
"""


async def erase(tx: Transaction, client_id: UUID, caller: Caller, *, now: datetime) -> datetime:
    """Forget a client, here and wherever events went; by when it is done everywhere.

    Raises:
        NotFound: no such client, or erased before.
        Forbidden: not a client.
    """
    person = await people.lock_person(tx, client_id)
    if person is None:
        raise NotFound("no-such-client", "There is no such client.")
    if person.role != "client":
        raise Forbidden("clients-only", "Who works with Limber is removed by the company.")
    coming = [
        *await bookings.lock_coming_bookings(tx, client_id, now=now),
        *await bookings.lock_frozen_bookings(tx, client_id, now=now),
    ]
    waiting = await erasure.waiting_of(tx, client_id)
    offered = [hold for _, hold in waiting if hold is not None]
    trainers = {one.trainer_id for one in coming}
    trainers |= set(await erasure.trainers_of_holds(tx, offered))
    await lock_trainers(tx, trainers)
    facts = []
    for one in coming:
        # Nobody is late who asks to be forgotten.
        after, event = rules.cancel(one, by="client", in_flare=True, now=now)
        if event is not None:
            await reservations.delete_reservation(tx, one.id)
            await bookings.save_booking(tx, after, now=now)
            facts.append(event)
    left = [
        WaitlistLeft(waitlist_id=place, client_id=client_id, reason="left") for place, _ in waiting
    ]
    for place, _ in waiting:
        await waitlist.leave(tx, place)
    if caller.person_id is not None and caller.role is not None:
        await access_log.note(tx, caller.person_id, caller.role, client_id, "erasure", now=now)
    await wake_streams(tx, client_id)
    await outbox.add(
        tx,
        [*together(facts, new_id()), *left, ClientErased(client_id=client_id, at=now)],
        now=now,
    )
    await outbox.add_tombstone(tx, ContactChanged.topic, str(client_id), now=now)
    # Before the rows of the client's places go: offers are given back by them.
    for hold in offered:
        await freed.give_back(tx, hold, now=now)
    await erasure.scrub(tx, client_id, person.email, now=now)
    for one in coming:
        await freed.time_freed(tx, one.trainer_id, one.start, one.end, given_by=client_id, now=now)
    return now + DONE_WITHIN


async def erase_again(tx: Transaction, client_ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """After a restore: erase whom the backup still knows; returns who that was."""
    known = [one for one in client_ids if await people.lock_person(tx, one) is not None]
    for client_id in known:
        await erase(tx, client_id, Caller(), now=now)
    return known


async def sweep_again(tx: Transaction, *, now: datetime) -> None:
    """Delete what was written about clients while they were erased elsewhere.

    Their tombstones are told again: Kafka closes a file that it may compact when something is
    written to it, and to a quiet partition nobody else writes.
    """
    for client_id in await erased.lately(tx, now=now):
        await erasure.sweep(tx, client_id)
        await outbox.add_tombstone(tx, ContactChanged.topic, str(client_id), now=now)
