"""Field types of reports about a client's care: codes of the catalogue, words, and parts of one."""

from functools import cache
from typing import Annotated, get_args

from pydantic import AfterValidator, Field, JsonValue

from services.booking.api.fields import OptionCode
from shared.fields import NotBlank, Storable
from shared.options.catalogue import catalogue
from shared.vocabulary.codes import Family, Region


@cache
def _options() -> frozenset[str]:
    return frozenset(catalogue().by_code())


_FAMILIES = frozenset(get_args(Family))
_REGIONS = frozenset(get_args(Region))


def _known_option(code: str) -> str:
    if code not in _options():
        raise ValueError("should be an option of GET /v1/options")
    return code


def _enjoyed(code: str) -> str:
    if code not in _options() | _FAMILIES:
        raise ValueError("should be an option of GET /v1/options, or a family")
    return code


def _avoidable(code: str) -> str:
    if code not in _options() | _FAMILIES | _REGIONS:
        raise ValueError("should be an option of GET /v1/options, a family or a region")
    return code


def _some(items: tuple[object, ...]) -> tuple[object, ...]:
    if not items:
        raise ValueError("should have at least one item")
    return items


Some = AfterValidator(_some)
"""For lists that may not be empty. Pydantic's `min_length` counts the items without fault, and so
calls a list too short whose items are wrong; `SOME` says the same in the OpenAPI document."""

SOME: dict[str, JsonValue] = {"minItems": 1}

KnownOption = Annotated[OptionCode, AfterValidator(_known_option)]
"""An option of the catalogue."""

EnjoyedCode = Annotated[OptionCode, AfterValidator(_enjoyed)]
"""An option or a family."""

AvoidedCode = Annotated[OptionCode, AfterValidator(_avoidable)]
"""An option, a family or a region."""

FindingWord = Annotated[str, Field(min_length=1, max_length=80), Storable, NotBlank]
"""A code of the vocabulary, or a word for what it has no code for, which is shown as `other`."""

YesOrNo = Annotated[bool, Field(strict=True)]

Amount = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
"""A part of one."""
