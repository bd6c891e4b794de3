"""Waiting for a time: joining, leaving, and what becomes of an offer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.booking.domain import waitlist as rules
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller, Person
from services.booking.domain.trainers import Wish, misfits
from services.booking.domain.waitlist import Entry
from services.booking.handlers import freed
from services.booking.handlers.clients import ClientWish, client_of
from services.booking.handlers.tell import tell
from services.booking.handlers.times import TimeWish, slot_wish
from services.booking.queries.trainers import one_trainer
from services.booking.store import people, waitlist
from services.booking.store.trainers import lock_trainers
from services.booking.store.waitlist import Offer
from shared import outbox
from shared.contracts.booking import Mode
from shared.contracts.event import Event
from shared.contracts.waitlist import WaitlistJoined, WaitlistLeft
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorised
from shared.identifiers import new_id
from shared.postgres import Transaction

LOCK_TRIES = 3
"""An offer may come or go while we wait for its trainer's lock; thrice in a row it does not."""

ENDED_AT_ONCE = 200
"""Entries ended in one transaction."""

EASTMOST = timedelta(hours=14)
"""Where a day begins and ends first: fourteen hours before it does in UTC."""


@dataclass(frozen=True)
class WaitWish:
    """What somebody waits for. `client` None means the signed-in caller."""

    service: str
    mode: Mode
    first_day: date
    last_day: date
    trainer_id: UUID | None = None
    postal: str | None = None
    client: ClientWish | None = None


async def join(
    tx: Transaction, wish: WaitWish, caller: Caller, *, signer: LinkSigner, now: datetime
) -> Entry:
    """Put a client on the waitlist.

    Raises:
        Invalid: the wish itself is wrong, or nobody says who the client is.
        Conflict: `waiting-enough`, when the client waits for too many things already.
    """
    asked = TimeWish(wish.service, wish.mode, now, wish.trainer_id, wish.postal)
    sought = slot_wish(asked)
    if wish.trainer_id is not None:
        trainer = await one_trainer(tx, wish.trainer_id)
        for reason in misfits(trainer, Wish(sought.mode, sought.area)):
            raise Invalid.field("trainer", reason.detail)
    client, news = await _client_of(tx, wish.client, caller, now=now)
    tz = client.tz if wish.client is None else wish.client.tz
    rules.check_days(wish.first_day, wish.last_day, tz, now=now)
    if await waitlist.count_open(tx, client.id) >= rules.MOST_OPEN:
        raise Conflict(
            "waiting-enough",
            f"You wait for {rules.MOST_OPEN} things already. Leave one of them first.",
        )
    entry = Entry(
        id=new_id(),
        client_id=client.id,
        service=sought.service.id,
        mode=sought.mode,
        area=sought.area,
        postal=sought.postal,
        trainer_id=wish.trainer_id,
        tz=tz,
        first_day=wish.first_day,
        last_day=wish.last_day,
        status="waiting",
        created_at=now,
    )
    await waitlist.add_entry(tx, entry)
    await tell(tx, client.id, [*news, _joined(entry)], signer, now=now)
    return entry


async def leave(tx: Transaction, entry_id: UUID, caller: Caller, *, now: datetime) -> None:
    """Take somebody off the waitlist; an open offer goes to who waits next. Twice changes nothing.

    Raises:
        NotFound, Forbidden, Unauthorised: no such entry, or not the caller's.
        Conflict: `offer-changing`, when offers come and go faster than we can look.
    """
    entry = await waitlist.find_entry(tx, entry_id)
    check_may_see(caller, entry_id, entry.client_id if entry else None)
    entry, offer = await _lock(tx, entry_id)
    if entry.status not in rules.OPEN:
        return
    await waitlist.leave(tx, entry.id)
    gone = WaitlistLeft(waitlist_id=entry.id, client_id=entry.client_id, reason="left")
    await outbox.add(tx, [gone], now=now)
    if offer is not None:
        await freed.give_back(tx, offer.hold_id, now=now)


async def offer_booked(tx: Transaction, hold_id: UUID, client_id: UUID, *, now: datetime) -> None:
    """The hold of an offer became a booking of a client, who waits no more.

    Raises:
        Forbidden: the time is kept for somebody else; a hold's id is no secret to all who see
            that it was offered.
    """
    entry = await waitlist.book_offer(tx, hold_id)
    if entry is not None:
        if entry.client_id != client_id:
            raise Forbidden(
                "not-your-offer",
                "This time is kept for somebody who waited for it. Use the e-mail address you"
                " joined the waitlist with, or choose another time.",
            )
        gone = WaitlistLeft(waitlist_id=entry.id, client_id=entry.client_id, reason="booked")
        await outbox.add(tx, [gone], now=now)


async def end_old(tx: Transaction, *, now: datetime) -> int:
    """End the entries whose last day has passed where their clients are; returns how many."""
    before = (now + EASTMOST).date()
    old = await waitlist.lock_old(tx, before=before, limit=ENDED_AT_ONCE)
    over = [entry for entry in old if rules.is_over(entry, now)]
    if over:
        await waitlist.end(tx, [entry.id for entry in over])
        gone = (
            WaitlistLeft(waitlist_id=entry.id, client_id=entry.client_id, reason="ended")
            for entry in over
        )
        await outbox.add(tx, gone, now=now)
    return len(over)


async def check_may_give_back(tx: Transaction, hold_id: UUID, caller: Caller) -> None:
    """Let pass who may give a hold back: anybody who has its id, but of an offer whose it is.

    Raises:
        Unauthorised, Forbidden: the hold keeps an offer for somebody else.
    """
    entry = await waitlist.entry_of_hold(tx, hold_id)
    if entry is not None:
        check_may_see(caller, entry.id, entry.client_id)


def check_may_see(caller: Caller, entry_id: UUID, client_id: UUID | None) -> None:
    """Let pass the bearer of the entry's link, its client, and staff; no client means no entry.

    Raises:
        Unauthorised: a visitor asks.
        NotFound: there is no such entry.
        Forbidden: it is somebody else's.
    """
    if caller == Caller():
        raise Unauthorised("sign-in-first", "Use the token of your place, or sign in.")
    if client_id is None:
        raise not_waiting()
    if not (caller.works_here or caller.waitlist_id == entry_id or caller.person_id == client_id):
        raise Forbidden("not-your-place", "This place on the waitlist belongs to somebody else.")


def not_waiting() -> NotFound:
    """The refusal of an unknown place."""
    return NotFound("not-waiting", "There is no such place on the waitlist.")


async def _client_of(
    tx: Transaction, wish: ClientWish | None, caller: Caller, *, now: datetime
) -> tuple[Person, list[Event]]:
    if wish is not None:
        return await client_of(tx, wish, caller, now=now)
    if caller.person_id is None or caller.role != "client":
        raise Invalid.field("client", "say who waits: name, email and tz")
    person = await people.lock_person(tx, caller.person_id)
    if person is None:
        raise RuntimeError("a session outlived its person")
    return person, []


class _OfferChangedError(Exception):
    """Another trainer's lock is needed than the one that was taken."""


async def _lock(tx: Transaction, entry_id: UUID) -> tuple[Entry, Offer | None]:
    """An entry and its open offer, locked after the trainer of the offer.

    Raises:
        NotFound: there is no such entry.
        Conflict: `offer-changing`.
    """
    for _ in range(LOCK_TRIES):
        try:
            # A savepoint: its end gives the locks back, to be taken again in their order.
            async with tx.transaction():
                return await _lock_once(tx, entry_id)
        except _OfferChangedError:
            continue
    raise Conflict("offer-changing", "Your offer is changing just now. Please ask again.")


async def _lock_once(tx: Transaction, entry_id: UUID) -> tuple[Entry, Offer | None]:
    seen = await waitlist.open_offer(tx, entry_id)
    if seen is not None:
        await lock_trainers(tx, [seen.trainer_id])
    entry = await waitlist.lock_entry(tx, entry_id)
    if entry is None:
        raise not_waiting()
    offer = await waitlist.open_offer(tx, entry_id)
    if offer is not None and (seen is None or seen.trainer_id != offer.trainer_id):
        raise _OfferChangedError
    return entry, offer


def _joined(entry: Entry) -> WaitlistJoined:
    return WaitlistJoined(
        waitlist_id=entry.id,
        client_id=entry.client_id,
        service=entry.service,
        mode=entry.mode,
        area=entry.area,
        trainer_id=entry.trainer_id,
        first_day=entry.first_day,
        last_day=entry.last_day,
        tz=entry.tz,
    )
