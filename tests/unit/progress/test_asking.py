"""Questionnaires are asked for by the calendar of an active plan, after everything else."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.progress.domain.asking import ASKED, questionnaire_due
from services.progress.domain.next_step import next_step
from shared.vocabulary.codes import Instrument
from tests.unit.progress.builders import NOW, RULES, a_booking, after
from tests.unit.progress.planned import answers, item, planned, ready, some_goals

BEGUN = NOW - timedelta(days=3)
PLANNED = ready(plans=(planned(item("easy-walk")),))
COUNTS: dict[Instrument, tuple[int, ...]] = {
    "peg": (1, 1, 1),
    "psfs": (3,),
    "pgic": (4,),
    "paces-s": (3, 3, 3, 3),
}


def due(*answered: tuple[Instrument, datetime], goals: bool = False) -> object:
    """What comes next once these were answered."""
    client = after(PLANNED, [some_goals(3, at=BEGUN)] if goals else [])
    for number, (name, at) in enumerate(answered):
        client = after(client, [answers(name, *COUNTS[name], number=10 + number, at=at)])
    return questionnaire_due(client.care)


def test_without_an_active_plan_nothing_is_asked() -> None:
    assert questionnaire_due(ready().care) is None
    assert next_step(ready(), RULES) is None


def test_peg_comes_with_the_plan_and_each_week() -> None:
    assert (BEGUN, "peg") == due()
    assert (NOW + timedelta(weeks=1), "peg") == due(("peg", NOW))


@pytest.mark.parametrize("goals", [True, False])
def test_the_others_come_every_four_weeks_psfs_where_there_are_goals(goals: bool) -> None:
    later = BEGUN + timedelta(weeks=4)
    asked: list[Instrument] = ["psfs", "pgic", "paces-s"] if goals else ["pgic", "paces-s"]
    told: list[tuple[Instrument, datetime]] = [("peg", later)]
    for name in asked:
        assert (later, name) == due(*told, goals=goals)
        told.append((name, later))
    assert (later + timedelta(weeks=1), "peg") == due(*told, goals=goals)


def test_an_older_answer_that_arrives_later_moves_nothing_back() -> None:
    assert (NOW + timedelta(weeks=1), "peg") == due(("peg", NOW), ("peg", NOW - timedelta(days=5)))


def test_it_is_the_next_step_when_no_session_is() -> None:
    assert {
        "code": "questionnaire",
        "booking": None,
        "at": "2026-02-27T15:00:00Z",
        "instrument": "peg",
    } == next_step(PLANNED, RULES)
    with_session = replace(PLANNED, bookings=(a_booking(),))
    step = next_step(with_session, RULES)

    assert step is not None
    assert "pre-check-in" == step["code"]


def test_all_that_is_asked_by_itself_is_short() -> None:
    assert {"peg", "psfs", "pgic", "paces-s"} == set(ASKED)
