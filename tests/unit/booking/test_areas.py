"""Areas: where trainers visit, and where sessions are virtual only."""

import pytest

from services.booking.domain.areas import locate, tidy
from shared.contracts.booking import Area
from shared.errors import Invalid


@pytest.mark.parametrize(
    ("postal", "area"),
    [
        ("M5V 2T6", "toronto"),
        ("M1B", "toronto"),
        ("M9W 7H8", "toronto"),
        ("K1A 0A6", "ottawa"),
        ("K1N", "ottawa"),
        ("K2P", "ottawa"),
        ("K2W", "ottawa"),
        ("K4A", "ottawa"),
        ("L8P 4Y5", "hamilton"),
        ("L8B", "hamilton"),
        ("L9G", "hamilton"),
        ("L9H", "hamilton"),
        ("L9K", "hamilton"),
        ("L9Y 1A1", "collingwood"),
    ],
)
def test_a_code_of_the_four_cities_offers_both_modes(postal: str, area: Area) -> None:
    place = locate(postal)

    assert area == place.area
    assert area == (place.city or "").lower()
    assert ("in-person", "virtual") == place.modes


@pytest.mark.parametrize(
    "postal",
    [
        "L5B 3C1",  # Mississauga
        "L4K",  # Vaughan
        "L3R",  # Markham
        "L1V",  # Pickering
        "J8X 3X4",  # Gatineau, across the river from Ottawa
        "K0A 1A0",  # rural, on both sides of Ottawa's edge
        "K4K",  # Rockland
        "K7C",  # Carleton Place
        "L7R 1A1",  # Burlington
        "L7L",
        "L3M",  # Grimsby
        "L0R",  # rural, on both sides of Hamilton's edge
        "L9Z",  # Wasaga Beach
        "N0H",  # Thornbury
        "P3E 5J1",  # Sudbury
        "H2X",  # Montréal
        "V6B",  # Vancouver
        "A1C",  # St. John's
        "X0A",  # Nunavut
    ],
)
def test_a_code_beyond_the_four_cities_offers_virtual_only(postal: str) -> None:
    place = locate(postal)

    assert (None, None) == (place.area, place.city)
    assert ("virtual",) == place.modes


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        ("m5v2t6", "M5V 2T6"),
        ("M5V-2T6", "M5V 2T6"),
        ("  m5v   2t6 ", "M5V 2T6"),
        ("m5v", "M5V"),
        ("M5V ", "M5V"),
    ],
)
def test_a_code_may_be_written_in_any_usual_way(written: str, tidied: str) -> None:
    assert tidied == tidy(written)


@pytest.mark.parametrize(
    "postal",
    ["", " ", "M", "M5", "M5V 2T", "M5V 2T66", "5MV", "D1A", "M5O", "W5V", "Z5V", "10115", "90210",
     "SW1A 1AA", "M5V\0", "M5V\n2T6", "M\u0665V", "é5V", "M5V" + " " * 20, "M5V 2O6"],
)  # fmt: skip
def test_what_is_no_canadian_code_is_refused_by_the_name_of_the_field(postal: str) -> None:
    with pytest.raises(Invalid) as refused:
        tidy(postal)

    assert ["postal"] == [field.field for field in refused.value.fields]
