"""A client's bookings as a list: newest first, by page, by date and by status."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.zones import zone
from tests.integration.booking.front_door import (
    HOUR,
    TEN,
    FrontDoor,
    a_client,
    a_wish,
    problem,
)

UNKNOWN = "00000000-0000-7000-8000-000000000000"


async def read(door: FrontDoor, client: str, token: str | None, **asked: Any) -> Any:
    """A page of a client's bookings."""
    answer = await door.ask("GET", f"/v1/clients/{client}/bookings", token=token, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def five(door: FrontDoor) -> list[Any]:
    """Five bookings of one client, by start; the second is cancelled."""
    booked = [await door.book(TEN + n * 24 * HOUR) for n in range(5)]
    token = booked[1]["manage_token"]
    said = {"reason": "a wedding", "because": "other"}
    await door.made(f"/v1/bookings/{booked[1]['id']}/cancel", said, token=token)
    return booked


async def test_pages_follow_each_other_newest_first_and_none_is_skipped(door: FrontDoor) -> None:
    booked = await five(door)
    token, cursor, seen = await door.sign_in("ann@example.org"), None, []

    for expected in (2, 2, 1):
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await read(door, booked[0]["client_id"], token, **asked)
        assert expected == len(page["items"])
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]

    assert [one["id"] for one in reversed(booked)] == seen
    assert cursor is None


async def test_a_client_reads_the_links_and_staff_and_trainer_the_reason(door: FrontDoor) -> None:
    booked = await five(door)
    for email, own in (
        ("ann@example.org", True),
        ("staff@limber.example", False),
        ("trainer01@limber.example", False),
    ):
        page = await read(door, booked[0]["client_id"], await door.sign_in(email))
        cancelled = page["items"][3]
        assert (False, "other") == (cancelled["late"], cancelled["because"])
        assert (own, None if own else "a wedding") == (
            "manage_token" in cancelled,
            cancelled.get("reason"),
        )


async def test_others_read_nothing(door: FrontDoor) -> None:
    booked = await five(door)
    where = f"/v1/clients/{booked[0]['client_id']}/bookings"
    await door.book(TEN + HOUR, email="ben@example.org")

    for token, status in (
        (None, 401),
        (booked[0]["manage_token"], 401),
        (await door.sign_in("ben@example.org"), 403),
        (await door.sign_in("trainer20@limber.example"), 403),
        (await door.sign_in("clinician@limber.example"), 403),
    ):
        assert status == (await door.ask("GET", where, token=token)).status_code
    staff = await door.sign_in("staff@limber.example")
    nobody = await door.ask("GET", f"/v1/clients/{UNKNOWN}/bookings", token=staff)
    problem(nobody, 404, "no-such-client")


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"from": "2026-05-07"}, [4, 3, 2, 1]),
        ({"to": "2026-05-07"}, [1, 0]),
        ({"from": "2026-05-07", "to": "2026-05-08"}, [2, 1]),
        ({"from": "2026-05-08", "to": "2026-05-07"}, []),
        ({"status": "cancelled"}, [1]),
        ({"status": ["confirmed", "cancelled"], "from": "2026-05-08"}, [4, 3, 2]),
        ({"status": "missed"}, []),
    ],
)
async def test_the_list_is_narrowed_by_dates_and_states(
    door: FrontDoor, asked: dict[str, Any], days: list[int]
) -> None:
    booked = await five(door)
    token = await door.sign_in("ann@example.org")

    page = await read(door, booked[0]["client_id"], token, **asked)

    assert [booked[day]["id"] for day in days] == [item["id"] for item in page["items"]]


async def test_dates_are_those_of_the_clients_zone(door: FrontDoor) -> None:
    # Ten in the morning in Toronto is already the next day in Auckland.
    wish = a_wish() | {"client": a_client(tz="Pacific/Auckland")}
    booking = await door.made("/v1/bookings", wish)
    token = await door.sign_in("ann@example.org")
    day = datetime.fromisoformat(booking["start"]).astimezone(zone("Pacific/Auckland")).date()
    assert TEN.date() + timedelta(days=1) == day

    found = {
        str(asked): len(
            (await read(door, booking["client_id"], token, **{"from": asked, "to": asked}))["items"]
        )
        for asked in (day - timedelta(days=1), day, day + timedelta(days=1))
    }

    assert [0, 1, 0] == list(found.values())


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "tomorrow"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"status": "asleep"}, "status"),
        ({"cursor": "abc"}, "cursor"),
        ({"limit": "201"}, "limit"),
    ],
)
async def test_what_cannot_be_read_names_its_field(
    door: FrontDoor, asked: dict[str, str], field: str
) -> None:
    booking = await door.book()
    token = await door.sign_in("ann@example.org")

    answer = await door.ask(
        "GET", f"/v1/clients/{booking['client_id']}/bookings", token=token, params=asked
    )

    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["field"].startswith(field)
