"""Check-ins and lifted holds: read strictly, kept once, handed to progress whole."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.progress import Action, SubmissionAnswered
from shared.contracts.submissions import CheckInSubmitted, HoldLiftSubmitted
from tests.integration.booking.front_door import (
    BENOIT,
    NOW,
    FrontDoor,
    a_hold,
    problem,
    utc,
)

SCORES = (
    "pain", "stiffness", "energy", "mood", "confidence", "effort", "enjoyment", "worst_pain",
)  # fmt: skip
NOT_SCORES: list[Any] = ["7", "", True, False, 5.5, 5.0, 11, -1, 10**30, [], {}, "NaN"]
WHOLE = {
    "kind": "post",
    "pain": 4,
    "stiffness": 0,
    "energy": 10,
    "mood": 5,
    "confidence": 6,
    "effort": 7,
    "enjoyment": 8,
    "worst_pain": 5,
    "exercises": [
        {"option": "bird-dog", "done": True, "worst_pain": 2, "enjoyment": 9},
        {"option": "dead-bug", "done": False, "worst_pain": None, "enjoyment": None},
    ],
    "red_flags": ["dizziness", "locking"],
    "why": ["too-much", "poor-sleep"],
    "flare": True,
    "note": "Fine, but épuisée 🙂",
    "at": utc(NOW - timedelta(hours=3)),
}
REFUSED: list[tuple[dict[str, Any], str]] = [
    *(({name: value}, name) for name in SCORES for value in NOT_SCORES),
    ({"pain": None}, "pain"),
    ({"kind": "weekly"}, "kind"),
    ({"kind": None}, "kind"),
    ({"kind": 1}, "kind"),
    ({"red_flags": ["headache"]}, "red_flags.0"),
    ({"red_flags": ["dizziness", "DIZZINESS"]}, "red_flags.1"),
    ({"red_flags": "dizziness"}, "red_flags"),
    ({"red_flags": {"0": "dizziness"}}, "red_flags"),
    ({"red_flags": ["dizziness"] * 18}, "red_flags"),
    ({"why": ["because"]}, "why.0"),
    ({"why": ["stress"] * 12}, "why"),
    ({"flare": "true"}, "flare"),
    ({"flare": 1}, "flare"),
    ({"exercises": [{"option": "bird-dog"}]}, "exercises.0.done"),
    ({"exercises": [{"option": "bird-dog", "done": 1}]}, "exercises.0.done"),
    ({"exercises": [{"option": "Bird Dog", "done": True}]}, "exercises.0.option"),
    ({"exercises": [{"option": "b" * 65, "done": True}]}, "exercises.0.option"),
    ({"exercises": [{"option": "b\n", "done": True}]}, "exercises.0.option"),
    ({"exercises": [{"option": "b", "done": True, "worst_pain": 11}]}, "exercises.0.worst_pain"),
    ({"exercises": [{"option": "b", "done": True, "sets": 3}]}, "exercises.0.sets"),
    ({"exercises": [{"option": "b", "done": True}] * 41}, "exercises"),
    ({"exercises": [7]}, "exercises.0"),
    ({"note": "n" * 1001}, "note"),
    ({"note": "null\0byte"}, "note"),
    ({"note": "half \ud83d"}, "note"),
    ({"note": 7}, "note"),
    ({"booking": "7"}, "booking"),
    ({"booking": str(UUID(int=5))}, "booking"),
    ({"at": utc(NOW + timedelta(microseconds=1))}, "at"),
    ({"at": utc(NOW - timedelta(hours=48, microseconds=1))}, "at"),
    ({"at": "2026-05-04T12:00:00"}, "at"),
    ({"at": "2026-05-04"}, "at"),
    ({"at": 1777896000}, "at"),
    ({"at": "9999-12-31T23:59:59Z"}, "at"),
    ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
    ({"paln": 3}, "paln"),
    ({"client_id": str(UUID(int=1))}, "client_id"),
]


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client: her id, booking, token and where she reports."""
    booking = await door.book()
    return {
        "id": booking["client_id"],
        "booking": booking["id"],
        "token": await door.sign_in("ann@example.org"),
        "path": f"/v1/clients/{booking['client_id']}/check-ins",
    }


async def test_a_whole_check_in_reaches_progress_as_it_was_given(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    body = WHOLE | {"booking": ann["booking"]}

    answer = await door.post(ann["path"], body, token=ann["token"])

    assert 202 == answer.status_code
    submission = answer.json()
    assert f"/v1/clients/{ann['id']}/submissions/{submission['id']}" == submission["url"]
    (event,) = await door.published(topic="booking.submissions")
    assert (CheckInSubmitted.type, ann["id"]) == (event.type, event.key)
    assert {
        "submission_id": submission["id"],
        "client_id": ann["id"],
        "submitted_by": ann["id"],
        "submitted_at": utc(NOW),
        "tz": "America/Toronto",
        "check_in": body,
    } == event.data


async def test_the_least_check_in_is_for_now(door: FrontDoor, ann: dict[str, str]) -> None:
    await door.made(ann["path"], {"kind": "daily", "pain": 0}, token=ann["token"])

    (event,) = await door.published(topic="booking.submissions")
    told = {name: value for name, value in event.data["check_in"].items() if value}
    assert {"kind": "daily", "at": utc(NOW)} == told


async def test_every_edge_that_is_allowed_is_taken(door: FrontDoor, ann: dict[str, str]) -> None:
    edges: list[dict[str, Any]] = [
        {"pain": 10},
        {"at": utc(NOW)},
        {"at": utc(NOW - timedelta(hours=48))},
        {"at": "2026-05-04T07:30:00-04:00"},
        {"note": "n" * 1000},
        {"note": ""},
        {"exercises": [{"option": "b" * 64, "done": True}] * 40},
        {"red_flags": ["dizziness"] * 17},
        {"stiffness": None, "booking": None, "note": None, "at": None},
    ]
    for edge in edges:
        body = {"kind": "daily", "pain": 3} | edge
        answer = await door.post(ann["path"], body, token=ann["token"])
        assert 202 == answer.status_code, (edge, answer.text)

    assert len(edges) == len(await door.published(topic="booking.submissions"))


async def test_what_is_wrong_in_a_check_in_is_named_and_nothing_is_stored(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    other = await door.book(trainer=BENOIT, email="ben@example.org")
    before = await door.tables()

    for wrong, field in [*REFUSED, ({"booking": other["id"]}, "booking")]:
        body = {"kind": "daily", "pain": 3} | wrong
        answer = await door.post(ann["path"], body, token=ann["token"])
        refused = problem(answer, 422, "invalid")
        assert [field] == [error["field"] for error in refused["errors"]], wrong
        assert all(error["message"] for error in refused["errors"])

    for missing in ("kind", "pain"):
        whole = {"kind": "daily", "pain": 3}
        del whole[missing]
        refused = problem(await door.post(ann["path"], whole, token=ann["token"]), 422, "invalid")
        assert [missing] == [error["field"] for error in refused["errors"]]
    assert before == await door.tables()


async def test_all_that_is_wrong_is_named_at_once(door: FrontDoor, ann: dict[str, str]) -> None:
    body = {"kind": "no", "pain": 11, "why": ["x"], "more": 1}

    refused = problem(await door.post(ann["path"], body, token=ann["token"]), 422, "invalid")

    assert ["kind", "more", "pain", "why.0"] == sorted(e["field"] for e in refused["errors"])


async def test_a_report_waits_until_progress_has_answered(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    body = {"kind": "daily", "pain": 9}
    submission = await door.made(ann["path"], body, token=ann["token"])
    asked = await door.ask("GET", submission["url"], token=ann["token"])
    assert {"id": submission["id"], "status": "pending"} == asked.json()

    action = Action(
        rule="P1", level="stop", action="stop", code="calm-menu", detail="Rest, then breathe."
    )
    answered = SubmissionAnswered(
        submission_id=UUID(submission["id"]),
        client_id=UUID(ann["id"]),
        status="done",
        level="stop",
        actions=(action,),
    )
    await door.hear(answered)

    asked = await door.ask("GET", submission["url"], token=ann["token"])
    assert {
        "id": submission["id"],
        "status": "done",
        "level": "stop",
        "actions": [action.model_dump()],
    } == asked.json()


async def test_a_rejected_report_says_by_which_rule(door: FrontDoor, ann: dict[str, str]) -> None:
    submission = await door.made(ann["path"], {"kind": "daily", "pain": 1}, token=ann["token"])

    await door.hear(
        SubmissionAnswered(
            submission_id=UUID(submission["id"]),
            client_id=UUID(ann["id"]),
            status="rejected",
            rule="G2",
            reason="A screening is missing.",
        )
    )

    asked = (await door.ask("GET", submission["url"], token=ann["token"])).json()
    assert ("rejected", "G2", "A screening is missing.") == (
        asked["status"],
        asked["rule"],
        asked["reason"],
    )


async def test_a_repeated_check_in_is_one_check_in(door: FrontDoor, ann: dict[str, str]) -> None:
    body = {"kind": "daily", "pain": 3}

    first = await door.made(ann["path"], body, token=ann["token"], key="k")
    again = await door.made(ann["path"], body, token=ann["token"], key="k")

    assert first == again
    assert 1 == len(await door.published(topic="booking.submissions"))


async def test_a_trainer_asks_to_lift_a_known_hold_with_a_reason(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    await door.hear(a_hold(ann["id"]))
    trainer = await door.sign_in("trainer01@limber.example")
    path = f"/v1/clients/{ann['id']}/safety-holds/{UUID(int=1)}/lift"
    before = await door.tables()
    for reason in ("", " ", "r" * 501, None, 7, "a\0b", "half \ud83d"):
        refused = problem(await door.post(path, {"reason": reason}, token=trainer), 422, "invalid")
        assert ["reason"] == [error["field"] for error in refused["errors"]]
    elsewhere = path.replace(str(UUID(int=1)), str(UUID(int=2)))
    problem(await door.post(elsewhere, {"reason": "x"}, token=trainer), 404, "no-such-hold")
    assert before == await door.tables()

    await door.made(path, {"reason": "We spoke"}, token=trainer)

    (event,) = await door.published(topic="booking.submissions")
    assert HoldLiftSubmitted.type == event.type
    assert (str(UUID(int=1)), "We spoke") == (event.data["hold_id"], event.data["reason"])
