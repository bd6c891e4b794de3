"""Lists, a page at a time: a cursor holds the key of the last item, so that none is skipped."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from shared.clock import rfc3339
from shared.errors import Invalid
from shared.fields import storable

PAGE_ITEMS = 50
"""A screenful or two; what a page has when nobody says."""

PAGE_MAX_ITEMS = 200
"""More would be megabytes in one answer."""

CURSOR_MAX_CHARACTERS = 1024
"""Ours hold an id and a time or a name, whose 120 characters may take six bytes each."""

BIGGEST_INT = 2**63 - 1
"""What a database's bigint can hold."""

KeyPart: TypeAlias = int | str | datetime | UUID

Row = TypeVar("Row")
Item = TypeVar("Item")


class PageDocument(BaseModel, Generic[Item]):
    """A page of a list. `next` is the cursor of the page after it; null at the end."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True)
class Page:
    """Which page is asked for: at most `limit` items after the one whose key `cursor` holds."""

    limit: int = PAGE_ITEMS
    cursor: str | None = None

    def after(self, *kinds: type[KeyPart]) -> tuple[Any, ...] | None:
        """The key of the last item seen, of those types; None for the first page.

        Raises:
            Invalid: the cursor is not one of this list; names the field `cursor`.
        """
        return None if self.cursor is None else read_cursor(self.cursor, *kinds)

    def answer(
        self,
        rows: Sequence[Row],
        *,
        key: Callable[[Row], tuple[KeyPart, ...]],
        show: Callable[[Row], Any],
    ) -> dict[str, Any]:
        """`{items, next}` of rows read with `limit + 1`: one too many tells of a next page."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return {
            "items": [show(row) for row in shown],
            "next": write_cursor(*key(shown[-1])) if more else None,
        }


def page_asked(
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX_ITEMS)] = PAGE_ITEMS,
    cursor: Annotated[
        str | None,
        Query(max_length=CURSOR_MAX_CHARACTERS, description="`next` of the page before"),
    ] = None,
) -> Page:
    """The page a request asks for with `limit` and `cursor`."""
    return Page(limit, cursor)


PageNow = Annotated[Page, Depends(page_asked)]
"""For routes: `page: PageNow`."""


def write_cursor(*key: KeyPart) -> str:
    """The cursor that continues after the item of this key."""
    parts = [rfc3339(p) if isinstance(p, datetime) else p for p in key]
    text = json.dumps(parts, default=str, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, *kinds: type[KeyPart]) -> tuple[Any, ...]:
    """The key in a cursor, whose parts have to be of these types, in this order.

    Raises:
        Invalid: it is not such a cursor; names the field `cursor`.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = json.loads(raw)
        if not isinstance(parts, list):
            raise _unknown()
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    # Base64, UTF-8, JSON, a wrong count and an odd part all fail with a ValueError.
    except (ValueError, OverflowError, RecursionError):
        raise _unknown() from None


def _part(part: object, kind: type[KeyPart]) -> KeyPart:
    if kind is int and type(part) is int and abs(part) <= BIGGEST_INT:
        return part
    if isinstance(part, str):
        if kind is str:
            return storable(part)
        if kind is UUID:
            return UUID(part)
        at = datetime.fromisoformat(part) if kind is datetime else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    raise ValueError("not a part of that type")


def _unknown() -> Invalid:
    return Invalid.field("cursor", "should be the `next` of the page before")
