"""Making a booking: from a hold, or straight from a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.domain import areas, services
from services.booking.domain import bookings as rules
from services.booking.domain.bookings import Booking
from services.booking.domain.links import Links
from services.booking.domain.people import Caller, Person, once_key
from services.booking.domain.series import together
from services.booking.handlers import waitlist
from services.booking.handlers.clients import ClientWish, client_of
from services.booking.handlers.take import take
from services.booking.handlers.tell import tell
from services.booking.handlers.times import TimeWish, slot_taken, slot_wish
from services.booking.queries import slots
from services.booking.queries.slots import SlotWish
from services.booking.store import bookings, reservations, trainers
from services.booking.store import credits as paid_ahead
from services.booking.store.bookings import BookingDetails, UsedUpError
from services.booking.store.reservations import Hold
from shared.contracts.event import Event
from shared.errors import Conflict, Gone, Invalid
from shared.identifiers import new_id
from shared.postgres import Transaction
from shared.vocabulary.codes import Condition

FSA_CHARACTERS = 3
"""The first half of a postal code: drives are known by it, so the same half is the same drive."""


@dataclass(frozen=True)
class BookingWish:
    """All that is needed to book: a hold or a time, and who for."""

    client: ClientWish
    hold_id: UUID | None = None
    time: TimeWish | None = None
    address: dict[str, Any] | None = None
    conditions: tuple[Condition, ...] = ()
    goal: str | None = None


async def book(
    tx: Transaction, wish: BookingWish, caller: Caller, *, links: Links, now: datetime
) -> Booking:
    """Book a time for a client.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `slot-taken`, `free-workout-used`, `safety-hold`.
        Gone: `hold-expired`.
        Forbidden: `not-your-offer`.
    """
    client, news = await client_of(tx, wish.client, caller, now=now)
    booking, postal = (
        await _from_hold(tx, wish, client, now=now)
        if wish.hold_id is not None
        else await _from_time(tx, wish, client, caller, now=now)
    )
    once = services.find(booking.service).once_per_client
    details = BookingDetails(
        join_url=links.rooms.new_room() if booking.mode == "virtual" else None,
        address=wish.address if booking.mode == "in-person" else None,
        conditions=wish.conditions,
        goal=wish.goal,
        postal=postal,
        once_key=once_key(client.email) if once else None,
    )
    await add_confirmed(
        tx,
        [(booking, details)],
        links,
        before=news,
        paid=caller.person_id == client.id or caller.role == "trainer" or caller.works_here,
        now=now,
    )
    return booking


async def add_confirmed(
    tx: Transaction,
    made: Sequence[tuple[Booking, BookingDetails]],
    links: Links,
    *,
    before: Sequence[Event] = (),
    paid: bool = True,
    now: datetime,
) -> None:
    """Store one client's new bookings of a service, whose times are reserved; tell them as one.

    Each uses a session paid for ahead as long as some are left, unless `paid` is off: somebody who
    is not known to be the client uses none of theirs. `before` are facts that go out ahead.

    Raises:
        Conflict: `free-workout-used`, when the same mailbox took it at this very moment.
    """
    client_id, service = made[0][0].client_id, services.find(made[0][0].service)
    try:
        await bookings.add_bookings(tx, made, now=now)
    except UsedUpError:
        raise _free_workout_used() from None
    if paid and not service.free:
        await paid_ahead.use_for(
            tx, client_id, service.id, [booking.id for booking, _ in made], now=now
        )
    confirmed = [
        rules.confirmed(booking).model_copy(update={"series_id": details.series_id})
        for booking, details in made
    ]
    await tell(tx, client_id, [*before, *together(confirmed, new_id())], links.signer, now=now)


async def refuse_on_hold(tx: Transaction, client_id: UUID) -> None:
    """Let nobody book whose sessions wait for a person to lift a safety hold.

    Raises:
        Conflict: `safety-hold`.
    """
    if await bookings.safety_hold_stands(tx, client_id):
        raise _on_hold()


def check_address(postal: str | None, area: str | None) -> None:
    """Let no visit go to another area than its time was chosen for.

    Raises:
        Invalid: it would; names the field `address.postal`.
    """
    if postal is not None and area is not None and areas.locate(postal).area != area:
        raise Invalid.field(
            "address.postal", "the address is not in the area the time was chosen for"
        )


async def _from_hold(
    tx: Transaction, wish: BookingWish, client: Person, *, now: datetime
) -> tuple[Booking, str | None]:
    visited = wish.address["postal"] if wish.address is not None else None
    if visited is not None and wish.hold_id is not None:
        # The trainer is locked before the hold, as everywhere: another drive may be judged.
        await trainers.lock_trainer_of(tx, wish.hold_id)
    hold = await reservations.lock_hold(tx, wish.hold_id) if wish.hold_id else None
    if hold is None or hold.expires_at <= now:
        raise Gone("hold-expired", "The held time has run out. Please choose a time again.")
    check_address(visited, hold.area)
    await _check_client(tx, client, hold.service, hold.start, hold.end)
    postal = hold.postal
    if hold.mode == "in-person" and visited is not None:
        if postal is None or visited[:FSA_CHARACTERS] != postal[:FSA_CHARACTERS]:
            await _check_reach(tx, hold, visited, now=now)
        postal = visited
    booking = Booking(
        id=new_id(),
        client_id=client.id,
        trainer_id=hold.trainer_id,
        service=hold.service,
        mode=hold.mode,
        area=hold.area,
        status="confirmed",
        version=1,
        start=hold.start,
        end=hold.end,
        tz=wish.client.tz,
    )
    await reservations.turn_hold_into_booking(tx, hold.id, booking.id, client.id, postal)
    if hold.waitlist_id is not None:
        await waitlist.offer_booked(tx, hold.id, client.id, now=now)
    return booking, postal


async def _from_time(
    tx: Transaction, wish: BookingWish, client: Person, caller: Caller, *, now: datetime
) -> tuple[Booking, str | None]:
    if wish.time is None:
        raise Invalid.field("hold", "give a hold, or service, mode and start")
    time, visited = wish.time, wish.address["postal"] if wish.address is not None else None
    if time.trainer_id is None:
        time = replace(time, conditions=wish.conditions)
    # Who the client's trainer is stays between them: a stranger's wish is not matched by it.
    known = client.id if caller.person_id == client.id else None
    sought = slot_wish(replace(time, postal=time.postal or visited), client_id=known)
    check_address(visited, sought.area)
    if sought.mode == "in-person" and visited is not None:
        sought = replace(sought, postal=visited)
    end = time.start + sought.service.length
    await _check_client(tx, client, sought.service.id, time.start, end)
    booking_id = new_id()
    found = await take(
        tx, sought, time.start, reservation_id=booking_id, client_id=client.id, now=now
    )
    if found is None:
        why = "That time is not free any more. These are the nearest ones."
        raise await slot_taken(tx, sought, time.start, now=now, why=why)
    booking = Booking(
        id=booking_id,
        client_id=client.id,
        trainer_id=found.trainer_id,
        service=sought.service.id,
        mode=sought.mode,
        area=sought.area,
        status="confirmed",
        version=1,
        start=time.start,
        end=end,
        tz=wish.client.tz,
    )
    return booking, sought.postal


async def _check_client(
    tx: Transaction, client: Person, service: str, start: datetime, end: datetime
) -> None:
    once = services.find(service).once_per_client
    against = await bookings.obstacles(
        tx, client.id, start, end, once=(service, once_key(client.email)) if once else None
    )
    if against.held:
        raise _on_hold()
    if against.used_up:
        raise _free_workout_used()
    if against.busy:
        raise Conflict(
            "slot-taken",
            "You have another session at that time. Please choose another time.",
            extra={"alternatives": [], "reason": "client-busy"},
        )


async def _check_reach(tx: Transaction, hold: Hold, postal: str, *, now: datetime) -> None:
    """The held time was judged for another place: can the trainer be at this one?

    Only the drive is judged again; what else may have changed since does not take a hold away.
    """
    wish = SlotWish(
        services.find(hold.service),
        hold.mode,
        hold.area,
        postal,
        trainer_id=hold.trainer_id,
        besides=hold.id,
    )
    reasons = await slots.explain(tx, wish, hold.start, now=now)
    if any(reason.code == "unreachable" for reason in reasons):
        why = "Your trainer cannot be at this address in time. These are the nearest times."
        refusal = await slot_taken(tx, wish, hold.start, now=now, why=why)
        refusal.extra["reason"] = "unreachable"
        raise refusal


def _on_hold() -> Conflict:
    return Conflict(
        "safety-hold",
        "Your sessions wait until your trainer has spoken with you. Please call us.",
    )


def _free_workout_used() -> Conflict:
    return Conflict(
        "free-workout-used",
        "Your free first workout is booked or done already. You can move it by its link, or book"
        " a training session.",
    )
