"""Cursors: opaque, exact, and refused when they are not ours."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.paging import CURSOR_MAX_CHARACTERS, Page, read_cursor, write_cursor

AT, ID = datetime(2026, 5, 4, 12, tzinfo=UTC), UUID(int=7)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def coded(text: str) -> str:
    """A cursor around any text."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(
    st.datetimes(timezones=st.just(timezone(timedelta(hours=-4)))),
    st.uuids(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    STORABLE,
)
def test_a_cursor_gives_back_the_key_it_was_written_from(
    at: datetime, identity: UUID, number: int, text: str
) -> None:
    cursor = write_cursor(at, identity, number, text)

    assert (at, identity, number, text) == read_cursor(cursor, datetime, UUID, int, str)


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "%%%", "é", "[]", coded("[]"), coded("{}"), coded("7"), coded("[" * 100_000),
        coded('["2026-05-04T12:00:00Z"]'), write_cursor(AT, ID, ID), write_cursor(ID, AT),
        write_cursor(AT, 7), write_cursor("tomorrow", ID), coded('["2026-05-04T12:00:00", 7]'),
        coded('["2026-05-04", "00000000-0000-0000-0000-000000000007"]'), coded("[null, null]"),
        coded('["0001-01-01T00:00:00+14:00", "00000000-0000-0000-0000-000000000007"]'),
    ],
)  # fmt: skip
def test_another_lists_cursor_and_garbage_name_the_field(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_cursor(cursor, datetime, UUID)

    assert ["cursor"] == [fault.field for fault in refused.value.fields]


@pytest.mark.parametrize(
    ("key", "kind"),
    [("[true]", int), (f"[{2**63}]", int), ("[1.5]", int), ("[7]", str), (r'["a\u0000"]', str)],
)
def test_what_a_database_cannot_compare_is_refused(key: str, kind: Any) -> None:
    with pytest.raises(Invalid):
        read_cursor(coded(key), kind)


def test_a_page_has_a_next_one_only_when_a_row_is_left() -> None:
    page = Page(limit=2)

    assert {"items": ["1", "2"], "next": write_cursor(2)} == page.answer(
        [1, 2, 3], key=lambda row: (row,), show=str
    )
    assert {"items": ["1", "2"], "next": None} == page.answer(
        [1, 2], key=lambda row: (row,), show=str
    )
    assert {"items": [], "next": None} == page.answer([], key=lambda row: (row,), show=str)


def test_a_page_continues_after_the_key_of_its_cursor() -> None:
    assert (AT, ID) == Page(cursor=write_cursor(AT, ID)).after(datetime, UUID)
    assert Page().after(datetime, UUID) is None


@pytest.mark.parametrize("character", ["é", "🙂", "\x01", '"'])
def test_a_cursor_of_the_longest_name_still_fits(character: str) -> None:
    assert len(write_cursor(character * 120, ID)) <= CURSOR_MAX_CHARACTERS
