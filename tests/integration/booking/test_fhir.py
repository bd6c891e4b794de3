"""The export as FHIR R4B: valid by the library, coded by LOINC, and only what is shared."""

import json
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.integration.booking.care_view import (
    ASSESSMENT,
    FIRST_PEG,
    PLAN,
    a_full_view,
    an_id,
    on,
)
from tests.integration.booking.front_door import FrontDoor, problem, utc

KINDS: dict[str, dict[str, int]] = {
    "progress": {"Observation": 3 + 3, "QuestionnaireResponse": 3, "Goal": 2},
    "plan": {"CarePlan": 1},
    "assessment": {"Observation": 2 + 1 + 1 + 1 + 1},
}
"""How many resources each purpose opens: check-ins and scores; baseline, chair and findings."""


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client of whom much is known."""
    booking = await door.book()
    await door.hear(a_full_view(booking["client_id"]))
    return {
        "id": booking["client_id"],
        "path": f"/v1/clients/{booking['client_id']}/fhir",
        "client": await door.sign_in("ann@example.org"),
    }


async def exported(door: FrontDoor, path: str, token: str) -> dict[str, Any]:
    """Resources by id; the whole has to be a valid bundle whose references lead somewhere."""
    answer = await door.ask("GET", path, token=token)
    assert 200 == answer.status_code, answer.text
    assert "application/fhir+json" == answer.headers["content-type"]
    bundle = answer.json()
    assert json.loads(Bundle.model_validate(bundle).model_dump_json()) == bundle
    assert ("Bundle", "collection", utc(door.clock())) == (
        bundle["resourceType"], bundle["type"], bundle["timestamp"],
    )  # fmt: skip
    by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(bundle["entry"]) == len(by_url)
    for url, resource in by_url.items():
        assert f"urn:uuid:{UUID(resource['id'])}" == url
        for reference in [resource.get("subject"), *resource.get("derivedFrom", ())]:
            assert reference is None or reference["reference"] in by_url
    return {resource["id"]: resource for resource in by_url.values()}


def coded(resource: dict[str, Any]) -> str:
    """The first code of a resource."""
    code: str = resource["code"]["coding"][0]["code"]
    return code


async def test_what_the_view_shows_is_exported_with_the_codes_that_others_read(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    found = await exported(door, ann["path"], ann["client"])

    patient = found[ann["id"]]
    assert ("Patient", [{"text": "Ann Example"}]) == (patient["resourceType"], patient["name"])
    pain = found[an_id(1000)]
    assert ("72514-3", 3, on(89)) == (
        coded(pain), pain["valueQuantity"]["value"], pain["effectiveDateTime"],
    )  # fmt: skip
    assert {"stiffness": 2, "enjoyment": 8} == {
        coded(part): part["valueQuantity"]["value"] for part in pain["component"]
    }
    peg = found[FIRST_PEG]
    assert "http://loinc.org/q/91148-7" == peg["questionnaire"]
    assert [("75893-8", 5), ("91145-3", 6), ("91146-1", 4)] == [
        (item["linkId"], item["answer"][0]["valueInteger"]) for item in peg["item"]
    ]
    observations = [one for one in found.values() if one["resourceType"] == "Observation"]
    means = {
        one["derivedFrom"][0]["reference"]: one["valueQuantity"]["value"]
        for one in observations
        if coded(one) == "91147-9"
    }
    assert 5 == means[f"urn:uuid:{FIRST_PEG}"]
    (week,) = [one for one in observations if coded(one) == "75893-8"]
    assert (6, on(3)) == (week["valueQuantity"]["value"], week["effectiveDateTime"])
    (hip,) = [one for one in observations if coded(one) == "extension"]
    assert (-5, "deg") == (hip["valueQuantity"]["value"], hip["valueQuantity"]["code"])
    plan = found[PLAN]
    assert ("CarePlan", "active", "plan") == (
        plan["resourceType"], plan["status"], plan["intent"],
    )  # fmt: skip
    assert [("knee-rolls", 3), ("easy-walk", 3)] == [
        (coded(one["detail"]), one["detail"]["scheduledTiming"]["repeat"]["frequency"])
        for one in plan["activity"]
    ]


async def test_the_same_view_is_the_same_export(door: FrontDoor, ann: dict[str, str]) -> None:
    first = await exported(door, ann["path"], ann["client"])

    assert first == await exported(door, ann["path"], ann["client"])


@pytest.mark.parametrize("share", [["progress"], ["plan"], ["assessment"], list(KINDS)])
async def test_a_clinician_gets_what_is_shared_and_the_look_is_on_record(
    door: FrontDoor, ann: dict[str, str], share: list[str]
) -> None:
    team = f"/v1/clients/{ann['id']}/care-team"
    member: dict[str, Any] = {"email": "dr@clinic.example", "role": "physician", "share": share}
    await door.made(team, member, token=ann["client"])
    clinician = await door.sign_in("dr@clinic.example")

    found = await exported(door, ann["path"], clinician)

    kinds = sum((Counter(KINDS[purpose]) for purpose in share), Counter({"Patient": 1}))
    assert kinds == Counter(one["resourceType"] for one in found.values())
    looks = await door.ask("GET", f"/v1/clients/{ann['id']}/access-log", token=ann["client"])
    assert ["fhir"] == [look["what"] for look in looks.json()["items"]]
    await door.made(team, member | {"share": []}, token=ann["client"])
    problem(await door.ask("GET", ann["path"], token=clinician), 403, "not-your-client")


async def test_nobody_else_gets_the_export(door: FrontDoor, ann: dict[str, str]) -> None:
    problem(await door.ask("GET", ann["path"]), 401, "sign-in-first")
    for who in ("trainer01", "staff", "clinician"):
        token = await door.sign_in(f"{who}@limber.example")
        assert 403 == (await door.ask("GET", ann["path"], token=token)).status_code, who


async def test_of_a_client_nothing_is_known_of_the_person_alone_is_exported(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    token = await door.sign_in("ann@example.org")

    found = await exported(door, f"/v1/clients/{booking['client_id']}/fhir", token)

    assert [booking["client_id"]] == list(found)


async def test_an_assessment_without_measures_and_a_drafted_plan_are_valid_as_well(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    event = a_full_view(ann["id"])
    event.document["assessment"] |= {"rom": [], "posture": [], "mechanics": [], "chair_stand": None}
    event.document["plan"] |= {"status": "drafted", "activated_at": None, "activated_by": None}
    await door.hear(event.model_copy(update={"version": 144}))

    found = await exported(door, ann["path"], ann["client"])

    assert "draft" == found[PLAN]["status"]
    assert ASSESSMENT not in found
