"""Holds: a time kept for ten minutes by the clock, then free again without anybody sweeping."""

import asyncio
from datetime import datetime, timedelta

import pytest

from services.booking import demo
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    CHLOE,
    HALF,
    HOUR,
    NOW,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    a_wish,
    problem,
    utc,
)

ELENA = demo.demo_id("trainer05@limber.example")
"""She visits Toronto and Hamilton."""

NO_HOLD = "00000000-0000-7000-8000-000000000000"


async def offered_at(door: FrontDoor, hour: str, **other: str) -> bool:
    """Whether Amara is offered for a start on that Wednesday, virtually."""
    answer = await door.ask(
        "GET",
        "/v1/slots",
        params={
            "service": "training",
            "mode": "virtual",
            "from": "2026-05-06",
            "to": "2026-05-06",
            "tz": "America/Toronto",
            "trainer": str(AMARA),
            **other,
        },
    )
    return any(f"T{hour}" in slot["local"] for slot in answer.json()["slots"])


async def test_a_hold_keeps_the_time_and_says_until_when(door: FrontDoor) -> None:
    assert await offered_at(door, "10:00")

    answer = await door.post("/v1/holds", a_time())

    assert 201 == answer.status_code
    hold = answer.json()
    assert {
        "id": hold["id"],
        "trainer": {"id": str(AMARA), "name": "Amara Okafor"},
        "service": "training",
        "mode": "virtual",
        "start": "2026-05-06T14:00:00Z",
        "end": "2026-05-06T15:00:00Z",
        "expires_at": "2026-05-04T12:10:00Z",
    } == hold
    assert not await offered_at(door, "10:00")
    assert not await offered_at(door, "10:30")
    assert await offered_at(door, "11:00")
    assert [] == await door.published()


async def test_a_held_time_is_refused_to_others_with_the_three_nearest_instead(
    door: FrontDoor,
) -> None:
    await door.made("/v1/holds", a_time())
    before = await door.tables()

    for path, body in (("/v1/holds", a_time()), ("/v1/bookings", a_wish())):
        refused = problem(await door.post(path, body), 409, "slot-taken")
        assert ["2026-05-06T13:00:00Z", "2026-05-06T15:00:00Z", "2026-05-06T15:30:00Z"] == sorted(
            one["start"] for one in refused["alternatives"]
        )
        assert {str(AMARA)} == {one["trainer"]["id"] for one in refused["alternatives"]}

    assert before == await door.tables()


async def test_without_a_trainer_the_next_fitting_one_is_held(door: FrontDoor) -> None:
    holds = [await door.made("/v1/holds", a_time(trainer=None)) for _ in range(3)]

    assert 3 == len({hold["trainer"]["id"] for hold in holds})


async def test_a_booking_uses_the_hold_up(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())
    body = {"hold": hold["id"], "client": a_client()}

    booking = await door.made("/v1/bookings", body)

    assert ("training", "virtual", hold["start"], hold["end"], hold["trainer"]) == tuple(
        booking[name] for name in ("service", "mode", "start", "end", "trainer")
    )
    assert 0 == await door.value("select count(*) from holds")
    kinds = "select array_agg((kind, expires_at)::text) from reservations"
    assert ["(booking,)"] == await door.value(kinds)
    other = {"hold": hold["id"], "client": a_client("ben@example.org")}
    problem(await door.post("/v1/bookings", other), 410, "hold-expired")
    problem(await door.ask("DELETE", f"/v1/holds/{hold['id']}"), 404, "no-such-hold")
    assert not await offered_at(door, "10:00")


async def test_a_hold_ends_by_the_clock_and_its_time_is_free_at_once(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())
    body = {"hold": hold["id"], "client": a_client()}
    door.clock.now = NOW + timedelta(minutes=10) - timedelta(microseconds=1)
    problem(await door.post("/v1/holds", a_time()), 409, "slot-taken")

    door.clock.now = NOW + timedelta(minutes=10)

    assert await offered_at(door, "10:00")
    before = await door.tables()
    problem(await door.post("/v1/bookings", body), 410, "hold-expired")
    assert before == await door.tables()
    again = await door.made("/v1/holds", a_time())
    assert again["id"] != hold["id"]
    assert 1 == await door.value("select count(*) from reservations")


async def test_run_out_holds_do_not_stand_in_the_way_of_a_booking_or_a_move(
    door: FrontDoor,
) -> None:
    booking = await door.book(TEN + 4 * HOUR)
    await door.made("/v1/holds", a_time())
    await door.made("/v1/holds", a_time(TEN + HOUR))
    door.clock.advance(minutes=10)

    await door.book(email="ben@example.org")
    await door.made(
        f"/v1/bookings/{booking['id']}/reschedule",
        {"start": utc(TEN + HOUR)},
        token=booking["manage_token"],
    )

    assert 2 == await door.value("select count(*) from reservations")


async def test_a_run_out_hold_that_nobody_else_wanted_still_ends(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())
    door.clock.advance(minutes=11)

    body = {"hold": hold["id"], "client": a_client()}
    problem(await door.post("/v1/bookings", body), 410, "hold-expired")
    assert (await door.ask("DELETE", f"/v1/holds/{hold['id']}")).status_code in {204, 404}


async def test_a_hold_that_was_given_back_is_free_at_once(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())

    released = await door.ask("DELETE", f"/v1/holds/{hold['id']}")

    assert (204, b"") == (released.status_code, released.content)
    tables = await door.tables()
    assert ("", "") == (tables["reservations"], tables["holds"])
    problem(await door.ask("DELETE", f"/v1/holds/{hold['id']}"), 404, "no-such-hold")
    problem(await door.ask("DELETE", f"/v1/holds/{NO_HOLD}"), 404, "no-such-hold")
    body = {"hold": hold["id"], "client": a_client()}
    problem(await door.post("/v1/bookings", body), 410, "hold-expired")


async def test_a_booking_cannot_be_given_back_as_if_it_were_a_hold(door: FrontDoor) -> None:
    booking = await door.book()
    before = await door.tables()

    problem(await door.ask("DELETE", f"/v1/holds/{booking['id']}"), 404, "no-such-hold")

    assert before == await door.tables()


async def test_a_refused_booking_leaves_the_hold_as_it_was(door: FrontDoor) -> None:
    await door.book(service="first-workout", trainer=BENOIT)
    hold = await door.made("/v1/holds", a_time(TEN + 2 * HOUR, service="first-workout"))
    body = {"hold": hold["id"], "client": a_client()}
    before = await door.tables()

    problem(await door.post("/v1/bookings", body), 409, "free-workout-used")

    assert before == await door.tables()
    assert (await door.made("/v1/bookings", body | {"client": a_client("ben@example.org")}))["id"]


async def test_moving_into_the_own_time_is_not_hindered_by_the_own_booking(
    door: FrontDoor,
) -> None:
    booking = await door.book()

    moved = await door.made(
        f"/v1/bookings/{booking['id']}/reschedule",
        {"start": utc(TEN + HALF)},
        token=booking["manage_token"],
    )

    assert (utc(TEN + HALF), 2) == (moved["start"], moved["version"])
    assert await offered_at(door, "09:30")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (a_time(mode="in-person"), "postal"),
        (a_time(mode="in-person", postal="P3E 5J1"), "postal"),
        (a_time() | {"trainer": NO_HOLD}, "trainer"),
    ],
)
async def test_a_wish_that_nobody_can_grant_names_the_field(
    door: FrontDoor, wish: dict[str, str], field: str
) -> None:
    refused = problem(await door.post("/v1/holds", wish), 422, "invalid")

    assert [field] == [error["field"] for error in refused["errors"]]


@pytest.mark.parametrize(
    "start",
    [NOW - HOUR, NOW + HOUR, TEN + timedelta(minutes=10), TEN + 9 * HOUR, TEN + timedelta(401)],
    ids=["past", "too soon", "off the grid", "at night", "beyond the window"],
)
async def test_a_time_that_is_not_offered_cannot_be_held_or_booked(
    door: FrontDoor, start: datetime
) -> None:
    before = await door.tables()

    for path, body in (("/v1/holds", a_time(start)), ("/v1/bookings", a_wish(start))):
        assert 3 == len(problem(await door.post(path, body), 409, "slot-taken")["alternatives"])

    assert before == await door.tables()


async def test_the_own_hold_hides_nothing_from_its_holder(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())

    assert not await offered_at(door, "10:00")
    assert await offered_at(door, "10:00", hold=hold["id"])
    assert await offered_at(door, "10:30", hold=hold["id"])
    query = a_time() | {"hold": hold["id"]}
    told = await door.ask("GET", "/v1/slots/explain", params=query)
    assert {"offered": True, "reasons": []} == told.json()


async def test_a_visit_is_held_with_its_place_and_keeps_it_when_booked(door: FrontDoor) -> None:
    where = "select area || ' ' || postal from reservations"
    visit = a_time(mode="in-person", postal="m5v2t6")

    hold = await door.made("/v1/holds", visit)
    assert "toronto M5V 2T6" == await door.value(where)
    await door.made("/v1/bookings", {"hold": hold["id"], "client": a_client()})

    assert "toronto M5V 2T6" == await door.value(where)


async def test_a_hold_goes_to_who_has_the_skills_asked_for(door: FrontDoor) -> None:
    skilled = a_time(trainer=None, condition="neck-pain", language="fr", mode="in-person")

    hold = await door.made("/v1/holds", skilled | {"postal": "M5V"})

    assert str(BENOIT) == hold["trainer"]["id"]
    wrong = a_time(condition="fibromyalgia", trainer=BENOIT)
    problem(await door.post("/v1/holds", wrong), 409, "slot-taken")
    problem(await door.post("/v1/holds", a_time(condition="gout")), 422, "invalid")


async def test_of_two_visits_at_once_that_one_trainer_cannot_both_reach_one_is_held(
    door: FrontDoor,
) -> None:
    for day in range(5):
        start = TEN + 24 * day * HOUR
        toronto = a_time(start, trainer=ELENA, mode="in-person", postal="M5V")
        hamilton = a_time(start + HOUR, trainer=ELENA, mode="in-person", postal="L8P")

        answers = await asyncio.gather(
            *(door.post("/v1/holds", wish) for wish in (toronto, hamilton))
        )

        assert [201, 409] == sorted(answer.status_code for answer in answers)


async def test_a_known_client_is_given_their_trainer(door: FrontDoor) -> None:
    booking = await door.book(TEN, trainer=CHLOE)
    token = await door.sign_in("ann@example.org")
    wish = a_time(TEN + 24 * HOUR, trainer=None)

    known = await door.made("/v1/holds", wish, token=token)
    visitor = await door.made("/v1/holds", wish)

    assert (str(CHLOE), str(AMARA)) == (known["trainer"]["id"], visitor["trainer"]["id"])
    day = {"from": "2026-05-08", "to": "2026-05-08", "tz": "America/Toronto"}
    query = {"service": "training", "mode": "virtual", **day}
    for holder in (token, booking["manage_token"]):
        found = await door.ask("GET", "/v1/slots", params=query, token=holder)
        first = found.json()["slots"][0]["trainers"][0]
        assert ("Chloe Nguyen", "Your coming session is with Chloe.") == (
            first["name"],
            first["why"],
        )
