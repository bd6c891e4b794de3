"""Postal codes and the areas trainers visit; everywhere else Limber trains virtually."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import get_args

from shared.contracts.booking import Area, Mode
from shared.errors import Invalid

POSTAL_MAX_CHARACTERS = 16
"""A Canadian code has 6; the rest is room for spaces. Longer text is refused unread."""

_POSTAL = re.compile(
    # Canada Post never uses D, F, I, O, Q, U, and begins no code with W or Z.
    "([ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z])[ -]*([0-9][ABCEGHJ-NPRSTV-Z][0-9])?",
    re.ASCII,
)


@dataclass(frozen=True)
class Place:
    """A postal code, tidied, and what is offered there. `area` and `city` are null together."""

    postal: str
    area: Area | None
    city: str | None

    @property
    def modes(self) -> tuple[Mode, ...]:
        """How sessions can take place there."""
        return ("in-person", "virtual") if self.area else ("virtual",)


def tidy(postal: str) -> str:
    """A postal code as `M5V 2T6`, or `M5V` when only its first half is given.

    Raises:
        Invalid: it is not a Canadian postal code; names the field `postal`.
    """
    found = len(postal) <= POSTAL_MAX_CHARACTERS and _POSTAL.fullmatch(postal.strip().upper())
    if not found:
        raise Invalid.field(
            "postal", "should be a Canadian postal code such as M5V 2T6, or its first half M5V"
        )
    return " ".join(half for half in found.groups() if half)


def locate(postal: str) -> Place:
    """What is offered at a postal code.

    Raises:
        Invalid: it is not a Canadian postal code; names the field `postal`.
    """
    tidied = tidy(postal)
    for area, (city, prefixes) in _areas().items():
        if tidied[:3].startswith(prefixes):
            return Place(tidied, area, city)
    return Place(tidied, None, None)


def city_of(area: Area) -> str:
    """The name people know an area by."""
    return _areas()[area][0]


def prefixes_of(area: Area) -> tuple[str, ...]:
    """The beginnings of the postal codes of an area."""
    return _areas()[area][1]


@lru_cache(maxsize=1)
def _areas() -> dict[Area, tuple[str, tuple[str, ...]]]:
    text = (resources.files(__package__) / "areas.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return {area: (table[area]["city"], tuple(table[area]["prefixes"])) for area in get_args(Area)}
