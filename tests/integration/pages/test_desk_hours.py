"""Hours, single dates and time off on the desk, stored by the same rules as through the API."""

from typing import Any

import pytest

from tests.integration.booking.front_door import AMARA, FrontDoor
from tests.integration.pages.clients import MARKUP, a_client
from tests.integration.pages.professionals import Professional

WEEK: dict[str, Any] = {
    "tz": "America/Toronto",
    "mon-from": ["09:00", "13:00", ""],
    "mon-to": ["12:00", "17:00", ""],
    "date-on": ["2026-05-20", "2026-05-21", ""],
    "date-from": ["", "10:00", ""],
    "date-to": ["", "12:00", ""],
}


async def stored(door: FrontDoor) -> Any:
    """Her hours as the API tells them."""
    token = await door.sign_in("trainer01@limber.example")
    return (await door.ask("GET", f"/v1/trainers/{AMARA}/hours", token=token)).json()


async def test_hours_are_replaced_whole_and_bookings_outside_are_named(
    amara: Professional, door: FrontDoor
) -> None:
    async with a_client(door):
        page = await amara.open("/desk/hours")
        version = dict(page.by_id["hours"].values)["version"]
        saved = await amara.post("/desk/hours", **WEEK, version=version)
        assert (200, True) == (saved.status, "affected" in saved.tagged)
    found = await stored(door)
    assert [("mon", "09:00", "12:00"), ("mon", "13:00", "17:00")] == [
        (one["day"], one["from"], one["to"]) for one in found["weekly"]
    ]
    assert [("2026-05-20", None), ("2026-05-21", "10:00")] == [
        (one["date"], one.get("from")) for one in found["overrides"]
    ]
    shown = await amara.open("/desk/hours")
    again = await amara.visitor.send(shown, "/desk/hours", press="save")
    assert 200 == again.status


@pytest.mark.parametrize(
    "wrong",
    [
        {"mon-to": ["12:00", "", ""]},
        {"mon-from": ["09:00", "11:00", ""]},
        {"mon-from": [MARKUP, "13:00", ""]},
        {"date-on": ["", "2026-05-21", ""], "date-from": ["09:00", "10:00", ""]},
        {"tz": "Mars"},
        {"version": "0"},
    ],
)
async def test_hours_that_are_wrong_change_nothing(
    amara: Professional, door: FrontDoor, wrong: dict[str, Any]
) -> None:
    before = await stored(door)
    page = await amara.open("/desk/hours")
    version = dict(page.by_id["hours"].values)["version"]
    answer = await amara.post("/desk/hours", **(WEEK | {"version": version} | wrong))
    assert (422, False) == (answer.status, "<script>alert" in answer.answer.text)
    assert before == await stored(door)


async def test_time_off_is_taken_once_and_given_up(amara: Professional, door: FrontDoor) -> None:
    async with a_client(door):
        off = {"start": "2026-05-06T09:00", "end": "2026-05-06T12:00", "reason": MARKUP}
        page = await amara.open("/desk/time-off")
        taken = await amara.visitor.send(page, "/desk/time-off", press="take", **off)
        await amara.visitor.send(page, "/desk/time-off", press="take", **off)
    assert "Bookings in this time: 1." in taken.text
    page = await amara.open("/desk/time-off")
    assert (1, True) == (len(page.tagged["off"]), MARKUP in page.text)
    assert "9:00\N{NO-BREAK SPACE}a.m." in page.answer.text
    gone = await amara.visitor.send(page, "/remove", press="remove")
    assert "No time off is coming." in gone.text
    assert 200 == (await amara.visitor.send(page, "/remove", press="remove")).status


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-05-06T12:00", "2026-05-06T09:00"),
        ("2020-05-06T09:00", "2020-05-06T12:00"),
        ("", "2026-05-06T12:00"),
        (MARKUP, "9999-12-31T23:59"),
    ],
)
async def test_time_off_that_is_none_is_refused(amara: Professional, start: str, end: str) -> None:
    page = await amara.post("/desk/time-off", start=start, end=end, page="x")
    assert (422, False) == (page.status, "<script>alert" in page.answer.text)
    assert "No time off is coming." in page.text


async def test_hours_belong_to_trainers(door: FrontDoor) -> None:
    async with a_client(door) as ann:
        for path in ("/desk/hours", "/desk/time-off"):
            assert 403 == (await ann.open(path)).status, path
            assert 403 == (await ann.post(path, **WEEK)).status, path
