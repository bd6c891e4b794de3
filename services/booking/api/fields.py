"""Field types that requests share: each refuses what would be misread or could not be stored."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from services.booking.domain.areas import POSTAL_MAX_CHARACTERS, tidy
from services.booking.domain.people import Language
from services.booking.domain.services import ServiceId
from services.booking.domain.trainers import Condition
from shared.contracts.booking import Area, Mode
from shared.errors import Invalid
from shared.zones import UnknownZoneError, zone

YEAR_MIN, YEAR_MAX = 2000, 2099
"""No session lies outside; inside, no sum of an instant, a zone and a window can overflow."""

ZONE_MAX_CHARACTERS = 64
"""The longest IANA name has 32."""

_INSTANT = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
    "([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


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


def _day_text(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("should be a date such as 2026-10-05")
    return value


def _day_in_range(day: date) -> date:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise ValueError(f"should lie in the years {YEAR_MIN} to {YEAR_MAX}")
    return day


Day = Annotated[date, AfterValidator(_day_in_range), BeforeValidator(_day_text)]
"""A calendar date, without a zone."""


def _known_zone(name: str) -> str:
    try:
        return zone(name).key
    except UnknownZoneError:
        raise ValueError("should be an IANA time zone such as America/Toronto") from None


TimeZoneName = Annotated[str, Field(max_length=ZONE_MAX_CHARACTERS), AfterValidator(_known_zone)]
"""The name of a zone in the pinned tzdata release."""


def _tidy_postal(postal: str) -> str:
    try:
        return tidy(postal)
    except Invalid as no:
        raise ValueError(no.fields[0].message) from None


PostalCode = Annotated[str, Field(max_length=POSTAL_MAX_CHARACTERS), AfterValidator(_tidy_postal)]
"""A Canadian postal code or its first half; tidied when read (`M5V 2T6`)."""

AreaCode = Area
ModeName = Mode
ConditionCode = Condition
LanguageCode = Language
ServiceCode = ServiceId
