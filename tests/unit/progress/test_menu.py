"""Every session has a menu: the four families from the plan, today's doses, nothing masked."""

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

import pytest

from services.progress.domain.menu import menu
from services.progress.domain.model import Client
from services.progress.domain.view import document
from services.progress.domain.view import today as today_of
from shared.vocabulary.codes import Condition, Family
from tests.unit.progress.builders import RULES, a_check_in, after, tell
from tests.unit.progress.planned import OPTIONS, a_plan, cleared, held, item, planned, ready

FOUR = ("neck-turns", "chair-stands", "easy-walk", "long-breath-out")
FAMILIES = list(get_args(Family))


def a_client(options: Iterable[str] = FOUR) -> Client:
    """A client whose plan holds these options."""
    return ready(plans=(planned(*(item(one) for one in options)),))


def shown(client: Client) -> dict[str, bool]:
    """What the menu offers, and whether the plan holds it."""
    return {
        choice.item.option: choice.planned
        for choice in menu(client, RULES, today_of(client, RULES))
    }


def test_the_menu_is_the_plan_family_by_family() -> None:
    assert dict.fromkeys(FOUR, True) == shown(a_client(reversed(FOUR)))


@pytest.mark.parametrize("condition", get_args(Condition))
def test_the_menu_of_a_drafted_plan_covers_the_four_families(condition: Condition) -> None:
    client = after(ready(condition), [a_plan(draft=True)])
    plan = client.care.plans[0].model_copy(update={"status": "active"})
    client = replace(client, care=client.care.model_copy(update={"plans": (plan,)}))

    assert set(FAMILIES) == {OPTIONS[one].family for one in shown(client)}
    assert all(shown(client).values())


def test_a_family_that_the_plan_leaves_empty_gets_what_fits_best() -> None:
    filled = shown(a_client(["easy-walk"]))

    assert set(FAMILIES) == {OPTIONS[one].family for one in filled}
    assert ["easy-walk"] == [one for one, in_plan in filled.items() if in_plan]


def test_a_locked_option_is_replaced_by_its_easier_step() -> None:
    client = replace(a_client(), holds=(held("option", "A3", option="chair-stands"),))

    assert "chair-stands" not in shown(client)
    assert {"high-chair-stands": False} == {
        one: in_plan for one, in_plan in shown(client).items() if OPTIONS[one].family == "strength"
    }


def test_pain_of_eight_leaves_calm_and_mobility() -> None:
    client = tell(a_client(), a_check_in(1, "pre", 8)).client

    assert {"neck-turns": True, "long-breath-out": True} == shown(client)


def test_a_hard_day_keeps_the_four_families_of_the_plan() -> None:
    client = tell(a_client(), a_check_in(1, "pre", 7)).client

    assert dict.fromkeys(FOUR, True) == shown(client)


def test_a_hard_day_brings_nothing_new_but_calm() -> None:
    client = tell(a_client(["chair-stands"]), a_check_in(1, "pre", 6)).client

    assert {"strength", "calm"} == {OPTIONS[one].family for one in shown(client)}


def test_a_hold_on_sessions_leaves_calm_alone() -> None:
    client = tell(a_client(), a_check_in(1, red_flags=["trauma"])).client

    assert {"long-breath-out": True} == shown(client)


def test_an_emergency_has_no_menu() -> None:
    assert {} == shown(tell(a_client(), a_check_in(1, red_flags=["fainting"])).client)


def test_what_a_clinician_ruled_out_since_is_not_offered_and_is_marked_in_the_plan() -> None:
    client = a_client()
    limited = client.care.model_copy(update={"clearance": cleared("limited", avoid=("easy-walk",))})
    client = replace(client, care=limited)
    plan = document(client, RULES)["plan"]

    assert "easy-walk" not in shown(client)
    assert {"easy-walk": {"rule": "G2", "code": "avoid"}} == {
        one["option"]: one["masked"] for one in plan["items"] if one["masked"]
    }


def test_the_view_shows_todays_doses_beside_those_of_the_plan() -> None:
    client = tell(a_client(), a_check_in(1, "pre", 7)).client
    client = tell(client, a_check_in(2, "pre", 7)).client
    plan = document(client, RULES)["plan"]
    doses = [
        {one["option"]: one["repetitions"] for one in plan[part]}["chair-stands"]
        for part in ("items", "menu")
    ]

    assert [6, 4] == doses


def test_without_an_active_plan_there_is_no_menu() -> None:
    assert {} == shown(ready())
    assert document(ready(), RULES)["plan"] is None
