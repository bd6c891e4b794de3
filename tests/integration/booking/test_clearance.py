"""A clinician says whether exercise is right: who may, what is read, and whose clearance it is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.api.examples import BODIES
from shared.contracts.conclusions import ClearanceDecided, ClearanceExpired, ClearanceRequested
from shared.contracts.progress import SubmissionAnswered
from tests.integration.booking.front_door import NOW, FrontDoor, problem

PATH = f"/v1/clearances/{UUID(int=9)}/decision"
GRANTED = {"decision": "granted"}


def asked_for(client: str) -> ClearanceRequested:
    """Progress asks for a clearance."""
    return ClearanceRequested(
        client_id=UUID(client), clearance_id=UUID(int=9), rules=("G2",), at=NOW
    )


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client whose clearance was asked for, and those around her."""
    booking = await door.book()
    found = {"id": booking["client_id"], "client": await door.sign_in("ann@example.org")}
    members = {
        "physician": ("physician", ["assessment"]),
        "physiotherapist": ("physiotherapist", ["progress"]),
        "mother": ("other", ["progress", "plan", "assessment"]),
        "nothing": ("physician", []),
    }
    for name, (role, share) in members.items():
        email = f"{name}@clinic.example"
        body = {"email": email, "role": role, "share": share}
        await door.made(f"/v1/clients/{found['id']}/care-team", body, token=found["client"])
        found[name] = await door.sign_in(email)
    for name in ("trainer01", "staff", "lead", "clinician"):
        found[name] = await door.sign_in(f"{name}@limber.example")
    await door.hear(asked_for(found["id"]))
    return found


async def decided(door: FrontDoor) -> Any:
    """The newest decision as it was handed to progress, without its head."""
    head = {"submission_id", "client_id", "submitted_at", "tz", "submitted_by"}
    event = (await door.published(topic="booking.submissions"))[-1]
    assert "clearance-decision.submitted.v1" == event.type
    return {name: value for name, value in event.data.items() if name not in head}


async def test_a_decision_reaches_progress_as_it_was_given(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    body = BODIES["DecisionFields"] | {"note": "See you in spring."}

    answer = await door.made(PATH, body, token=ann["physician"])

    assert f"/v1/clients/{ann['id']}/submissions/{answer['id']}" == answer["url"]
    assert {
        "clearance_id": str(UUID(int=9)),
        "decision": "limited",
        "limits": {"max_effort": 5, "avoid": ["high-chair-stands"], "note": None},
        "valid_until": "2027-03-31",
        "note": "See you in spring.",
    } == await decided(door)


async def test_only_the_care_teams_clinicians_decide(door: FrontDoor, ann: dict[str, str]) -> None:
    before = await door.tables()
    problem(await door.post(PATH, GRANTED), 401, "sign-in-first")
    for who in ("client", "mother", "nothing", "trainer01", "staff", "lead", "clinician"):
        problem(await door.post(PATH, GRANTED, token=ann[who]), 403, "clinician-only")
    assert before == await door.tables()

    for who in ("physician", "physiotherapist"):
        await door.made(PATH, GRANTED, token=ann[who])


async def test_a_removed_clinician_decides_no_more(door: FrontDoor, ann: dict[str, str]) -> None:
    team = f"/v1/clients/{ann['id']}/care-team"
    members = (await door.ask("GET", team, token=ann["client"])).json()["items"]
    member = next(one["id"] for one in members if one["email"].startswith("physician"))
    await door.ask("DELETE", f"{team}/{member}", token=ann["client"])

    problem(await door.post(PATH, GRANTED, token=ann["physician"]), 403, "clinician-only")


async def test_what_became_of_a_decision_is_told_as_far_as_it_is_shared(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    shown = {"level": "go", "actions": []}
    for who, also in (("physiotherapist", shown), ("physician", {})):
        made = await door.made(PATH, GRANTED, token=ann[who])
        await door.hear(
            SubmissionAnswered(
                submission_id=UUID(made["id"]), client_id=UUID(ann["id"]), status="done", level="go"
            )
        )
        seen = (await door.ask("GET", made["url"], token=ann[who])).json()
        assert {"id": made["id"], "status": "done", **also} == seen


@pytest.mark.parametrize("late", [ClearanceDecided, ClearanceExpired])
async def test_whichever_word_of_a_clearance_comes_first_says_whose_it_is(
    door: FrontDoor, ann: dict[str, str], late: type[ClearanceDecided] | type[ClearanceExpired]
) -> None:
    other = {"client_id": ann["id"], "clearance_id": UUID(int=8), "decision": "granted", "at": NOW}
    path = f"/v1/clearances/{UUID(int=8)}/decision"
    problem(await door.post(path, GRANTED, token=ann["physician"]), 404, "no-such-clearance")

    await door.hear(late.model_validate(other))

    await door.made(path, GRANTED, token=ann["physician"])


async def test_what_is_wrong_in_a_decision_is_named(door: FrontDoor, ann: dict[str, str]) -> None:
    limited: dict[str, Any] = {"decision": "limited", "limits": {"max_effort": 5}}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"decision": "maybe"}, "decision"),
        ({}, "decision"),
        (GRANTED | {"limits": {"max_effort": 5}}, "limits"),
        ({"decision": "refused", "limits": {"max_effort": 5}}, "limits"),
        ({"decision": "limited"}, "limits"),
        ({"decision": "limited", "limits": {}}, "limits"),
        ({"decision": "limited", "limits": {"note": "gently"}}, "limits"),
        *(
            (limited | {"limits": {"max_effort": value}}, "limits.max_effort")
            for value in (11, -1, "5", True, 5.5)
        ),
        (limited | {"limits": {"avoid": ["bungee-jumping"]}}, "limits.avoid.0"),
        (limited | {"limits": {"avoid": ["knee"] * 41}}, "limits.avoid"),
        (limited | {"limits": {"max_effort": 5, "note": "n" * 1001}}, "limits.note"),
        (limited | {"limits": {"effort": 5}}, "limits.effort"),
        (GRANTED | {"valid_until": "2026-05-03"}, "valid_until"),
        (GRANTED | {"valid_until": "2100-01-01"}, "valid_until"),
        (GRANTED | {"valid_until": "2026-05-04T12:00:00Z"}, "valid_until"),
        (GRANTED | {"valid_until": 20260504}, "valid_until"),
        (GRANTED | {"valid_until": "2027-02-29"}, "valid_until"),
        (GRANTED | {"note": "n" * 1001}, "note"),
        (GRANTED | {"note": "a\0b"}, "note"),
        (GRANTED | {"client_id": ann["id"]}, "client_id"),
    ]
    before = await door.tables()
    for body, field in wrong:
        answer = await door.post(PATH, body, token=ann["physician"])
        refused = problem(answer, 422, "invalid")
        assert [field] == [error["field"] for error in refused["errors"]], (body, answer.text)
    assert before == await door.tables()


async def test_a_decision_may_hold_until_the_end_of_the_clients_day(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    # Half past three in UTC: the fourth of May still runs in Toronto.
    door.clock.now = datetime(2026, 5, 5, 3, 30, tzinfo=UTC)
    today = GRANTED | {"valid_until": "2026-05-04"}

    await door.made(PATH, today, token=ann["physician"])

    door.clock.now += timedelta(minutes=30)
    problem(await door.post(PATH, today, token=ann["physician"]), 422, "invalid")


async def test_all_that_may_be_avoided_is_an_option_a_family_or_a_region(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    avoid = ["easy-walk", "strength", "lower-back"]
    body = {"decision": "limited", "limits": {"avoid": avoid}}

    await door.made(PATH, body, token=ann["physician"])

    assert {"max_effort": None, "avoid": avoid, "note": None} == (await decided(door))["limits"]
