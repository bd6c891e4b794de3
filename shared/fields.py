"""Field types of requests at every service: each refuses what would be misread or kept badly."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

YEAR_MIN, YEAR_MAX = 2000, 2099
"""No session lies outside; inside, no sum of an instant, a zone and a window can overflow."""

_INSTANT = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
    "([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def storable(text: str) -> str:
    """The text, unchanged.

    Raises:
        ValueError: it holds a null byte or half a character, which the database cannot keep.
    """
    if "\0" in text:
        raise ValueError("should not hold a null byte")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("should be valid Unicode text")
    return text


Storable = AfterValidator(storable)
"""For free text: `Annotated[str, Field(max_length=100), Storable]`."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("should not be blank")
    return text


NotBlank = AfterValidator(_not_blank)
"""For text that must say something; what counts as blank is what `str.strip` removes."""


def _instant_text(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("should be an instant with its offset such as 2026-10-05T14:00:00Z")
    return value


def _instant_in_range(at: datetime) -> datetime:
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise ValueError(f"should lie in the years {YEAR_MIN} to {YEAR_MAX}")
    return at.astimezone(UTC)


Instant = Annotated[
    AwareDatetime, AfterValidator(_instant_in_range), BeforeValidator(_instant_text)
]
"""A moment, in UTC when read. Numbers, naive times and far years are refused."""

Text = Annotated[str, Field(max_length=1000), Storable]
"""A few sentences of free text."""


class Body(BaseModel):
    """A request body: unknown fields are refused, for a misspelled one must not be lost."""

    model_config = ConfigDict(extra="forbid")
