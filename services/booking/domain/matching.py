"""Who is right for a wish, in which order, and why.

Only those are ordered who can do all that is asked for (`trainers.serves`): first the trainer whom
the client knows; then the least load, so that work is shared fairly; then name and id.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from services.booking.domain.areas import city_of
from services.booking.domain.people import Language
from services.booking.domain.trainers import Trainer, Wish
from shared.vocabulary.codes import Condition

LOAD_DAYS = 14
"""How far before and after the days in question a trainer's booked time counts as load: long
enough to even out a quiet week, short enough that a newcomer catches up within a month."""

LEAST_WORK_MINUTES = 60
"""Working time of a week that load is measured by at least: who works on single dates alone has
no weekly hours, and counts as almost full."""

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


def load(trainer: Trainer, booked_minutes: int, during: timedelta) -> int:
    """Booked time in per mille of the usual working time of a trainer."""
    weeks = during / timedelta(days=7)
    return int(booked_minutes * 1000 / (max(trainer.weekly_minutes, LEAST_WORK_MINUTES) * weeks))


def in_order(trainers: Iterable[Trainer], loads: Mapping[UUID, int]) -> list[Trainer]:
    """The trainers, the best first; `loads` are theirs, and who has none counts as free."""
    return sorted(
        trainers, key=lambda one: (one.known is None, loads.get(one.id, 0), one.name, one.id)
    )


def why(trainer: Trainer, wish: Wish) -> str:
    """A plain sentence: what makes this trainer right for the wish."""
    if trainer.known is not None:
        first_name = trainer.name.split()[0]
        if trainer.known == "met":
            return f"You know {first_name} from your last session."
        return f"Your coming session is with {first_name}."
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
