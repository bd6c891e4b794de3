"""People: what they say of themselves, whom staff adds, and who may list them."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    TEN,
    FrontDoor,
    a_client,
    a_wish,
    problem,
)

NEW = {
    "role": "trainer",
    "name": " Zoe Zimmer ",
    "email": "zoe@example.org",
    "tz": "America/Toronto",
    "language": "fr",
}
PROFILE = {
    "tz": "America/Toronto",
    "areas": ["toronto", "toronto"],
    "modes": ["virtual", "in-person"],
    "languages": ["fr"],
    "conditions": ["back-pain"],
}


@pytest.fixture
async def ann(door: FrontDoor) -> str:
    """A client's token."""
    await door.book()
    return await door.sign_in("ann@example.org")


@pytest.fixture
async def staff(door: FrontDoor) -> str:
    """Staff's token."""
    return await door.sign_in("staff@limber.example")


async def test_everybody_reads_what_is_known_of_them(door: FrontDoor, ann: str) -> None:
    me = await door.ask("GET", "/v1/me", token=ann)

    found = me.json()
    assert f'"{found["version"]}"' == me.headers["etag"]
    assert {
        "role": "client",
        "name": "Ann Example",
        "email": "ann@example.org",
        "phone": None,
        "tz": "America/Toronto",
        "language": "en",
        "reminders": True,
        "marketing": False,
    } == {name: value for name, value in found.items() if name not in {"id", "version"}}
    problem(await door.ask("GET", "/v1/me"), 401, "sign-in-first")


async def test_a_change_is_stored_and_told_with_its_consents(door: FrontDoor, ann: str) -> None:
    before = (await door.ask("GET", "/v1/me", token=ann)).json()
    changes: dict[str, Any] = {
        "name": " Anne ",
        "phone": "416 555 0123",
        "tz": "America/Vancouver",
        "language": "fr",
        "reminders": False,
        "marketing": True,
    }

    answer = await door.ask("PATCH", "/v1/me", changes, token=ann, version='"1"')

    expected = before | changes | {"name": "Anne", "phone": "+14165550123", "version": 2}
    assert (200, '"2"', expected) == (answer.status_code, answer.headers["etag"], answer.json())
    assert expected == (await door.ask("GET", "/v1/me", token=ann)).json()
    contact = (await door.published(topic="booking.contacts"))[-1].data
    assert ("Anne", 2, {"reminders": False, "marketing": True}) == (
        contact["name"],
        contact["version"],
        contact["consent"],
    )
    told = [e.data for e in await door.published() if e.type == "consent.changed.v1"]
    assert [
        ("service-messages", "email", True, None),
        ("service-messages", "email", False, None),
        ("marketing-messages", "email", True, None),
    ] == [(one["purpose"], one["channel"], one["granted"], one["member_id"]) for one in told]


async def test_what_is_left_out_stays_and_what_is_no_news_is_not_told(
    door: FrontDoor, ann: str
) -> None:
    await door.ask("PATCH", "/v1/me", {"phone": "+14165550123"}, token=ann)
    before = await door.tables()

    for same in ({}, {"phone": "+1 416 555 0123"}, {"name": "Ann Example", "reminders": True}):
        answer = await door.ask("PATCH", "/v1/me", same, token=ann)
        assert (200, "+14165550123", 2) == (
            answer.status_code,
            answer.json()["phone"],
            answer.json()["version"],
        )
    assert before == await door.tables()

    gone = await door.ask("PATCH", "/v1/me", {"phone": None}, token=ann)
    assert (None, "Ann Example") == (gone.json()["phone"], gone.json()["name"])


async def test_a_stale_change_of_oneself_is_refused(door: FrontDoor, ann: str) -> None:
    before = await door.tables()

    stale = await door.ask("PATCH", "/v1/me", {"name": "Anne"}, token=ann, version='"9"')

    assert 1 == problem(stale, 412, "stale-version")["version"]
    assert before == await door.tables()


@pytest.mark.parametrize(
    "change",
    [
        {"name": None}, {"name": " "}, {"name": "x" * 121}, {"name": "a\0"}, {"tz": "Mars/Olympus"},
        {"tz": None}, {"language": "de"}, {"language": None}, {"reminders": "true"},
        {"reminders": None}, {"marketing": 1}, {"phone": "call me"}, {"email": "b@example.org"},
        {"role": "staff"},
    ],
)  # fmt: skip
async def test_what_is_wrong_in_a_change_is_named(
    door: FrontDoor, ann: str, change: dict[str, Any]
) -> None:
    refused = await door.ask("PATCH", "/v1/me", change, token=ann)

    assert list(change) == [e["field"] for e in problem(refused, 422, "invalid")["errors"]]


async def test_staff_adds_a_trainer_who_can_be_given_a_profile_and_sign_in(
    door: FrontDoor, staff: str
) -> None:
    person = await door.made("/v1/people", NEW, token=staff)
    path = f"/v1/trainers/{person['id']}/profile"

    answer = await door.ask("PUT", path, PROFILE, token=staff)

    assert ("Zoe Zimmer", "trainer", []) == (
        person["name"],
        person["role"],
        person["same_phone_as"],
    )
    assert PROFILE | {"id": person["id"], "name": "Zoe Zimmer", "areas": ["toronto"]} == (
        answer.json()
    )
    public = (await door.ask("GET", "/v1/trainers?language=fr&area=toronto")).json()
    assert person["id"] in {one["id"] for one in public}
    assert await door.sign_in("zoe@example.org")
    moved = PROFILE | {"tz": "America/Vancouver"}
    assert 200 == (await door.ask("PUT", path, moved, token=staff)).status_code
    version = "select schedule_version from trainers where id = $1"
    assert 2 == await door.value(version, UUID(person["id"]))


async def test_nobody_is_added_twice(door: FrontDoor, staff: str, ann: str) -> None:
    before = await door.tables()

    again = await door.post("/v1/people", NEW | {"email": "ANN@example.org"}, token=staff)

    assert "client" == problem(again, 409, "person-exists")["role"]
    assert before == await door.tables()


async def test_a_profile_needs_a_trainer_and_visits_need_an_area(
    door: FrontDoor, staff: str, ann: str
) -> None:
    client = await door.value("select id from people where email = 'ann@example.org'")
    for somebody in (client, UUID(int=9)):
        path = f"/v1/trainers/{somebody}/profile"
        problem(await door.ask("PUT", path, PROFILE, token=staff), 404, "no-such-trainer")
    wrong: tuple[dict[str, Any], ...] = (
        {"areas": []},
        {"modes": []},
        {"languages": []},
        {"areas": ["paris"]},
        {"tz": "x"},
    )

    for part in wrong:
        person = f"/v1/trainers/{AMARA}/profile"
        refused = await door.ask("PUT", person, PROFILE | part, token=staff)
        named = [e["field"].partition(".")[0] for e in problem(refused, 422, "invalid")["errors"]]
        assert list(part) == named


async def test_people_are_for_staff_alone(door: FrontDoor, ann: str) -> None:
    trainer = await door.sign_in("trainer01@limber.example")
    before = await door.tables()

    for token, status, code in (
        (None, 401, "sign-in-first"),
        (ann, 403, "staff-only"),
        (trainer, 403, "staff-only"),
    ):
        profile = f"/v1/trainers/{AMARA}/profile"
        problem(await door.ask("GET", "/v1/people", token=token), status, code)
        problem(await door.post("/v1/people", NEW, token=token), status, code)
        problem(await door.ask("PUT", profile, PROFILE, token=token), status, code)
    assert before == await door.tables()


async def test_staff_finds_people_page_by_page_and_sees_who_shares_a_number(
    door: FrontDoor, staff: str
) -> None:
    phone, ids = "+14165550123", {}
    for number, (name, trainer) in enumerate((("ann", AMARA), ("ben", BENOIT))):
        client = a_client(f"{name}@example.org", phone=phone)
        wish = a_wish(TEN, trainer=trainer) | {"client": client}
        ids[name] = (await door.made("/v1/bookings", wish))["client_id"]
        assert number < len(ids)

    async def listed(query: str) -> Any:
        answer = await door.ask("GET", f"/v1/people?{query}", token=staff)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    by_number = (await listed("q=0123"))["items"]
    assert {ids["ann"]: [ids["ben"]], ids["ben"]: [ids["ann"]]} == {
        one["id"]: one["same_phone_as"] for one in by_number
    }
    assert [ids["ben"]] == [one["id"] for one in (await listed("q=BEN@example"))["items"]]
    assert [] == (await listed("q=0123&role=trainer"))["items"]
    trainers, cursor = [], ""
    while cursor is not None:
        page = await listed(f"role=trainer&limit=7{cursor and '&cursor=' + cursor}")
        trainers += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert (20, 20) == (len(trainers), len(set(trainers)))
    for query in ("role=king", "limit=0", "limit=201", "q=%00", "cursor=x"):
        problem(await door.ask("GET", f"/v1/people?{query}", token=staff), 422, "invalid")
