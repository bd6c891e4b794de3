"""People: which addresses are one person, and what a caller is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.people import Caller, Role, email_key

PERSON, BOOKING = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("spelling", ["ann@example.org", "Ann@Example.ORG", " ANN@example.org\n"])
def test_spellings_of_an_address_are_one_person(spelling: str) -> None:
    assert "ann@example.org" == email_key(spelling)


def test_dots_and_tags_make_another_person() -> None:
    spellings = ("ann@example.org", "a.nn@example.org", "ann+gym@example.org")

    assert 3 == len({email_key(spelling) for spelling in spellings})


@given(address=st.emails())
def test_the_key_of_a_key_is_itself_and_case_never_counts(address: str) -> None:
    key = email_key(address)

    assert (key, key, key) == (
        email_key(key),
        email_key(address.upper()),
        email_key(address.lower()),
    )


def test_repeated_requests_are_known_by_person_then_booking() -> None:
    assert "visitor" == Caller().name
    assert f"person:{PERSON}" == Caller(person_id=PERSON, role="client").name
    assert f"booking:{BOOKING}" == Caller(booking_id=BOOKING).name
    assert f"person:{PERSON}" == Caller(person_id=PERSON, booking_id=BOOKING).name


@pytest.mark.parametrize(
    ("role", "works_here"),
    [
        (None, False),
        ("client", False),
        ("trainer", False),
        ("clinician", False),
        ("staff", True),
        ("lead", True),
    ],
)
def test_staff_and_the_duty_lead_work_here(role: Role | None, works_here: bool) -> None:
    assert works_here is Caller(person_id=PERSON, role=role).works_here
