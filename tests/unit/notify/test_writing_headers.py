"""Headers: whatever a name holds, a program reads back what was meant and nothing else."""

import email
from email.policy import strict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notify.writing.content import NAME_LENGTH, a_name, one_line
from services.notify.writing.headers import AddressError, header, mailbox_header

LINE = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).map(one_line)
NAME = st.text(st.characters(exclude_categories=["Cs"]), max_size=1200).map(a_name)


@given(LINE.filter(bool))
@example("=?utf-8?b?WA==?=")
@example("é" * 250)
@example("A time for your training session is free: Wednesday, November 25, 10:00 a.m. EST")
def test_a_subject_arrives_as_it_was_written(value: str) -> None:
    written = header("Subject", value)

    lines = written.removesuffix("\r\n").split("\r\n")
    read = email.message_from_bytes(written.encode() + b"\r\n", policy=strict)
    assert value == read["Subject"]
    assert ["Subject"] == read.keys()
    assert lines[0].startswith("Subject: ")
    assert lines[0].strip() != "Subject:"
    assert all(line.startswith(" ") for line in lines[1:])
    assert all(
        len(line) <= 76 or " " not in line.removeprefix("Subject:").strip() for line in lines
    )


@given(NAME)
@example('Ada "A" <b@example.org>, \\')
@example("=?utf-8?q?X?=")
@example("Bo (the younger); a:b")
def test_a_name_stays_a_name(name: str) -> None:
    written = mailbox_header("To", name, "ada@example.org")

    read = email.message_from_bytes(written.encode() + b"\r\n", policy=strict)
    [mailbox] = read["To"].addresses
    assert "ada@example.org" == mailbox.addr_spec
    if written.count("=?") <= 1:
        assert name == mailbox.display_name
    # Between encoded words of a name Python's parser leaves a space that is none (RFC 2047, 6.2).
    assert name.replace(" ", "") == mailbox.display_name.replace(" ", "")
    assert ["To"] == read.keys()
    assert len(name) <= NAME_LENGTH
    assert all(len(line) <= 998 for line in written.split("\r\n"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a b@example.org",
        "a@b, c@d",
        "a@b>\r\nBcc: x@y",
        "<a@b>",
    ],
)
def test_what_is_no_address_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(AddressError) as fault:
        mailbox_header("To", "Ada", address)
    assert not address or address not in str(fault.value)


def test_a_name_cannot_turn_the_line_around_or_break_it() -> None:
    turned = "Ada\u202eBcc: x\r\n\u2066evil\u2069 \u200fname\x00\u2028"

    assert "AdaBcc: x evil name" == a_name(turned)
    assert "…" == a_name("x" * 500)[-1]
