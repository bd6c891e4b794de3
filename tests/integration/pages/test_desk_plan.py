"""The plan on the desk: safe options alone, a draft, its activation, and why a gate refuses."""

from typing import Any
from uuid import UUID

import pytest

from services.booking.pages.desk_options import why_not
from services.booking.queries.progress import empty_view
from shared.contracts.conclusions import PlanDrafted
from shared.options.catalogue import Option, catalogue
from tests.integration.booking.care_view import PLAN
from tests.integration.booking.front_door import NOW, FrontDoor
from tests.integration.pages.clients import MARKUP, Client
from tests.integration.pages.professionals import OTHER_TRAINER, Professional, at_work


def a_plan(**other: Any) -> dict[str, Any]:
    """A draft with two options, one of which waits."""
    dose = {"effort": 3, "per_week": 3, "sets": None, "repetitions": None, "minutes": None}
    return {
        "id": PLAN,
        "status": "drafted",
        "draft": None,
        "menu": [],
        "items": [
            {"option": "knee-rolls", "family": "mobility", **dose, "sets": 2, "repetitions": 8}
            | {"masked": None},
            {"option": "bridges", "family": "strength", **dose, "sets": 2, "repetitions": 6}
            | {"masked": {"rule": "A3", "code": "locked"}},
        ],
        **other,
    }


async def test_a_draft_is_changed_and_saved_whole(ann: Client, amara: Professional) -> None:
    await ann.known(plan=a_plan(), clearance=None, screening=None)
    page = await amara.open(f"/desk/clients/{ann.id}/plan")
    assert 2 == len(page.tagged["row"])
    assert "Not for now: It waits until your trainer agrees" in page.text
    saved = await amara.visitor.send(page, "/plan", press="save", **{"repetitions-0": "10"})
    assert "/reports/" in saved.url
    assert [[("knee-rolls", 3, 2, 10)]] == [
        [(i["option"], i["per_week"], i["sets"], i["repetitions"]) for i in one["items"]]
        for one in await amara.sent()
    ]


async def test_a_neighbour_and_an_added_option_come_with_their_first_dose(
    ann: Client, amara: Professional
) -> None:
    await ann.known(plan=a_plan(), clearance=None, screening=None)
    option = catalogue().by_code()["knee-rolls"]
    other = (*option.harder, *option.easier)[0]
    fields = {"option-0": "knee-rolls", "take-0": other, "per_week-0": "7"}
    await amara.post(f"/desk/clients/{ann.id}/plan", **fields, add=["", "easy-walk"])
    first, second = (await amara.sent())[0]["items"]
    assert (other, catalogue().by_code()[other].dose.per_week) == (
        first["option"],
        first["per_week"],
    )
    assert ("easy-walk", catalogue().by_code()["easy-walk"].dose.minutes) == (
        second["option"],
        second["minutes"],
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"option-0": "knee-rolls", "per_week-0": "0"},
        {"option-0": "knee-rolls", "per_week-0": MARKUP},
        {"option-0": MARKUP, "per_week-0": "2"},
        {"option-0": "knee-rolls", "per_week-0": "2", "add": "knee-rolls"},
        {"option-0": "knee-rolls", "per_week-0": "2", "minutes-0": "5", "repetitions-0": "5"},
    ],
)
async def test_a_plan_that_is_none_is_refused(
    ann: Client, amara: Professional, fields: dict[str, str]
) -> None:
    await ann.known(plan=a_plan())
    page = await amara.post(f"/desk/clients/{ann.id}/plan", **fields)
    assert (422, False) == (page.status, "<script>alert" in page.answer.text)
    assert [] == await amara.sent()


async def test_a_plan_is_drafted_and_activated_once_and_a_gate_says_why_not(
    ann: Client, amara: Professional
) -> None:
    gate = {
        "rule": "G1",
        "code": "assess",
        "task": "assessment",
        "reason": "Posture and mechanics have not been assessed yet.",
        "since": None,
    }
    await ann.known(plan=a_plan(), safety={"rules": [], "gates": [gate]})
    told = PlanDrafted(
        client_id=UUID(ann.id), plan_id=UUID(PLAN), items=(), rules_version="1", at=NOW
    )
    await amara.door.hear(told)
    page = await amara.open(f"/desk/clients/{ann.id}/plan")
    assert "Posture and mechanics have not been assessed yet." in page.text
    begun = await amara.visitor.send(page, "/activate", press="activate")
    assert begun.url == (await amara.visitor.send(page, "/activate", press="activate")).url
    await amara.visitor.send(page, "/plan/draft", press="draft")
    sent = await amara.sent()
    assert [PLAN, None] == [one.get("plan_id") for one in sent]

    report = begun.url.rpartition("/")[2]
    await amara.answered(ann.id, report, status="rejected", rule="G1", reason=gate["reason"])
    refused = await amara.open(begun.url)
    assert "Posture and mechanics have not been assessed yet. Rule G1" in refused.text


async def test_a_plan_of_another_client_is_not_begun(ann: Client, amara: Professional) -> None:
    path = f"/desk/clients/{ann.id}/plan/{PLAN}/activate"
    assert 404 == (await amara.post(path, page="x")).status
    other = await amara.door.book(NOW.replace(day=8, hour=14), email="bob@example.org")
    told = PlanDrafted(
        client_id=UUID(other["client_id"]), plan_id=UUID(PLAN), items=(), rules_version="1", at=NOW
    )
    await amara.door.hear(told)
    assert 404 == (await amara.post(path, page="y")).status
    assert [] == await amara.sent()


async def test_only_those_who_treat_the_client_plan(ann: Client, door: FrontDoor) -> None:
    path = f"/desk/clients/{ann.id}/plan"
    fields = {"option-0": "knee-rolls", "per_week-0": "2"}
    async with at_work(door, OTHER_TRAINER) as other:
        for action in ("", "/draft", f"/{PLAN}/activate"):
            assert 403 == (await other.post(path + action, **fields)).status, action
        assert (403, []) == ((await other.open(path)).status, await other.sent())
    assert 403 == (await ann.post(path, **fields)).status


def test_what_stands_against_an_option_keeps_it_from_being_offered() -> None:
    options, nothing = catalogue().by_code(), empty_view(UUID(int=1))
    walk = options["easy-walk"]
    assert why_not(walk, nothing) is None
    cleared: dict[str, Any] = {"status": "limited", "max_effort": None, "avoid": []}
    lock = {"kind": "option", "option": "easy-walk"}
    condition = next(one for one in catalogue().options if one.contraindications.conditions)
    screening = {"conditions": condition.contraindications.conditions, "reasons": []}
    cases: list[tuple[str, Option, dict[str, Any]]] = [
        ("avoid", walk, {"clearance": cleared | {"avoid": ["low-impact"]}}),
        ("effort", walk, {"clearance": cleared | {"max_effort": walk.effort - 1}}),
        ("locked", walk, {"holds": [lock]}),
        ("joint", walk, {"holds": [lock | {"kind": "joint", "option": None}]}),
        ("condition", condition, {"screening": screening}),
    ]
    for expected, option, parts in cases:
        assert expected == why_not(option, nothing | parts)
