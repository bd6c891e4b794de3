"""Services: what can be booked."""

import pytest

from services.booking.domain.services import SERVICES, find
from shared.errors import Invalid


def test_the_three_services_have_the_lengths_people_were_told() -> None:
    assert {"first-workout": 60, "assessment": 90, "training": 60} == {
        service.id: service.minutes for service in SERVICES
    }


def test_only_the_first_workout_is_free_and_it_is_so_once() -> None:
    assert ["first-workout"] == [s.id for s in SERVICES if s.free]
    assert ["first-workout"] == [s.id for s in SERVICES if s.once_per_client]


def test_every_service_is_given_in_person_and_virtually() -> None:
    assert {("in-person", "virtual")} == {service.modes for service in SERVICES}


def test_an_unknown_service_is_refused_by_the_name_of_the_field() -> None:
    with pytest.raises(Invalid) as refused:
        find("massage")

    assert ["service"] == [field.field for field in refused.value.fields]
