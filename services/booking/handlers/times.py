"""A wished time: checked against services and areas, and refused with the nearest free ones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.booking.domain import areas, services
from services.booking.domain.people import Language
from services.booking.queries import slots
from services.booking.queries.slots import SlotWish
from shared.contracts.booking import Mode
from shared.errors import Conflict, Invalid
from shared.postgres import Transaction
from shared.vocabulary.codes import Condition


@dataclass(frozen=True)
class TimeWish:
    """A wished time. `trainer_id` None means whoever fits best.

    `conditions` and `language` say what the trainer must know.
    """

    service: str
    mode: Mode
    start: datetime
    trainer_id: UUID | None = None
    postal: str | None = None
    conditions: tuple[Condition, ...] = ()
    language: Language | None = None


def slot_wish(
    wish: TimeWish, *, client_id: UUID | None = None, besides: UUID | None = None
) -> SlotWish:
    """What a wish asks of the slots, checked against services and areas.

    Raises:
        Invalid: unknown service, a mode it does not have, or a visit outside the areas.
    """
    service = services.find(wish.service)
    if wish.mode not in service.modes:
        raise Invalid.field("mode", f"{service.name} is not offered {wish.mode}")
    area = postal = None
    if wish.mode == "in-person":
        if wish.postal is None:
            raise Invalid.field("postal", "a visit needs the postal code it goes to")
        place = areas.locate(wish.postal)
        if place.area is None:
            raise Invalid.field(
                "postal", "trainers do not visit this postal code; choose a virtual session"
            )
        area, postal = place.area, place.postal
    return SlotWish(
        service,
        wish.mode,
        area,
        postal,
        trainer_id=wish.trainer_id,
        conditions=wish.conditions,
        language=wish.language,
        client_id=client_id,
        besides=besides,
    )


async def slot_taken(
    tx: Transaction, wish: SlotWish, start: datetime, *, now: datetime, why: str
) -> Conflict:
    """The refusal of a wished time, with the nearest times that are free."""
    alternatives = await slots.nearest(tx, wish, start, now=now)
    return Conflict("slot-taken", why, extra={"alternatives": alternatives})
