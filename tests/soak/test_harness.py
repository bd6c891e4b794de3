"""The parts of the soak: growth, the table, the picture; and people and bodies by their seed."""

import random
import xml.etree.ElementTree as ET

import pytest

from deploy.simulation import people
from deploy.simulation.body import SESSIONS_FOR_MOST, Body, option_effects
from tests.soak.flat import growth
from tests.soak.picture import picture
from tests.soak.sampling import Samples, processes

TIMES = [float(number) for number in range(400)]


def _noise(seed: int, memory: float = 0.6) -> list[float]:
    chance, level, found = random.Random(seed), 0.0, []
    for _ in TIMES:
        level = memory * level + chance.gauss(0, 1)
        found.append(level)
    return found


def test_memory_that_wavers_is_flat() -> None:
    found = [growth(TIMES, [100 + noise for noise in _noise(seed)]) for seed in range(40)]

    assert all(one.is_flat for one in found)
    held = sum(1 for one in found if one.low <= 0 <= one.high)
    assert held >= 34  # 95 % of 40 are 38; the noise has a memory, so a little fewer


def test_a_leak_of_a_tenth_is_seen() -> None:
    grown = [100 + noise + at / 20 for at, noise in zip(TIMES, _noise(1), strict=True)]

    assert not growth(TIMES, grown).is_flat
    assert 10 == pytest.approx(growth(TIMES, grown).moved, abs=3)


def test_growth_that_ended_in_the_first_half_does_not_count() -> None:
    filled = [min(at, 150) + noise for at, noise in zip(TIMES, _noise(2), strict=True)]

    assert growth(TIMES, filled).is_flat


def test_too_few_samples_say_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        growth(TIMES[:40], TIMES[:40])


def test_the_picture_is_an_svg_with_a_line_for_each_series() -> None:
    samples = Samples(
        at_s=TIMES,
        memory_mb={"booking-1": TIMES, "postgres": TIMES},
        lag=[0] * 400,
        connections=[7] * 400,
    )

    drawn = ET.fromstring(picture(samples, title="<5 clients> & more"))

    name = "{http://www.w3.org/2000/svg}"
    assert 4 == len(drawn.findall(f"{name}polyline"))
    assert "<5 clients> & more" == drawn.findtext(f"{name}title")


def test_the_processes_are_those_that_limber_lists() -> None:
    found = processes("postgres 11 5432\nbooking-1 12 8000\nmail 13 8025\n")

    assert [False, True, False] == [one.is_service for one in found]
    assert [11, 12, 13] == [one.pid for one in found]


def test_the_same_seed_is_the_same_people_and_the_same_pain() -> None:
    effects = option_effects(3)
    first, again, other = (people.body(seed, 7, effects) for seed in (3, 3, 4))

    assert people.person(3, 7) == people.person(3, 7)
    assert people.person(3, 7) != people.person(4, 7)
    course = [first.pain(day) for day in range(200)]
    assert course == [again.pain(day) for day in range(200)]
    assert course != [other.pain(day) for day in range(200)]


def test_what_life_brings_does_not_depend_on_what_somebody_does() -> None:
    effects = option_effects(1)
    idle, busy = (people.body(1, 2, effects) for _ in range(2))
    for day in range(60):
        busy.train(day, ())
        busy.said(busy.pain(day))
    idle.pain(60)

    assert idle.flares == busy.flares


def test_about_half_improve_and_flares_are_as_frequent_as_told() -> None:
    effects = option_effects(1)
    bodies = [people.body(1, number, effects) for number in range(600)]
    for body in bodies:
        body.sessions = int(4 * SESSIONS_FOR_MOST)
        body.pain(111)

    better = sum(1 for body in bodies if body.responds) / len(bodies)
    flares = sum(len(body.flares) for body in bodies) / len(bodies)
    assert 0.6 == pytest.approx(better, abs=0.06)
    assert 1.0 == pytest.approx(flares, abs=0.25)  # in sixteen weeks


def test_what_is_said_is_a_whole_number_from_0_to_10() -> None:
    body = Body(random.Random(1), option_effects(1))

    said = {body.said(pain) for pain in (-9.0, 0.2, 4.6, 10.4, 40.0) for _ in range(50)}

    assert said <= set(range(11))
    assert {0, 10} <= said
