"""The care team: what is granted is seen, what is withdrawn is not, and each change is told."""

from typing import Any
from uuid import UUID

import pytest

from services.booking.domain.care_team import ALWAYS, MOST_MEMBERS, PARTS
from services.booking.queries.progress import empty_view
from shared.contracts.progress import ViewUpdated
from tests.integration.booking.front_door import (
    BENOIT,
    CHLOE,
    HOUR,
    NOW,
    TEN,
    FrontDoor,
    Published,
    a_wish,
    problem,
    utc,
)

DOCTOR = "Dr.Who@clinic.example"
CONSENT = "consent.changed.v1"


@pytest.fixture
async def ann(door: FrontDoor) -> dict[str, str]:
    """A client with a full progress view, and where she shares it."""
    booking = await door.book()
    client = booking["client_id"]
    document = {name: f"her {name}" for name in empty_view(UUID(client))}
    await door.hear(
        ViewUpdated(
            client_id=UUID(client),
            version=3,
            level="go",
            document={**document, "client_id": client, "version": 3},
        )
    )
    return {
        "id": client,
        "token": await door.sign_in("ann@example.org"),
        "team": f"/v1/clients/{client}/care-team",
        "progress": f"/v1/clients/{client}/progress",
    }


async def share(
    door: FrontDoor, ann: dict[str, str], *purposes: str, email: str = DOCTOR, status: int = 201
) -> Any:
    """Share with somebody."""
    body = {"email": email, "role": "physician", "share": list(purposes)}
    answer = await door.post(ann["team"], body, token=ann["token"])
    assert status == answer.status_code, answer.text
    return answer.json()


async def told_consents(door: FrontDoor, *, to_members: bool = True) -> list[Published]:
    """The changes of consent that were told, towards members or for messages."""
    told = [one for one in await door.published(topic="booking.events") if one.type == CONSENT]
    return [one for one in told if to_members == (one.data["member_id"] is not None)]


async def consents(door: FrontDoor) -> list[tuple[str, bool]]:
    """Each change of what is shared that was told."""
    return [(one.data["purpose"], one.data["granted"]) for one in await told_consents(door)]


async def test_an_unknown_address_becomes_a_clinician_who_can_sign_in(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    member = await share(door, ann, "plan", "progress", "progress")

    assert {
        "id": member["id"],
        "email": DOCTOR,
        "role": "physician",
        "share": ["progress", "plan"],
        "since": utc(NOW),
    } == member
    (contact,) = [
        one.data
        for one in await door.published(topic="booking.contacts")
        if one.data["email"] == DOCTOR
    ]
    assert ("clinician", "Dr.Who") == (contact["role"], contact["name"])
    token = await door.sign_in(DOCTOR.lower())
    assert 200 == (await door.ask("GET", ann["progress"], token=token)).status_code


@pytest.mark.parametrize(
    "purposes", [["progress"], ["plan"], ["assessment"], ["plan", "assessment"], list(PARTS)]
)
async def test_a_member_sees_the_parts_of_what_is_shared_and_no_other(
    door: FrontDoor, ann: dict[str, str], purposes: list[Any]
) -> None:
    await share(door, ann, *purposes)

    view = await door.ask("GET", ann["progress"], token=await door.sign_in(DOCTOR))

    expected = ALWAYS.union(*(PARTS[purpose] for purpose in purposes))
    assert expected | {"shared"} == view.json().keys()
    assert purposes == view.json()["shared"]


def test_every_part_of_the_view_belongs_to_a_purpose() -> None:
    assert empty_view(UUID(int=1)).keys() == ALWAYS.union(*PARTS.values())


async def test_the_same_address_again_changes_what_is_shared(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    first = await share(door, ann, "progress", "plan")
    token = await door.sign_in(DOCTOR)

    again = await share(door, ann, "assessment", "plan", email=DOCTOR.upper(), status=200)

    assert (first["id"], ["plan", "assessment"]) == (again["id"], again["share"])
    assert "level" not in (await door.ask("GET", ann["progress"], token=token)).json()
    assert [
        ("share-progress", True),
        ("share-plan", True),
        ("share-progress", False),
        ("share-assessment", True),
    ] == await consents(door)
    await share(door, ann, status=200)
    problem(await door.ask("GET", ann["progress"], token=token), 403, "not-your-client")


async def test_whoever_is_removed_sees_nothing_from_that_moment(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    member = await share(door, ann, "progress")
    token = await door.sign_in(DOCTOR)
    path = f"{ann['team']}/{member['id']}"

    removed = await door.ask("DELETE", path, token=ann["token"])

    assert (204, b"") == (removed.status_code, removed.content)
    problem(await door.ask("GET", ann["progress"], token=token), 403, "not-your-client")
    assert [("share-progress", True), ("share-progress", False)] == await consents(door)
    problem(await door.ask("DELETE", path, token=ann["token"]), 404, "no-such-member")
    assert [] == (await door.ask("GET", ann["team"], token=ann["token"])).json()["items"]
    evidence = await door.value("select count(*) from care_team where removed_at is not null")
    assert 1 == evidence
    assert member["id"] != (await share(door, ann, "plan"))["id"]


async def test_a_change_of_consent_names_ids_alone(door: FrontDoor, ann: dict[str, str]) -> None:
    await share(door, ann, "plan")

    (told,) = await told_consents(door)

    member = await door.value("select id::text from people where email = $1", DOCTOR)
    assert ann["id"] == told.key
    assert {
        "client_id": ann["id"],
        "purpose": "share-plan",
        "granted": True,
        "member_id": member,
        "channel": None,
        "basis": None,
        "at": utc(NOW),
        "expires_at": None,
    } == told.data


async def test_consents_given_with_a_booking_are_told_when_they_change(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    wish = a_wish(TEN + 4 * HOUR) | {"consent": {"reminders": False, "marketing": False}}
    await door.made("/v1/bookings", wish, token=ann["token"])

    told = [one.data for one in await told_consents(door, to_members=False)]
    assert [("service-messages", True, "express"), ("service-messages", False, "withdrawn")] == [
        (one["purpose"], one["granted"], one["basis"]) for one in told
    ]


async def test_nobody_is_in_their_own_care_team_and_no_team_is_endless(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    body = {"email": "ANN@example.org", "role": "other", "share": ["plan"]}
    refused = problem(await door.post(ann["team"], body, token=ann["token"]), 422, "invalid")
    assert ["email"] == [fault["field"] for fault in refused["errors"]]
    for number in range(MOST_MEMBERS):
        await share(door, ann, "plan", email=f"dr{number}@clinic.example")

    problem(
        await door.post(ann["team"], body | {"email": DOCTOR}, token=ann["token"]),
        409,
        "care-team-full",
    )
    await share(door, ann, "progress", email="dr0@clinic.example", status=200)
    listed = (await door.ask("GET", ann["team"], token=ann["token"])).json()
    assert (MOST_MEMBERS, None) == (len(listed["items"]), listed["next"])


async def test_a_clinician_lists_who_shares_with_them_page_by_page(
    door: FrontDoor, ann: dict[str, str]
) -> None:
    await share(door, ann, "plan")
    for name, trainer in (("ben", BENOIT), ("carl", CHLOE)):
        booking = await door.book(email=f"{name}@example.org", trainer=trainer)
        token = await door.sign_in(f"{name}@example.org")
        team = f"/v1/clients/{booking['client_id']}/care-team"
        purposes = ["progress"] if name == "ben" else []
        body = {"email": DOCTOR, "role": "other", "share": purposes}
        await door.made(team, body, token=token)
    token = await door.sign_in(DOCTOR)

    first = (await door.ask("GET", "/v1/clinic/clients?limit=1", token=token)).json()
    rest = await door.ask("GET", f"/v1/clinic/clients?cursor={first['next']}", token=token)

    found = first["items"] + rest.json()["items"]
    assert [["plan"], ["progress"]] == [one["share"] for one in found]
    assert rest.json()["next"] is None
    assert [] == (await door.ask("GET", "/v1/clinic/clients", token=ann["token"])).json()["items"]
    bad = await door.ask("GET", "/v1/clinic/clients?cursor=x", token=token)
    assert ["cursor"] == [fault["field"] for fault in problem(bad, 422, "invalid")["errors"]]
