"""Where a visit goes, as people write it."""

from collections.abc import Sequence
from typing import Any


def one_line(address: dict[str, Any] | None) -> str | None:
    """An address as one line of a letter."""
    if address is None:
        return None
    parts: Sequence[str | None] = (address["street"], address.get("city"), address["postal"])
    return ", ".join(part for part in parts if part)
