"""Making a booking: from a hold, or straight from a time."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.booking.domain import areas, services
from services.booking.domain import bookings as rules
from services.booking.domain.bookings import Booking
from services.booking.domain.links import Links
from services.booking.domain.people import Caller, Language, Person
from services.booking.domain.series import together
from services.booking.handlers.take import take
from services.booking.handlers.tell import tell
from services.booking.handlers.times import TimeWish, slot_taken, slot_wish
from services.booking.store import bookings, people, reservations
from services.booking.store.bookings import BookingDetails
from shared.contracts.booking import ClientRegistered
from shared.contracts.event import Event
from shared.errors import Conflict, Gone, Invalid
from shared.identifiers import new_id
from shared.postgres import Transaction


@dataclass(frozen=True)
class ClientWish:
    """How somebody introduces themselves with a booking."""

    name: str
    email: str
    phone: str | None
    tz: str
    language: Language
    reminders: bool
    marketing: bool


@dataclass(frozen=True)
class BookingWish:
    """All that is needed to book: a hold or a time, and who for."""

    client: ClientWish
    hold_id: UUID | None = None
    time: TimeWish | None = None
    address: dict[str, Any] | None = None
    conditions: tuple[str, ...] = ()
    goal: str | None = None


async def book(
    tx: Transaction, wish: BookingWish, caller: Caller, *, links: Links, now: datetime
) -> Booking:
    """Book a time for a client.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `slot-taken`, `free-workout-used`, `safety-hold`.
        Gone: `hold-expired`.
    """
    client, is_new = await client_of(tx, wish.client, caller, now=now)
    booking = (
        await _from_hold(tx, wish, client, now=now)
        if wish.hold_id is not None
        else await _from_time(tx, wish, client, caller, now=now)
    )
    details = BookingDetails(
        join_url=meeting_room(links) if booking.mode == "virtual" else None,
        address=wish.address if booking.mode == "in-person" else None,
        conditions=wish.conditions,
        goal=wish.goal,
    )
    registered = ClientRegistered(client_id=client.id, tz=client.tz, language=client.language)
    await add_confirmed(
        tx, [(booking, details)], links, before=[registered] if is_new else [], now=now
    )
    return booking


async def add_confirmed(
    tx: Transaction,
    made: Sequence[tuple[Booking, BookingDetails]],
    links: Links,
    *,
    before: Sequence[Event] = (),
    now: datetime,
) -> None:
    """Store one client's new bookings, whose times are reserved, and tell of them as one change.

    `before` are facts that go out ahead of them.
    """
    await bookings.add_bookings(tx, made, now=now)
    confirmed = [
        rules.confirmed(booking).model_copy(update={"series_id": details.series_id})
        for booking, details in made
    ]
    client_id = made[0][0].client_id
    await tell(tx, client_id, [*before, *together(confirmed, new_id())], links.signer, now=now)


def meeting_room(links: Links) -> str:
    """The link to a new room; 128 random bits: whoever does not have it cannot find the room."""
    return f"{links.meeting_url.rstrip('/')}/limber-{secrets.token_urlsafe(16)}"


async def client_of(
    tx: Transaction, wish: ClientWish, caller: Caller, *, now: datetime
) -> tuple[Person, bool]:
    """The person of the address, locked; added when new.

    What a stranger says of a known person changes nothing: only the person, signed in, may.
    """
    person = await people.lock_person_by_email(tx, wish.email)
    if person is None:
        person = Person(
            id=new_id(),
            role="client",
            name=wish.name,
            email=wish.email,
            phone=wish.phone,
            tz=wish.tz,
            language=wish.language,
            reminders=wish.reminders,
            marketing=wish.marketing,
            contact_version=0,
        )
        if await people.add_person(tx, person, now=now):
            return person, True
        # Somebody added the same address at this very moment: it is visible by now.
        added = await people.lock_person_by_email(tx, wish.email)
        if added is None:
            raise RuntimeError("a person with that address exists and cannot be found")
        return added, False
    if caller.person_id == person.id:
        person = replace(
            person,
            name=wish.name,
            phone=wish.phone,
            tz=wish.tz,
            language=wish.language,
            reminders=wish.reminders,
            marketing=wish.marketing,
        )
        await people.update_client(tx, person)
    return person, False


async def _from_hold(
    tx: Transaction, wish: BookingWish, client: Person, *, now: datetime
) -> Booking:
    hold = await reservations.lock_hold(tx, wish.hold_id) if wish.hold_id else None
    if hold is None or hold.expires_at <= now:
        raise Gone("hold-expired", "The held time has run out. Please choose a time again.")
    _check_address(wish.address, hold.area)
    await _check_client(tx, client, hold.service, hold.start, hold.end)
    booking = _new_booking(hold.trainer_id, hold.start, hold.end, hold.service, client, wish)
    booking = replace(booking, mode=hold.mode, area=hold.area)
    await reservations.turn_hold_into_booking(tx, hold.id, booking.id, client.id)
    return booking


async def _from_time(
    tx: Transaction, wish: BookingWish, client: Person, caller: Caller, *, now: datetime
) -> Booking:
    if wish.time is None:
        raise Invalid.field("hold", "give a hold, or service, mode and start")
    time = wish.time
    if time.mode == "in-person" and time.postal is None and wish.address is not None:
        time = replace(time, postal=wish.address["postal"])
    # Who the client's trainer is stays between them: a stranger's wish is not matched by it.
    known = client.id if caller.person_id == client.id else None
    sought = slot_wish(time, client_id=known)
    _check_address(wish.address, sought.area)
    end = time.start + sought.service.length
    await _check_client(tx, client, sought.service.id, time.start, end)
    booking_id = new_id()
    found = await take(
        tx, sought, time.start, reservation_id=booking_id, client_id=client.id, now=now
    )
    if found is None:
        why = "That time is not free any more. These are the nearest ones."
        raise await slot_taken(tx, sought, time.start, now=now, why=why)
    booking = _new_booking(found.trainer_id, time.start, end, sought.service.id, client, wish)
    return replace(booking, id=booking_id, mode=sought.mode, area=sought.area)


def _new_booking(
    trainer_id: UUID,
    start: datetime,
    end: datetime,
    service: str,
    client: Person,
    wish: BookingWish,
) -> Booking:
    return Booking(
        id=new_id(),
        client_id=client.id,
        trainer_id=trainer_id,
        service=service,
        mode="virtual",
        area=None,
        status="confirmed",
        version=1,
        start=start,
        end=end,
        tz=wish.client.tz,
    )


async def _check_client(
    tx: Transaction, client: Person, service: str, start: datetime, end: datetime
) -> None:
    if await bookings.safety_hold_stands(tx, client.id):
        raise Conflict(
            "safety-hold",
            "Your sessions wait until your trainer has spoken with you. Please call us.",
        )
    if services.find(service).once_per_client and await bookings.first_workout_is_used(
        tx, client.id
    ):
        raise Conflict(
            "free-workout-used",
            "Your free first workout is booked or done already. You can move it by its link, or"
            " book a training session.",
        )
    if await reservations.client_is_busy(tx, client.id, start, end):
        raise Conflict(
            "slot-taken",
            "You have another session at that time. Please choose another time.",
            extra={"alternatives": [], "reason": "client-busy"},
        )


def _check_address(address: dict[str, Any] | None, area: str | None) -> None:
    if address is None or area is None:
        return
    if areas.locate(address["postal"]).area != area:
        raise Invalid.field(
            "address.postal", "the address is not in the area the time was chosen for"
        )
