"""A wished time: checked against services and areas, and refused with the nearest free ones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.booking.domain import areas, services
from services.booking.domain.services import Service
from services.booking.queries import slots
from shared.contracts.booking import Area, Mode
from shared.errors import Conflict, Invalid
from shared.postgres import Transaction


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
