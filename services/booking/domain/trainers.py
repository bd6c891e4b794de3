"""Trainers: what they can do, and for which wishes that is right."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.booking.domain.areas import city_of
from services.booking.domain.people import Language
from services.booking.domain.slots import Hours, Reason
from shared.contracts.booking import Area, Mode

Condition = Literal[
    "back-pain", "neck-pain", "shoulder-pain", "osteoarthritis-knee", "osteoarthritis-hip",
    "rheumatoid-arthritis", "fibromyalgia", "chronic-primary-pain", "other",
]  # fmt: skip

_CONDITION_WORDS: dict[Condition, str] = {
    "back-pain": "back pain",
    "neck-pain": "neck pain",
    "shoulder-pain": "shoulder pain",
    "osteoarthritis-knee": "osteoarthritis of the knee",
    "osteoarthritis-hip": "osteoarthritis of the hip",
    "rheumatoid-arthritis": "rheumatoid arthritis",
    "fibromyalgia": "fibromyalgia",
    "chronic-primary-pain": "chronic primary pain",
    "other": "other chronic conditions",
}
_LANGUAGE_WORDS: dict[Language, str] = {"en": "English", "fr": "French"}


@dataclass(frozen=True)
class Trainer:
    """A trainer's skills and weekly hours. `tz` is the zone of the hours."""

    id: UUID
    name: str
    tz: str
    areas: tuple[Area, ...]
    modes: tuple[Mode, ...]
    languages: tuple[Language, ...]
    conditions: tuple[Condition, ...]
    hours: Hours = ()


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


def why(trainer: Trainer, wish: Wish) -> str:
    """A plain sentence: what makes this trainer right for the wish."""
    parts = []
    if wish.mode == "virtual":
        parts.append("trains virtually")
    if wish.area is not None:
        parts.append(f"visits {city_of(wish.area)}")
    if wish.conditions:
        known = " and ".join(_CONDITION_WORDS[one] for one in wish.conditions)
        parts.append(f"has experience with {known}")
    if wish.language is not None:
        parts.append(f"speaks {_LANGUAGE_WORDS[wish.language]}")
    *most, last = parts or [f"speaks {' and '.join(_LANGUAGE_WORDS[i] for i in trainer.languages)}"]
    sentence = f"{', '.join(most)} and {last}" if most else last
    return f"{sentence[0].upper()}{sentence[1:]}."
