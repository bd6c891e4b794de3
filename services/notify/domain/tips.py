"""Which tip of the calm family comes in which week: another each week."""

from datetime import date
from functools import lru_cache
from uuid import UUID

from shared.options.catalogue import catalogue

_KINDS = frozenset({"sleep", "food", "stress", "breathing", "mindfulness", "relaxation"})

_WEEK = 7


@lru_cache(maxsize=1)
def tips() -> tuple[str, ...]:
    """The options that are told as tips."""
    calm = catalogue().select(family="calm")
    return tuple(option.code for option in calm if option.kind in _KINDS)


def tip_of(person_id: UUID, day: date) -> str:
    """The tip of the week of that day: all come once before the first comes again."""
    codes = tips()
    week = day.toordinal() // _WEEK
    return codes[(person_id.int + week) % len(codes)]
