"""Rows as JSON answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.clock import rfc3339


def shown(row: object) -> dict[str, Any]:
    """A mapping, or an object's attributes, with ids and instants as text."""
    fields = row if isinstance(row, Mapping) else vars(row)
    return {name: plain(value) for name, value in fields.items()}


def plain(value: object) -> object:
    """An id or an instant as text; anything else as it is."""
    if isinstance(value, UUID):
        return str(value)
    return rfc3339(value) if isinstance(value, datetime) else value
