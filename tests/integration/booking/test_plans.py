"""Plans at the door: asked for, begun and spoken about by those who may."""

from typing import Any
from uuid import UUID

import pytest

from services.booking.api.examples import BODIES
from shared.contracts.conclusions import PlanDrafted
from tests.integration.booking.front_door import NOW, FrontDoor, problem

ITEM = {"option": "easy-walk", "per_week": 3, "minutes": 15}
DOSES = {"per_week": 7, "sets": 6, "repetitions": 30, "minutes": 90}
"""Each at its most; the least is one."""


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client of Amara's, with a physician who sees plans and another who sees the rest."""
    booking = await door.book()
    found = {"id": booking["client_id"], "client": await door.sign_in("ann@example.org")}
    for name, share in (("planner", ["plan"]), ("reader", ["progress", "assessment"])):
        email = f"{name}@clinic.example"
        body = {"email": email, "role": "physician", "share": share}
        await door.made(f"/v1/clients/{found['id']}/care-team", body, token=found["client"])
        found[name] = await door.sign_in(email)
    for name, number in (("trainer", 1), ("stranger", 2)):
        found[name] = await door.sign_in(f"trainer{number:02}@limber.example")
    found["staff"] = await door.sign_in("staff@limber.example")
    return found


def drafted(client: str, number: int = 7) -> PlanDrafted:
    """Progress drafted a plan of its own accord."""
    return PlanDrafted(
        client_id=UUID(client), plan_id=UUID(int=number), items=(), rules_version="1", at=NOW
    )


async def told(door: FrontDoor) -> list[Any]:
    """Type and data of what was handed to progress, without the head that all share."""
    head = {"submission_id", "client_id", "submitted_at", "tz", "submitted_by"}
    return [
        (event.type, {name: value for name, value in event.data.items() if name not in head})
        for event in await door.published(topic="booking.submissions")
    ]


async def test_a_plan_is_asked_for_begun_and_spoken_about(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    plan = await door.made(f"/v1/clients/{ann['id']}/plans", {}, token=ann["trainer"])
    begun = await door.made(f"/v1/plans/{plan['id']}/activate", None, token=ann["trainer"])
    await door.made(
        f"/v1/plans/{plan['id']}/comments", {"text": "Gently, please."}, token=ann["planner"]
    )

    assert f"/v1/clients/{ann['id']}/submissions/{begun['id']}" == begun["url"]
    assert [
        ("plan.submitted.v1", {"items": None, "note": None}),
        ("plan-activation.submitted.v1", {"plan_id": plan["id"]}),
        ("plan-comment.submitted.v1", {"plan_id": plan["id"], "text": "Gently, please."}),
    ] == await told(door)


async def test_a_plan_of_ones_own_reaches_progress_whole(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    path = f"/v1/clients/{ann['id']}/plans"
    await door.made(path, BODIES["PlanFields"], token=ann["trainer"])
    await door.made(path, None, token=ann["trainer"])

    (_, own), (_, draft) = await told(door)
    dose = {"sets": None, "repetitions": None, "minutes": None}
    whole = [dose | item for item in BODIES["PlanFields"]["items"]]
    assert {"items": whole, "note": "Mornings are best."} == own
    assert {"items": None, "note": None} == draft


async def test_a_plan_that_progress_drafted_is_known_by_its_client(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    path = f"/v1/plans/{UUID(int=7)}/activate"
    problem(await door.post(path, token=ann["trainer"]), 404, "no-such-plan")

    await door.hear(drafted(ann["id"]), drafted(ann["id"]))

    await door.made(path, None, token=ann["trainer"])
    assert [("plan-activation.submitted.v1", {"plan_id": str(UUID(int=7))})] == await told(door)


async def test_who_may_ask_for_begin_and_comment(door: FrontDoor, ann: dict[str, str]) -> None:
    await door.hear(drafted(ann["id"]))
    plan = f"/v1/plans/{UUID(int=7)}"
    routes: dict[str, tuple[str, Any]] = {
        "ask": (f"/v1/clients/{ann['id']}/plans", {}),
        "begin": (f"{plan}/activate", None),
        "comment": (f"{plan}/comments", BODIES["CommentFields"]),
    }
    refusals = {
        "client": "trainer-only",
        "reader": "not-your-client",
        "planner": "not-shared",
        "stranger": "not-your-client",
    }
    for name, (path, body) in routes.items():
        before = await door.tables()
        problem(await door.post(path, body), 401, "sign-in-first")
        for who, code in refusals.items():
            if (name, who) != ("comment", "planner"):
                refused = await door.post(path, body, token=ann[who])
                allowed = {code, "not-shared"}
                assert refused.status_code == 403, (name, who, refused.text)
                assert refused.json()["type"].removeprefix("/problems/") in allowed, (name, who)
        assert before == await door.tables(), name
        for who in ("trainer", "staff", *(["planner"] if name == "comment" else [])):
            answer = await door.post(path, body, token=ann[who])
            assert 202 == answer.status_code, (name, who, answer.text)


async def test_whoever_commented_reads_what_became_of_it_and_of_nothing_else(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    plan = await door.made(f"/v1/clients/{ann['id']}/plans", {}, token=ann["trainer"])
    said = await door.made(
        f"/v1/plans/{plan['id']}/comments", {"text": "Yes."}, token=ann["planner"]
    )

    answer = await door.ask("GET", said["url"], token=ann["planner"])

    assert {"id": said["id"], "status": "pending"} == answer.json()
    problem(await door.ask("GET", plan["url"], token=ann["planner"]), 403, "not-shared")
    missing = f"/v1/clients/{ann['id']}/submissions/{UUID(int=1)}"
    problem(await door.ask("GET", missing, token=ann["planner"]), 403, "not-shared")
    assert 1 == await door.value("select count(*) from access_log where what = 'answer'")


async def test_what_is_wrong_in_a_plan_is_named(door: FrontDoor, ann: dict[str, str]) -> None:
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({"items": []}, ["items"]),
        ({"items": [ITEM] * 21}, ["items"]),
        ({"items": "all"}, ["items"]),
        ({"items": [ITEM, ITEM, ITEM]}, ["items.1.option", "items.2.option"]),
        ({"items": [{"option": "easy-walk"}]}, ["items.0.per_week"]),
        ({"items": [ITEM | {"option": "bungee-jumping"}]}, ["items.0.option"]),
        ({"items": [ITEM | {"load": 3}]}, ["items.0.load"]),
        *(
            ({"items": [ITEM | {name: value}]}, [f"items.0.{name}"])
            for name, most in DOSES.items()
            for value in (0, most + 1, "3", True, 2.5)
        ),
        ({"items": [ITEM | {"repetitions": 8}]}, ["items.0.minutes"]),
        ({"note": "n" * 1001}, ["note"]),
        ({"note": "a\0b"}, ["note"]),
        ({"status": "active"}, ["status"]),
    ]
    before = await door.tables()
    for body, fields in wrong:
        answer = await door.post(f"/v1/clients/{ann['id']}/plans", body, token=ann["trainer"])
        refused = problem(answer, 422, "invalid")
        assert fields == [error["field"] for error in refused["errors"]], (body, answer.text)
    await_comment = f"/v1/plans/{UUID(int=7)}/comments"
    for text in ("", " ", "t" * 1001, None, 7, "a\0b"):
        answer = await door.post(await_comment, {"text": text}, token=ann["trainer"])
        assert ["text"] == [e["field"] for e in problem(answer, 422, "invalid")["errors"]]
    assert before == await door.tables()


async def test_doses_at_their_edges_are_taken(door: FrontDoor, ann: dict[str, str]) -> None:
    for name, most in DOSES.items():
        for value in (1, most):
            dose = {"option": "bridges", "per_week": 3, name: value}
            body = {"items": [dose]}
            await door.made(f"/v1/clients/{ann['id']}/plans", body, token=ann["trainer"])
