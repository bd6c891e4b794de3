"""Links: each opens one thing for one purpose, and nobody can make one."""

from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.links import LinkSigner, Purpose

SIGNER = LinkSigner(b"only for tests")
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

purposes: st.SearchStrategy[Purpose] = st.sampled_from(get_args(Purpose))


@given(purpose=purposes, booking=st.uuids())
def test_a_link_opens_its_thing_for_its_purpose_alone(purpose: Purpose, booking: UUID) -> None:
    token = SIGNER.token(purpose, booking)

    opened = {other: SIGNER.opened_by(other, token) for other in get_args(Purpose)}

    assert dict.fromkeys(get_args(Purpose)) | {purpose: booking} == opened
    assert token == SIGNER.token(purpose, booking)
    assert set(token) <= set(URL_SAFE)


@given(booking=st.uuids(), place=st.integers(0, 47), put=st.sampled_from(URL_SAFE))
def test_a_link_with_any_character_changed_opens_nothing(
    booking: UUID, place: int, put: str
) -> None:
    token = SIGNER.token("manage", booking)
    changed = token[:place] + put + token[place + 1 :]

    assert (booking if changed == token else None) == SIGNER.opened_by("manage", changed)


@given(mine=st.uuids(), theirs=st.uuids())
def test_a_signature_cannot_be_carried_to_another_booking(mine: UUID, theirs: UUID) -> None:
    # 16 bytes of id do not end at a character of base64, so bytes are exchanged, not characters.
    token = bytes.fromhex(theirs.hex) + SIGNER._mac("manage", mine)
    forged = LinkSigner(b"other").token("manage", theirs)

    assert SIGNER.opened_by("manage", forged) is None
    assert (theirs if mine == theirs else None) == SIGNER.opened_by("manage", _text(token))


@given(text=st.text(max_size=60))
def test_no_text_makes_the_signer_stumble(text: str) -> None:
    assert SIGNER.opened_by("manage", text) is None


@pytest.mark.parametrize("cut", [slice(0, 47), slice(1, 48), slice(0, 0)])
def test_a_cut_link_opens_nothing(cut: slice) -> None:
    assert SIGNER.opened_by("manage", SIGNER.token("manage", UUID(int=7))[cut]) is None


def test_a_lengthened_link_opens_nothing() -> None:
    token = SIGNER.token("manage", UUID(int=7))

    assert [None] * 4 == [SIGNER.opened_by("manage", token + more) for more in "A\n &"]


def _text(raw: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
