"""Time off over HTTP: no session is offered in it, and what is booked in it is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.booking.domain.schedule import MOST_TIME_OFF
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HOUR,
    NOW,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    problem,
    utc,
)

TIME_OFF = f"/v1/trainers/{AMARA}/time-off"
DAY = timedelta(days=1)


async def post(
    door: FrontDoor, start: datetime, end: datetime, who: str = "trainer01", **other: Any
) -> Any:
    """Time off as it is answered."""
    token = await door.sign_in(f"{who}@limber.example")
    body = {"start": utc(start), "end": utc(end), **other}
    return await door.post(TIME_OFF, body, token=token)


async def listed(door: FrontDoor, **params: Any) -> Any:
    """A page of Amara's time off."""
    token = await door.sign_in("trainer01@limber.example")
    return (await door.ask("GET", TIME_OFF, token=token, params=params)).json()


async def delete(door: FrontDoor, path: str, who: str = "trainer01") -> Any:
    """A DELETE by somebody of the demo."""
    return await door.ask("DELETE", path, token=await door.sign_in(f"{who}@limber.example"))


async def test_time_off_is_offered_to_nobody_until_it_is_given_up(door: FrontDoor) -> None:
    made = await post(door, TEN - HOUR, TEN + HOUR, reason="The dentist")

    assert 201 == made.status_code, made.text
    off = made.json()
    expected = {"start": utc(TEN - HOUR), "end": utc(TEN + HOUR), "reason": "The dentist"}
    assert expected | {"id": off["id"], "affected": []} == off
    problem(await door.post("/v1/holds", a_time(TEN)), 409, "slot-taken")
    assert 201 == (await door.post("/v1/holds", a_time(TEN + HOUR))).status_code
    assert [expected | {"id": off["id"]}] == (await listed(door))["items"]

    assert 204 == (await delete(door, f"{TIME_OFF}/{off['id']}")).status_code

    assert 201 == (await door.post("/v1/holds", a_time(TEN))).status_code
    assert {"items": [], "next": None} == await listed(door)
    problem(await delete(door, f"{TIME_OFF}/{off['id']}"), 404, "no-such-time-off")


async def test_bookings_in_it_stand_and_are_told(door: FrontDoor) -> None:
    inside = await door.book(TEN)
    await door.book(TEN + 2 * HOUR, email="ben@example.org")
    gone = await door.book(TEN + HOUR, email="cleo@example.org")
    await door.made(f"/v1/bookings/{gone['id']}/cancel", {}, token=gone["manage_token"])

    made = await post(door, TEN + HOUR / 2, TEN + 2 * HOUR)

    told = {"id": inside["id"], "start": inside["start"], "end": inside["end"]}
    assert [told] == made.json()["affected"]
    staff = await door.sign_in("staff@limber.example")
    found = await door.ask("GET", f"/v1/bookings/{inside['id']}", token=staff)
    assert "confirmed" == found.json()["status"]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (TEN, TEN, "end"),
        (TEN, TEN - HOUR, "end"),
        (NOW - 2 * HOUR, NOW, "end"),
        (TEN, TEN + timedelta(days=401), "end"),
    ],
)
async def test_ranges_that_make_no_sense_are_refused(
    door: FrontDoor, start: datetime, end: datetime, field: str
) -> None:
    found = problem(await post(door, start, end), 422, "invalid")

    assert [field] == [error["field"] for error in found["errors"]]
    assert 0 == await door.value("select count(*) from time_off")


async def test_the_list_has_pages_and_dates(door: FrontDoor) -> None:
    for number in range(5):
        await post(door, TEN + number * DAY, TEN + number * DAY + HOUR)

    first = await listed(door, limit=3)
    rest = await listed(door, limit=3, cursor=first["next"])

    starts = [one["start"] for one in first["items"] + rest["items"]]
    assert [utc(TEN + number * DAY) for number in range(5)] == starts
    assert rest["next"] is None
    some = await listed(door, **{"from": "2026-05-07", "to": "2026-05-08"})
    assert starts[1:3] == [one["start"] for one in some["items"]]
    door.clock.now = TEN + 2 * DAY
    assert starts[2:] == [one["start"] for one in (await listed(door))["items"]]
    token = await door.sign_in("trainer01@limber.example")
    for params in ({"cursor": "x"}, {"from": "2026-05-08", "to": "2026-05-07"}, {"limit": 0}):
        problem(await door.ask("GET", TIME_OFF, token=token, params=params), 422, "invalid")


async def test_only_the_trainer_and_staff_may_see_and_change_it(door: FrontDoor) -> None:
    await door.book(TEN)
    body = {"start": utc(TEN), "end": utc(TEN + HOUR)}
    made = (await post(door, TEN, TEN + HOUR, "staff")).json()
    path = f"{TIME_OFF}/{made['id']}"
    for email in (None, "ann@example.org", "trainer02@limber.example", "clinician@limber.example"):
        token = await door.sign_in(email) if email else None
        refusal = (403, "not-your-agenda") if email else (401, "sign-in-first")
        problem(await door.post(TIME_OFF, body, token=token), *refusal)
        problem(await door.ask("GET", TIME_OFF, token=token), *refusal)
        problem(await door.ask("DELETE", path, token=token), *refusal)
    another = path.replace(str(AMARA), str(BENOIT))
    problem(await delete(door, another, "staff"), 404, "no-such-time-off")
    staff = await door.sign_in("staff@limber.example")
    nobodys = TIME_OFF.replace(str(AMARA), "00000000-0000-7000-8000-000000000000")
    problem(await door.post(nobodys, body, token=staff), 404, "no-such-trainer")
    problem(await door.ask("GET", nobodys, token=staff), 404, "no-such-trainer")
    assert 204 == (await delete(door, path, "lead")).status_code


async def test_a_trainer_cannot_plan_absences_without_end(door: FrontDoor) -> None:
    await door.value(
        "with many as (insert into time_off (id, trainer_id, during, created_by, created_at)"
        " select gen_random_uuid(), $1, tstzrange($2, $3), $1, now() from generate_series(1, $4)"
        " returning id) select count(*) from many",
        AMARA,
        TEN,
        TEN + HOUR,
        MOST_TIME_OFF,
    )

    problem(await post(door, TEN, TEN + HOUR), 409, "too-much-time-off")
    assert MOST_TIME_OFF == await door.value("select count(*) from time_off")


async def test_a_repeated_request_takes_time_off_once(door: FrontDoor) -> None:
    token = await door.sign_in("trainer01@limber.example")
    body = {"start": utc(TEN), "end": utc(TEN + HOUR)}

    answers = [await door.post(TIME_OFF, body, token=token, key="once") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert 1 == await door.value("select count(*) from time_off")


async def waiting(door: FrontDoor) -> Any:
    """Eve waits for any virtual hour of the day with Amara."""
    day = TEN.date().isoformat()
    wish = {"service": "training", "mode": "virtual", "from": day, "to": day}
    return await door.made(
        "/v1/waitlist", wish | {"trainer": str(AMARA), "client": a_client("eve@example.org")}
    )


async def test_time_given_back_goes_to_who_waits_for_it(door: FrontDoor) -> None:
    off = (await post(door, TEN - 10 * HOUR, TEN + 10 * HOUR)).json()
    entry = await waiting(door)

    await delete(door, f"{TIME_OFF}/{off['id']}")

    offered = await door.published(topic="booking.events")
    (offer,) = [one for one in offered if one.type == "waitlist.offered.v1"]
    assert entry["id"] == offer.data["waitlist_id"]
    assert "2026-05-06T13:00:00Z" == offer.data["start"]


async def test_a_trial_takes_and_gives_back_nothing(door: FrontDoor) -> None:
    off = (await post(door, TEN, TEN + HOUR)).json()
    token = await door.sign_in("trainer01@limber.example")
    body = {"start": utc(TEN + 2 * HOUR), "end": utc(TEN + 3 * HOUR)}
    before = await door.tables()

    tried = [
        await door.post(f"{TIME_OFF}?dry_run=true", body, token=token),
        await door.ask("DELETE", f"{TIME_OFF}/{off['id']}?dry_run=true", token=token),
    ]

    assert [201, 204] == [answer.status_code for answer in tried]
    assert before == await door.tables()
