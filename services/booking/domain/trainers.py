"""Trainers: what they can do and when they work; and what is asked of them."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.booking.domain.areas import city_of
from services.booking.domain.people import Language
from services.booking.domain.slots import (
    COMPANY,
    Hours,
    Overrides,
    Reason,
    Rules,
    SlotSettings,
    Timetable,
)
from services.booking.domain.travel import Stop
from shared.contracts.booking import Area, Mode
from shared.vocabulary.codes import Condition

Known = Literal["met", "booked"]
"""Whether the client's last session was with a trainer, or their first one is going to be."""


@dataclass(frozen=True)
class Trainer:
    """A trainer's skills and hours. `tz` is the zone of the hours.

    `known` is set for the one trainer whom the asking client knows.
    """

    id: UUID
    name: str
    tz: str
    areas: tuple[Area, ...]
    modes: tuple[Mode, ...]
    languages: tuple[Language, ...]
    conditions: tuple[Condition, ...]
    hours: Hours = ()
    overrides: Overrides = ()
    settings: SlotSettings = COMPANY
    base: Stop | None = None
    known: Known | None = None

    @property
    def rules(self) -> Rules:
        """When the trainer can be booked."""
        return Rules(Timetable(self.tz, self.hours, self.overrides), self.settings, self.base)

    @property
    def weekly_minutes(self) -> int:
        """Minutes of work in a usual week."""
        return sum(one.closes - one.opens for one in self.hours)


@dataclass(frozen=True)
class Wish:
    """What is asked of a trainer; what is null does not matter."""

    mode: Mode | None = None
    area: Area | None = None
    conditions: tuple[Condition, ...] = ()
    language: Language | None = None


def serves(trainer: Trainer, wish: Wish) -> bool:
    """Whether the trainer can do all that is wished."""
    return not misfits(trainer, wish) and (
        set(wish.conditions) <= set(trainer.conditions)
        and (wish.language is None or wish.language in trainer.languages)
    )


def misfits(trainer: Trainer, wish: Wish) -> list[Reason]:
    """Why the trainer cannot give a session in that mode and area."""
    reasons = []
    if wish.mode is not None and wish.mode not in trainer.modes:
        does = "train virtually" if wish.mode == "virtual" else "visit at home"
        reasons.append(Reason("mode", f"{trainer.name} does not {does}."))
    if wish.area is not None and wish.area not in trainer.areas:
        reasons.append(Reason("area", f"{trainer.name} does not visit {city_of(wish.area)}."))
    return reasons
