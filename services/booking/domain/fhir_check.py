"""FHIR R4B by its library. Loading its classes takes a while: import this lazily."""

from typing import Any

from fhir.resources.R4B.bundle import Bundle


def checked(bundle: dict[str, Any]) -> bytes:
    """The bundle as JSON, after the library has read it.

    Raises:
        ValueError: it is no valid bundle.
    """
    return Bundle.model_validate(bundle).model_dump_json().encode()
