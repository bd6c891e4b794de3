"""The agenda over HTTP: a trainer's days with bookings, holds, time off and drives."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    HOUR,
    TEN,
    FrontDoor,
    a_time,
    problem,
    utc,
)

AGENDA = f"/v1/trainers/{AMARA}/agenda"
DAYS = {"from": "2026-05-06", "to": "2026-05-06"}


async def asked(
    door: FrontDoor, email: str = "trainer01@limber.example", path: str = AGENDA, **params: Any
) -> Any:
    """The answer to somebody's question for some days."""
    token = await door.sign_in(email)
    return await door.ask("GET", path, token=token, params=DAYS | params)


def a_visit(street: str, postal: str) -> dict[str, Any]:
    """The fields of a booking at home."""
    return {"mode": "in-person", "address": {"street": street, "postal": postal}}


async def test_an_agenda_tells_what_each_day_holds_in_order(door: FrontDoor) -> None:
    visit = await door.book(TEN - HOUR, **a_visit("1 Front St", "M5V 2T6"))
    call = await door.book(TEN + HOUR, email="ben@example.org")
    hold = await door.made("/v1/holds", a_time(TEN + 3 * HOUR))
    token = await door.sign_in("trainer01@limber.example")
    off = await door.made(
        f"/v1/trainers/{AMARA}/time-off",
        {"start": utc(TEN + 5 * HOUR), "end": utc(TEN + 6 * HOUR), "reason": "Lunch with Mum"},
        token=token,
    )

    answer = (await asked(door)).json()

    def at(hours: int) -> dict[str, str]:
        return {"start": utc(TEN + hours * HOUR), "end": utc(TEN + (hours + 1) * HOUR)}

    client = {"name": "Ann Example"}
    expected = [
        {
            "kind": "booking", "id": visit["id"], "service": "training", "mode": "in-person",
            "status": "confirmed", "client": client | {"id": visit["client_id"]},
            "address": visit["address"], **at(-1),
        },
        {
            "kind": "booking", "id": call["id"], "service": "training", "mode": "virtual",
            "status": "confirmed", "client": client | {"id": call["client_id"]},
            "join_url": call["join_url"], **at(1),
        },
        {"kind": "hold", "id": hold["id"], "service": "training", "mode": "virtual", **at(3)},
        {"kind": "time-off", "id": off["id"], "reason": "Lunch with Mum", **at(5)},
    ]  # fmt: skip
    assert {"tz": "America/Toronto", "items": expected} == answer


async def test_the_drive_is_told_from_the_visit_before_on_the_same_day(door: FrontDoor) -> None:
    east, west = "M4E 1A1", "M9W 1A1"
    await door.book(TEN - HOUR, **a_visit("1 Front St", east))
    await door.book(TEN + 2 * HOUR, email="ben@example.org")
    await door.book(TEN + 4 * HOUR, email="cleo@example.org", **a_visit("2 Front St", west))
    await door.book(TEN + 23 * HOUR, email="dan@example.org", **a_visit("3 Front St", east))

    items = (await asked(door, to="2026-05-07")).json()["items"]

    drives = [item.get("travel_minutes") for item in items]
    assert [True, True, False, True] == [drive is None for drive in drives]
    assert 15 < drives[2] < 120


async def test_what_was_cancelled_or_ran_out_is_not_on_it(door: FrontDoor) -> None:
    gone = await door.book(TEN)
    await door.made(f"/v1/bookings/{gone['id']}/cancel", {}, token=gone["manage_token"])
    await door.made("/v1/holds", a_time(TEN + HOUR))
    door.clock.advance(minutes=11)

    assert [] == (await asked(door)).json()["items"]


async def test_dates_are_meant_on_the_trainers_wall(door: FrontDoor) -> None:
    token = await door.sign_in("trainer01@limber.example")
    hours = {"weekly": [{"day": "wed", "from": "00:00", "to": "00:00"}]}
    path = f"/v1/trainers/{AMARA}/hours"
    tokyo = hours | {"tz": "Asia/Tokyo"}
    assert 200 == (await door.ask("PUT", path, tokyo, token=token)).status_code
    # From midnight to one in Tokyo on the sixth, and from eleven to midnight.
    first = await door.book(TEN - 23 * HOUR)
    last = await door.book(TEN, email="ben@example.org")

    found = (await asked(door)).json()

    assert "Asia/Tokyo" == found["tz"]
    assert [first["id"], last["id"]] == [item["id"] for item in found["items"]]
    before = (await asked(door, **{"from": "2026-05-05", "to": "2026-05-05"})).json()
    assert [] == before["items"]


async def test_a_session_over_midnight_is_on_both_days(door: FrontDoor) -> None:
    token = await door.sign_in("trainer01@limber.example")
    hours = {"tz": "America/Toronto", "weekly": [{"day": "wed", "from": "18:30", "to": "02:00"}]}
    await door.ask("PUT", f"/v1/trainers/{AMARA}/hours", hours, token=token)
    late = await door.book(TEN + timedelta(hours=13, minutes=30))

    for day in ("2026-05-06", "2026-05-07"):
        items = (await asked(door, **{"from": day, "to": day})).json()["items"]
        assert [late["id"]] == [item["id"] for item in items]


async def test_only_the_trainer_and_staff_may_see_it(door: FrontDoor) -> None:
    await door.book(TEN)
    problem(await door.ask("GET", AGENDA, params=DAYS), 401, "sign-in-first")
    for email in ("ann@example.org", "trainer02@limber.example", "clinician@limber.example"):
        problem(await asked(door, email), 403, "not-your-agenda")
    for email in ("trainer01@limber.example", "staff@limber.example", "lead@limber.example"):
        assert 1 == len((await asked(door, email)).json()["items"])
    nobodys = AGENDA.replace(str(AMARA), "00000000-0000-7000-8000-000000000000")
    problem(await asked(door, "staff@limber.example", nobodys), 404, "no-such-trainer")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"to": "2026-05-05"}, "to"),
        ({"to": "2026-07-07"}, "to"),
        ({"to": "tomorrow"}, "to"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "1999-12-31"}, "from"),
    ],
)
async def test_days_out_of_bounds_are_refused(
    door: FrontDoor, params: dict[str, str], field: str
) -> None:
    found = problem(await asked(door, **params), 422, "invalid")

    assert [field] == [error["field"] for error in found["errors"]]


async def test_two_months_fit(door: FrontDoor) -> None:
    assert 200 == (await asked(door, to="2026-07-06")).status_code
