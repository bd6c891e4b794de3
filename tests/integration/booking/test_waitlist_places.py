"""A place on the waitlist: who may have one, for what, who sees it, and when it ends."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.integration.booking.front_door import AMARA, SIGNER, FrontDoor, a_client, problem
from tests.integration.booking.waiting import DAY, a_wait, join, leave, seen, sweeper, told


async def test_who_waits_is_told_apart_from_the_token_that_leaves(door: FrontDoor) -> None:
    place = await door.made("/v1/waitlist", a_wait())

    assert {
        "id": place["id"],
        "status": "waiting",
        "service": "training",
        "mode": "virtual",
        "from": DAY,
        "to": DAY,
        "tz": "America/Toronto",
        "trainer": {"id": str(AMARA), "name": place["trainer"]["name"]},
        "offer": None,
        "waitlist_token": SIGNER.token("waitlist", UUID(place["id"])),
    } == place
    assert place == await seen(door, place) | {"waitlist_token": place["waitlist_token"]}
    [contact] = await door.published(topic="booking.contacts")
    assert [{"waitlist_id": place["id"], "token": place["waitlist_token"]}] == contact.data[
        "waitlist"
    ]
    *others, joined = told = await door.published(topic="booking.events")
    assert ["client.registered.v1", "consent.changed.v1"] == [event.type for event in others]
    assert "waitlist.joined.v1" == joined.type
    assert {contact.key} == {event.key for event in told}
    assert (DAY, DAY) == (joined.data["first_day"], joined.data["last_day"])


async def test_the_wait_ends_with_its_last_day_where_the_client_is(door: FrontDoor) -> None:
    place = await join(door)
    there = await join(door, client=a_client("kiri@example.org", tz="Pacific/Honolulu"))

    door.clock.now = datetime.fromisoformat(f"{DAY}T23:59:59-04:00")
    assert 0 == await sweeper(door).end_old()
    door.clock.advance(seconds=1)
    assert 1 == await sweeper(door).end_old()

    assert ["ended", "waiting"] == [(await seen(door, one))["status"] for one in (place, there)]
    assert "ended" == (await told(door, place))[-1].data["reason"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "2026-05-05"}, "to"),
        ({"to": "2026-07-05"}, "to"),
        ({"from": "2026-05-03"}, "from"),
        ({"from": "06.05.2026"}, "from"),
        ({"service": "massage"}, "service"),
        ({"mode": "in-person"}, "postal"),
        ({"mode": "in-person", "postal": "V5K 0A1"}, "postal"),
        ({"trainer": str(UUID(int=1))}, "trainer"),
        ({"client": None}, "client"),
        ({"when": "soon"}, "when"),
    ],
)
async def test_a_wish_that_nobody_can_wait_for_is_refused(
    door: FrontDoor, wrong: dict[str, Any], field: str
) -> None:
    before = await door.tables()

    refused = problem(await door.post("/v1/waitlist", a_wait(**wrong)), 422, "invalid")

    assert [field] == [error["field"] for error in refused["errors"]]
    assert before == await door.tables()


async def test_sixty_days_can_be_waited_for(door: FrontDoor) -> None:
    place = await join(door, to="2026-07-04")

    assert "2026-07-04" == place["to"]


async def test_who_is_signed_in_waits_as_themselves(door: FrontDoor) -> None:
    await door.book(email="wanda@example.org")
    token = await door.sign_in("wanda@example.org")
    wish = a_wait()
    del wish["client"]

    place = await door.made("/v1/waitlist", wish, token=token)

    mine = await door.ask("GET", f"/v1/waitlist/{place['id']}", token=token)
    assert 200 == mine.status_code
    gone = await door.ask("DELETE", f"/v1/waitlist/{place['id']}", token=token)
    assert 204 == gone.status_code


async def test_a_client_waits_for_a_bounded_number_of_things(door: FrontDoor) -> None:
    for _ in range(20):
        await join(door)

    problem(await door.post("/v1/waitlist", a_wait()), 409, "waiting-enough")


async def test_only_its_client_its_link_and_staff_see_and_leave_a_place(door: FrontDoor) -> None:
    place, other = await join(door), await join(door, "other@example.org")
    booking = await door.book()
    path = f"/v1/waitlist/{place['id']}"
    staff = await door.sign_in("staff@limber.example")
    tokens = {
        "another place": other["waitlist_token"],
        "a booking": booking["manage_token"],
        "another client": await door.sign_in("other@example.org"),
        "a trainer": await door.sign_in("trainer01@limber.example"),
    }

    for method in ("GET", "DELETE"):
        problem(await door.ask(method, path), 401, "sign-in-first")
        for token in tokens.values():
            problem(await door.ask(method, path, token=token), 403, "not-your-place")
        unknown = f"/v1/waitlist/{UUID(int=1)}"
        problem(await door.ask(method, unknown, token=staff), 404, "not-waiting")
    assert 200 == (await door.ask("GET", path, token=staff)).status_code
    assert 204 == (await door.ask("DELETE", path, token=staff)).status_code


async def test_staff_see_who_waits_page_by_page(door: FrontDoor) -> None:
    places = [await join(door, f"w{number}@example.org") for number in range(3)]
    await leave(door, places[1])
    staff = await door.sign_in("staff@limber.example")

    async def page(query: str) -> Any:
        answer = await door.ask("GET", f"/v1/waitlist?{query}", token=staff)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    first = await page("limit=2")
    rest = await page(f"limit=2&cursor={first['next']}")
    waiting = await page("status=waiting")

    assert [place["id"] for place in places] == [
        item["id"] for item in first["items"] + rest["items"]
    ]
    assert rest["next"] is None
    assert [places[0]["id"], places[2]["id"]] == [item["id"] for item in waiting["items"]]
    assert "Ann Example" == waiting["items"][0]["client"]["name"]
    problem(await door.ask("GET", "/v1/waitlist"), 401, "sign-in-first")
    trainer = await door.sign_in("trainer01@limber.example")
    problem(await door.ask("GET", "/v1/waitlist", token=trainer), 403, "staff-only")
