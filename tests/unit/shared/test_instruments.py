"""Each instrument knows its items, their range, its score and its source."""

from typing import get_args

import pytest

from shared.instruments.table import fault, gain, instrument, instruments, score
from shared.vocabulary.codes import Instrument


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [
        ("peg", (4, 5, 7), 5.33),
        ("psfs", (2, 5), 3.5),
        ("psfs", (1, 2, 3, 4, 5), 3.0),
        ("pgic", (2,), 2.0),
        ("rmdq", (1, 0) * 12, 12.0),
        ("koos-12", (0,) * 12, 100.0),
        ("koos-12", (4,) * 12, 0.0),
        ("koos-12", (1, 2, 2, 1, 1, 2, 2, 1, 3, 2, 3, 2), 54.17),
        ("paces-s", (4, 5, 3, 4), 4.0),
        ("phq-2", (1, 2), 3.0),
    ],
)
def test_answers_are_scored(name: Instrument, answers: tuple[int, ...], expected: float) -> None:
    assert fault(name, answers) is None
    assert expected == score(name, answers)


@pytest.mark.parametrize(
    ("name", "answers", "field", "message"),
    [
        ("peg", (4, 5), "answers", "peg takes 3 answers, not 2."),
        ("peg", (4, 5, 11), "answers.2", "Answer 3 of peg has to be 0 to 10."),
        ("peg", (-1, 5, 1), "answers.0", "Answer 1 of peg has to be 0 to 10."),
        ("psfs", (), "answers", "psfs takes 1 to 5 answers, not 0."),
        ("psfs", (1,) * 6, "answers", "psfs takes 1 to 5 answers, not 6."),
        ("pgic", (0,), "answers.0", "Answer 1 of pgic has to be 1 to 7."),
        ("pgic", (8,), "answers.0", "Answer 1 of pgic has to be 1 to 7."),
        ("pgic", (1, 2), "answers", "pgic takes 1 answer, not 2."),
        ("rmdq", (1,) * 23, "answers", "rmdq takes 24 answers, not 23."),
        ("rmdq", (2,) * 24, "answers.0", "Answer 1 of rmdq has to be 0 to 1."),
        ("koos-12", (0,) * 11 + (5,), "answers.11", "Answer 12 of koos-12 has to be 0 to 4."),
        ("paces-s", (0, 1, 1, 1), "answers.0", "Answer 1 of paces-s has to be 1 to 5."),
        ("phq-2", (0, 4), "answers.1", "Answer 2 of phq-2 has to be 0 to 3."),
    ],
)
def test_a_wrong_count_or_range_is_named(
    name: Instrument, answers: tuple[int, ...], field: str, message: str
) -> None:
    found = fault(name, answers)

    assert found is not None
    assert (field, message) == (found.field, found.message)


@pytest.mark.parametrize("name", get_args(Instrument))
def test_both_ends_of_a_range_are_answers(name: Instrument) -> None:
    entry = instrument(name)
    for answer in (entry.answers.at_least, entry.answers.at_most):
        assert fault(name, (answer,) * entry.items.at_most) is None


def test_a_gain_is_positive_towards_the_better_whatever_the_scale() -> None:
    assert 3 == gain("peg", 6, 3)
    assert 3 == gain("psfs", 3, 6)
    assert -1 == gain("koos-12", 50, 49)


def test_every_instrument_says_where_it_comes_from() -> None:
    assert all(entry.source and entry.recall for entry in instruments().instruments)
