"""Reasons of refused reports: each that progress gives is said in words, in both languages."""

import ast
from importlib import resources

import pytest

from services.booking.pages.language import tongue
from services.booking.pages.report_refusals import PLAIN, why_refused
from tests.integration.pages.clients import MARKUP

DOMAIN = resources.files("services.progress.domain")
ANYTHING = "8"
"""Stands for a code or a figure."""


def mask_details() -> list[str]:
    """Every sentence of the mask, with something where a code or a figure goes."""
    found = []
    for node in ast.walk(ast.parse(DOMAIN.joinpath("mask.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Masked":
            match node.args[2]:
                case ast.Constant(value=str(text)):
                    found.append(text)
                case ast.JoinedStr(values=parts):
                    found.append(
                        "".join(
                            str(part.value) if isinstance(part, ast.Constant) else ANYTHING
                            for part in parts
                        )
                    )
                case _:
                    raise AssertionError(ast.dump(node))
    return found


def test_every_reason_of_the_mask_has_its_french() -> None:
    details = mask_details()
    assert len(details) > 10
    assert [] == [text for text in details if text == why_refused(text, tongue("fr"))]


def test_the_plain_sentences_are_those_of_progress() -> None:
    written = "".join(one.read_text("utf-8") for one in DOMAIN.iterdir() if one.name[-3:] == ".py")
    assert [] == sorted(text for text in PLAIN if text not in written)


@pytest.mark.parametrize(
    ("reason", "english", "french"),
    [
        (
            "knee-rolls: Not with the condition back-pain.",
            "Knee rolls: Not with this condition: ",
            "Pas avec cette affection : ",
        ),
        (
            "The clearance says to avoid strength.",
            "A clinician asked to avoid: Strength and balance.",
            "demande d'éviter : ",
        ),
        ("A plan holds 1 to 12 options, not 20.", "1 to 12 options, not 20", "de 1 à 12 options"),
        (
            "easy-walk: sets has to be 1 to 6.",
            "Sets: 1 \N{EN DASH} 6.",
            "Séries : 1 \N{EN DASH} 6.",
        ),
    ],
)
def test_codes_in_a_reason_become_words(reason: str, english: str, french: str) -> None:
    assert english in why_refused(reason, tongue("en"))
    assert french in why_refused(reason, tongue("fr"))
    for code in ("back-pain", "knee-rolls", "easy-walk"):
        assert code not in why_refused(reason, tongue("fr"))


@pytest.mark.parametrize("reason", ["", MARKUP, "Something new.", "%(flag)s", "a: b"])
def test_a_reason_that_is_new_is_shown_as_it_came(reason: str) -> None:
    assert reason == why_refused(reason, tongue("fr"))
