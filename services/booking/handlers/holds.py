"""Holding a time while the form is filled in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.booking.domain import areas, services
from services.booking.domain.services import Service
from services.booking.queries import slots
from services.booking.store import reservations
from services.booking.store.reservations import Hold
from shared.contracts.booking import Area, Mode
from shared.errors import Conflict, Invalid, NotFound
from shared.identifiers import new_id
from shared.postgres import Transaction

HOLD_LIVES = timedelta(minutes=10)
"""Time enough to fill in the form in pain; what Square gives as well."""


@dataclass(frozen=True)
class TimeWish:
    """A wished time. `trainer_id` None means whoever fits best."""

    service: str
    mode: Mode
    start: datetime
    trainer_id: UUID | None = None
    postal: str | None = None


@dataclass(frozen=True)
class Place:
    """What a wish asks for, checked: the service, and the area of an in-person visit."""

    service: Service
    area: Area | None


def place_of(wish: TimeWish) -> Place:
    """Check a wish against services and areas.

    Raises:
        Invalid: unknown service, a mode it does not have, or a visit outside the areas.
    """
    service = services.find(wish.service)
    if wish.mode not in service.modes:
        raise Invalid.field("mode", f"{service.name} is not offered {wish.mode}")
    if wish.mode == "virtual":
        return Place(service, None)
    if wish.postal is None:
        raise Invalid.field("postal", "a visit needs the postal code it goes to")
    area = areas.locate(wish.postal).area
    if area is None:
        raise Invalid.field(
            "postal", "trainers do not visit this postal code; choose a virtual session"
        )
    return Place(service, area)


async def slot_taken(
    tx: Transaction, wish: TimeWish, place: Place, *, now: datetime, why: str
) -> Conflict:
    """The refusal of a wished time, with the nearest times that are free."""
    nearest = await slots.nearest(
        tx,
        service=place.service,
        mode=wish.mode,
        area=place.area,
        start=wish.start,
        now=now,
        trainer=wish.trainer_id,
    )
    return Conflict("slot-taken", why, extra={"alternatives": nearest})


async def place_hold(tx: Transaction, wish: TimeWish, *, now: datetime) -> tuple[Hold, str]:
    """Hold a time for ten minutes; returns the hold and the trainer's name.

    Raises:
        Invalid: the wish itself is wrong.
        Conflict: `slot-taken`, with the three nearest alternatives.
    """
    place = place_of(wish)
    fitting = await slots.candidates(
        tx,
        service=place.service,
        mode=wish.mode,
        area=place.area,
        start=wish.start,
        now=now,
        trainer=wish.trainer_id,
    )
    for candidate in fitting:
        hold = Hold(
            id=new_id(),
            trainer_id=candidate.trainer_id,
            service=place.service.id,
            mode=wish.mode,
            area=place.area,
            postal=wish.postal,
            start=wish.start,
            end=wish.start + timedelta(minutes=place.service.minutes),
            expires_at=now + HOLD_LIVES,
        )
        if await reservations.add_hold(tx, hold, now=now):
            return hold, candidate.name
    raise await slot_taken(
        tx, wish, place, now=now, why="That time is not free any more. These are the nearest ones."
    )


async def release_hold(tx: Transaction, hold_id: UUID) -> None:
    """Give a held time back.

    Raises:
        NotFound: there is no such hold.
    """
    if not await reservations.delete_hold(tx, hold_id):
        raise NotFound("no-such-hold", "There is no such hold; it may have run out.")
