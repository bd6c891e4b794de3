"""The safety mask: each reason not to give an option, and both sides of each of its figures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.progress.domain.gates import Gate
from services.progress.domain.mask import Mask, Masked, Today
from services.progress.domain.model import Client
from services.progress.domain.rules import GateCode
from services.progress.domain.view import today as today_of
from shared.contracts.progress import Level
from shared.options.catalogue import Option, catalogue
from shared.vocabulary.codes import Family
from tests.unit.progress.builders import NOW, RULES, a_check_in, a_report, after, tell
from tests.unit.progress.planned import (
    OPTIONS,
    an_option,
    assessed,
    cleared,
    healthy,
    held,
    ready,
    screened,
)

FAMILIES: dict[Family, str] = {
    "mobility": "neck-turns",
    "strength": "chair-stands",
    "low-impact": "easy-walk",
    "calm": "long-breath-out",
}


def masked(client: Client, option: str | Option, today: Today | None = None) -> str | None:
    """Rule and code of why an option is not given."""
    found = OPTIONS[option] if isinstance(option, str) else option
    why: Masked | None = Mask(client, RULES, today).why_not(found)
    return None if why is None else f"{why.rule} {why.code}"


def gate(rule: str) -> Gate:
    """A closed gate."""
    codes: dict[str, GateCode] = {
        "G1": "assessment-outdated",
        "G2": "clearance-open",
        "G3": "screening-outdated",
        "G4": "unwell",
    }
    return Gate(rule, "Wait.", codes[rule])


def families(client: Client, today: Today | None = None) -> set[str]:
    """The families of which something may be given."""
    return {one.family for one in Mask(client, RULES, today).allowed(catalogue().options)}


def test_a_client_without_limits_is_given_everything() -> None:
    assert catalogue().options == tuple(Mask(ready(), RULES).allowed(catalogue().options))


def test_a_condition_that_an_option_names_keeps_it_away() -> None:
    assert "G2 condition" == masked(ready("rheumatoid-arthritis"), "neck-presses")
    assert masked(ready("neck-pain"), "neck-presses") is None


@pytest.mark.parametrize(
    ("answer", "option", "expected"),
    [
        ("heart_condition", "walk-with-brisk-minutes", "G2 screening"),
        ("dizziness", "one-leg-stand", "G2 screening"),
        ("pregnant", "bridges", "G4 screening"),
        ("fever", "easy-walk", "G4 screening"),
    ],
)
def test_an_answer_of_the_screening_keeps_options_away(
    answer: str, option: str, expected: str
) -> None:
    client = ready(screening=screened(health=healthy(**{answer: True})))

    assert expected == masked(client, option)
    assert masked(ready(), option) is None
    assert masked(client, "long-breath-out") is None


@pytest.mark.parametrize(
    ("avoid", "option", "expected"),
    [
        ("chair-stands", "chair-stands", "G2 avoid"),
        ("chair-stands", "high-chair-stands", None),
        ("strength", "band-rows", "G2 avoid"),
        ("knee", "easy-walk", "G2 avoid"),
        ("knee", "neck-turns", None),
        ("lying", "bridges", "G2 avoid"),
    ],
)
@pytest.mark.parametrize("status", ["limited", "expired"])
def test_what_a_clinician_ruled_out_stays_out(
    status: str, avoid: str, option: str, expected: str | None
) -> None:
    assert expected == masked(ready(clearance=cleared(status, avoid=(avoid,))), option)


def test_effort_above_the_clearance_is_not_given() -> None:
    client = ready(clearance=cleared("limited", max_effort=3))

    assert masked(client, "easy-walk") is None  # effort 3
    assert "G2 effort" == masked(client, "chair-stands")  # effort 4


def test_vigorous_effort_needs_a_clearance_without_limits() -> None:
    hard, harder = an_option("easy-walk", effort=6), an_option("easy-walk", effort=7)

    assert masked(ready(), hard) is None
    assert "G2 effort" == masked(ready(), harder)
    assert masked(ready(clearance=cleared()), harder) is None
    assert "G2 effort" == masked(ready(clearance=cleared("limited")), harder)


def test_high_impact_is_never_given() -> None:
    assert masked(ready(), an_option("easy-walk", impact=1)) is None
    assert "G2 impact" == masked(ready(), an_option("easy-walk", impact=2))


def test_a_locked_option_waits_and_others_do_not() -> None:
    client = replace(ready(), holds=(held("option", "A3", option="chair-stands"),))

    assert "A3 locked" == masked(client, "chair-stands")
    assert masked(client, "high-chair-stands") is None


def test_where_nobody_said_which_option_it_was_all_that_exert_wait() -> None:
    client = replace(ready(), holds=(held("option", "A3"),))

    assert {"calm"} == families(client)


def test_a_spared_joint_leaves_calm_and_mobility_of_low_load() -> None:
    client = replace(ready(), holds=(held("joint", "R3"),))

    assert {"calm", "mobility"} == families(client)
    assert masked(client, an_option("neck-turns", load=1)) is None
    assert "R3 joint" == masked(client, an_option("neck-turns", load=2))


def test_a_sign_that_placed_a_hold_counts_while_the_hold_stands() -> None:
    client = replace(ready(), holds=(held("session", "R2", flags=["trauma"]),))

    assert "R2 red-flag" == masked(client, "neck-turns")
    assert masked(client, "long-breath-out") is None


@pytest.mark.parametrize(("days", "expected"), [(13, "D4 red-flag"), (14, None)])
def test_a_sign_without_a_hold_counts_for_two_weeks(days: int, expected: str | None) -> None:
    told = a_report(red_flags=("giving-way",), at=NOW - timedelta(days=days), version=1)

    assert expected == masked(ready(reports=[told]), "one-leg-stand")
    assert masked(ready(reports=[told]), "long-breath-out") is None


def test_such_a_sign_counts_from_the_screening_too() -> None:
    told = screened(at=NOW - timedelta(days=1), red_flags=("dizziness",))

    assert "D4 red-flag" == masked(ready(screening=told), "chair-stands")


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        ("go", set(FAMILIES)),
        ("go-care", set(FAMILIES)),
        ("unknown", set(FAMILIES)),
        ("stop", {"calm"}),
        ("hold", {"calm"}),
        ("emergency", {"calm"}),
    ],
)
def test_a_stopped_or_held_day_is_for_calm_alone(level: Level, allowed: set[str]) -> None:
    assert allowed == families(ready(), Today(level))


@pytest.mark.parametrize("rule", ["G2", "G4"])
def test_a_gate_about_health_leaves_calm_alone(rule: str) -> None:
    assert {"calm"} == families(ready(), Today("go", gates=(gate(rule),)))


@pytest.mark.parametrize("rule", ["G1", "G3"])
def test_a_gate_about_dates_stops_no_session(rule: str) -> None:
    assert set(FAMILIES) == families(ready(), Today("go", gates=(gate(rule),)))


@pytest.mark.parametrize(
    ("pain", "allowed"),
    [(7, set(FAMILIES)), (8, {"calm", "mobility"})],
)
def test_pain_of_eight_before_a_session_leaves_calm_and_mobility(
    pain: int, allowed: set[str]
) -> None:
    client = tell(ready(), a_check_in(1, "pre", pain)).client

    assert allowed == families(client, today_of(client, RULES))


def test_an_emergency_leaves_nothing_but_help() -> None:
    client = tell(ready(), a_check_in(1, red_flags=["chest-pain"])).client

    assert set() == families(client)


def test_a_flare_leaves_calm_and_mobility() -> None:
    client = tell(ready(), a_check_in(1, "daily", 4, flare=True)).client
    today = today_of(client, RULES)

    assert {"calm", "mobility"} == families(client, today)
    assert "T1 calm-menu" == masked(client, "chair-stands", today)


def test_a_lift_unlocks_what_the_hold_kept_away() -> None:
    client = replace(ready(), holds=(held("option", "A3", option="chair-stands"),))

    assert masked(replace(client, holds=()), "chair-stands") is None


def test_each_reason_names_a_rule_and_speaks_in_a_sentence() -> None:
    clients: list[tuple[Client, Any]] = [
        (ready("rheumatoid-arthritis"), None),
        (ready(clearance=cleared("limited", avoid=("knee",), max_effort=1)), None),
        (replace(ready(), holds=(held("joint", "R3"),)), None),
        (after(ready(), [a_check_in(1, red_flags=["trauma"])]), None),
        (ready(assessments=(assessed(),)), Today("go", gates=(gate("G2"),))),
    ]
    rules: set[str] = {rule.id for rule in RULES.rules} | {"G1", "G2", "G3", "G4"}
    for client, today in clients:
        for option in catalogue().options:
            why = Mask(client, RULES, today).why_not(option)
            assert why is None or (why.rule in rules and why.detail.endswith("."))
