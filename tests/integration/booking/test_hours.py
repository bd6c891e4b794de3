"""Hours and settings over HTTP: replaced as a whole, by the trainer and staff alone."""

from typing import Any

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HOUR,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    problem,
)

HOURS = f"/v1/trainers/{AMARA}/hours"
SETTINGS = f"/v1/trainers/{AMARA}/settings"
NOBODY = "00000000-0000-7000-8000-000000000000"

EVENINGS: dict[str, Any] = {
    "tz": "America/Toronto",
    "weekly": [
        {"day": "mon", "from": "18:00", "to": "02:00"},
        {"day": "wed", "from": "09:00", "to": "12:00"},
        {"day": "wed", "from": "13:00", "to": "17:00"},
    ],
    "overrides": [
        {"date": "2026-12-24", "from": "09:00", "to": "12:00"},
        {"date": "2026-12-25"},
    ],
}


async def put(door: FrontDoor, path: str, body: Any, who: str = "trainer01", **how: Any) -> Any:
    """A PUT by somebody of the demo."""
    token = await door.sign_in(f"{who}@limber.example")
    return await door.ask("PUT", path, body, token=token, **how)


async def got(door: FrontDoor, path: str) -> Any:
    """What staff read."""
    token = await door.sign_in("staff@limber.example")
    return (await door.ask("GET", path, token=token)).json()


async def test_hours_are_replaced_as_a_whole_and_read_as_they_were_written(
    door: FrontDoor,
) -> None:
    answer = await put(door, HOURS, EVENINGS)

    assert 200 == answer.status_code, answer.text
    assert '"2"' == answer.headers["etag"]
    assert EVENINGS | {"affected": []} == answer.json()
    assert answer.json() == await got(door, HOURS)


async def test_new_hours_are_what_slots_offer(door: FrontDoor) -> None:
    await put(door, HOURS, EVENINGS)

    day = {"from": "2026-05-06", "to": "2026-05-06", "tz": "America/Toronto"}
    answer = await door.ask(
        "GET",
        "/v1/slots",
        params={"service": "training", "mode": "virtual", "trainer": str(AMARA), **day},
    )
    starts = [slot["local"][11:16] for slot in answer.json()["slots"]]
    assert ("09:00", "11:00", "13:00", "16:00") == (starts[0], starts[4], starts[5], starts[-1])
    assert 12 == len(starts)


async def test_the_same_hours_again_are_no_new_version(door: FrontDoor) -> None:
    await put(door, HOURS, EVENINGS)
    shuffled = EVENINGS | {"weekly": EVENINGS["weekly"][::-1]}

    answer = await put(door, HOURS, shuffled)

    assert ('"2"', EVENINGS["weekly"]) == (answer.headers["etag"], answer.json()["weekly"])


async def test_a_booking_outside_the_new_hours_stands_and_is_told(door: FrontDoor) -> None:
    outside = await door.book(TEN - 24 * HOUR, email="ben@example.org")
    inside = await door.book(TEN)

    answer = await put(door, HOURS, EVENINGS)

    told = {"id": outside["id"], "start": outside["start"], "reason": "outside-hours"}
    assert [told] == answer.json()["affected"]
    assert [told] == (await got(door, HOURS))["affected"]
    staff = await door.sign_in("staff@limber.example")
    for booking in (outside, inside):
        found = await door.ask("GET", f"/v1/bookings/{booking['id']}", token=staff)
        assert "confirmed" == found.json()["status"]


async def test_a_booking_on_a_day_off_is_told_as_such(door: FrontDoor) -> None:
    booking = await door.book(TEN)
    weekly = [{"day": "wed", "from": "09:00", "to": "17:00"}]
    body = {"tz": "America/Toronto", "weekly": weekly, "overrides": [{"date": "2026-05-06"}]}

    answer = await put(door, HOURS, body)

    told = {"id": booking["id"], "start": booking["start"], "reason": "off"}
    assert [told] == answer.json()["affected"]
    problem(await door.post("/v1/holds", a_time(TEN + 3 * HOUR)), 409, "slot-taken")


async def test_new_hours_go_to_who_waits_for_them(door: FrontDoor) -> None:
    await put(door, HOURS, {"tz": "America/Toronto", "weekly": []})
    wish = {"service": "training", "mode": "virtual", "from": "2026-05-06", "to": "2026-05-06"}
    client = a_client("eve@example.org")
    entry = await door.made("/v1/waitlist", wish | {"trainer": str(AMARA), "client": client})

    await put(door, HOURS, EVENINGS)

    events = await door.published(topic="booking.events")
    (offer,) = [one for one in events if one.type == "waitlist.offered.v1"]
    expected = (entry["id"], "2026-05-06T13:00:00Z")
    assert expected == (offer.data["waitlist_id"], offer.data["start"])


async def test_cancelled_and_past_bookings_are_affected_by_nothing(door: FrontDoor) -> None:
    past = await door.book(TEN - 24 * HOUR)
    cancelled = await door.book(TEN)
    await door.made(f"/v1/bookings/{cancelled['id']}/cancel", {}, token=cancelled["manage_token"])
    door.clock.now = TEN - 20 * HOUR

    answer = await put(door, HOURS, {"tz": "America/Toronto", "weekly": []})

    assert [] == answer.json()["affected"], past


async def test_if_match_refuses_what_was_decided_on_older_hours(door: FrontDoor) -> None:
    await put(door, HOURS, EVENINGS, version='"1"')

    late = await put(door, HOURS, EVENINGS | {"weekly": []}, version='"1"')

    assert 2 == problem(late, 412, "stale-version")["version"]
    problem(await put(door, SETTINGS, {}, version='"1"'), 412, "stale-version")
    problem(await put(door, HOURS, EVENINGS, version="one"), 400, "malformed-if-match")
    assert EVENINGS["weekly"] == (await got(door, HOURS))["weekly"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"weekly": [{"day": "mon", "from": "09:00", "to": "17:00"}] * 43}, "weekly"),
        ({"weekly": [{"day": "mon", "from": "09:00", "to": "17:00"}] * 2}, "weekly.1"),
        ({"weekly": [{"day": "mon", "from": "9:00", "to": "17:00"}]}, "weekly.0.from"),
        ({"weekly": [{"day": "mon", "from": "09:00", "to": "24:00"}]}, "weekly.0.to"),
        ({"weekly": [{"day": 0, "from": "09:00", "to": "17:00"}]}, "weekly.0.day"),
        ({"weekly": [{"day": "mon", "from": "09:00"}]}, "weekly.0.to"),
        ({"weekly": [{"day": "mon", "opens": "09:00", "to": "17:00"}]}, "weekly.0.from"),
        ({"overrides": [{"date": "2026-12-25", "from": "09:00"}]}, "overrides.0"),
        ({"overrides": [{"date": "2026-12-25"}, {"date": "2026-12-25"}]}, "overrides.0"),
        ({"overrides": [{"date": "2026-02-30"}]}, "overrides.0.date"),
        ({"overrides": [{"date": "2026-12-25"}] * 801}, "overrides"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_hours_that_cannot_be_kept_are_refused_whole(
    door: FrontDoor, change: dict[str, Any], field: str
) -> None:
    before = await door.tables()

    answer = await put(door, HOURS, EVENINGS | change)

    blamed = [error["field"] for error in problem(answer, 422, "invalid")["errors"]]
    assert field in blamed
    after = await door.tables()
    assert before | {"sessions": ""} == after | {"sessions": ""}


async def test_only_the_trainer_and_staff_may_see_and_change_hours(door: FrontDoor) -> None:
    await door.book(TEN)
    for path, body in ((HOURS, EVENINGS), (SETTINGS, {})):
        problem(await door.ask("PUT", path, body), 401, "sign-in-first")
        problem(await door.ask("GET", path), 401, "sign-in-first")
        for email in ("ann@example.org", "trainer02@limber.example", "clinician@limber.example"):
            token = await door.sign_in(email)
            problem(await door.ask("PUT", path, body, token=token), 403, "not-your-agenda")
            problem(await door.ask("GET", path, token=token), 403, "not-your-agenda")
        for who in ("trainer01", "staff", "lead"):
            assert 200 == (await put(door, path, body, who)).status_code
        strange = path.replace(str(AMARA), NOBODY)
        problem(await put(door, strange, body, "staff"), 404, "no-such-trainer")


async def test_settings_follow_the_default_until_they_are_set(door: FrontDoor) -> None:
    default = (await got(door, SETTINGS))["default"]
    expected = {"notice_minutes": 120, "window_days": 400, "base_postal": None}
    buffers = {"buffer_before_minutes": 0, "buffer_after_minutes": 0}
    assert expected | buffers == default

    answer = await put(door, SETTINGS, {"notice_minutes": 0, "base_postal": "m5v2t6"})

    own = dict.fromkeys(default) | {"notice_minutes": 0, "base_postal": "M5V 2T6"}
    effective = default | {"notice_minutes": 0, "base_postal": "M5V 2T6"}
    assert {"own": own, "effective": effective, "default": default} == answer.json()
    assert answer.json() == await got(door, SETTINGS)
    assert '"2"' == answer.headers["etag"]
    assert default == (await put(door, SETTINGS, {})).json()["effective"]


@pytest.mark.parametrize(
    "change",
    [
        {"notice_minutes": -1},
        {"notice_minutes": 14 * 24 * 60 + 1},
        {"notice_minutes": 1.5},
        {"notice_minutes": "60"},
        {"notice_minutes": True},
        {"window_days": 0},
        {"window_days": 731},
        {"buffer_before_minutes": 181},
        {"buffer_after_minutes": -1},
        {"base_postal": "12345"},
        {"base_postal": "V6B 1A1"},
    ],
)
async def test_settings_out_of_bounds_are_refused(door: FrontDoor, change: dict[str, Any]) -> None:
    answer = await put(door, SETTINGS, change)

    assert list(change) == [error["field"] for error in problem(answer, 422, "invalid")["errors"]]
    assert 1 == await door.value("select schedule_version from trainers where id = $1", AMARA)


async def test_one_trainers_hours_are_not_anothers(door: FrontDoor) -> None:
    before = await got(door, f"/v1/trainers/{BENOIT}/hours")

    await put(door, HOURS, EVENINGS)

    assert before == await got(door, f"/v1/trainers/{BENOIT}/hours")
