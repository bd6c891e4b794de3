"""Field types that requests share: each refuses what would be misread or could not be stored."""

import re
from datetime import date, datetime
from typing import Annotated

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field

from services.booking.domain.areas import POSTAL_MAX_CHARACTERS, tidy
from services.booking.domain.people import Language
from services.booking.domain.services import ServiceId
from shared.contracts.booking import Area, Mode
from shared.errors import Invalid
from shared.fields import YEAR_MAX, YEAR_MIN, Storable
from shared.vocabulary.codes import Condition
from shared.zones import UnknownZoneError, zone

EMAIL_MAX_CHARACTERS = 254
"""What SMTP can carry (RFC 5321, 4.5.3.1.3)."""

ZONE_MAX_CHARACTERS = 64
"""The longest IANA name has 32."""

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


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


def _email(address: str) -> str:
    try:
        # Delivery is notify's business; a mailbox of a test domain is as good as any.
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError("should be an e-mail address such as name@example.org") from None
    return found.normalized


EmailAddress = Annotated[
    str, Field(max_length=EMAIL_MAX_CHARACTERS), Storable, AfterValidator(_email)
]
"""An e-mail address, its domain in lower case."""


def _phone(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, "CA")
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise ValueError("should be a phone number such as +1 416 555 0123")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


PhoneNumber = Annotated[str, Field(max_length=40), Storable, AfterValidator(_phone)]
"""A phone number, Canadian when it names no country; E.164 when read."""

OptionCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""The code of an exercise or activity."""
