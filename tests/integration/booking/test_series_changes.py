"""A session of a series and all later ones: moved or cancelled together, or none of them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    CHLOE,
    HOUR,
    TEN,
    FrontDoor,
    a_wish,
    problem,
    utc,
)
from tests.integration.booking.test_series import TORONTO, WEEK, a_series, ann

DAY = timedelta(days=1)
LATER = {"scope": "this-and-later"}


async def change(
    door: FrontDoor, booking: Any, what: str, body: dict[str, Any], token: str, **how: Any
) -> Any:
    """A change of a booking and all later ones of its series."""
    return await door.post(f"/v1/bookings/{booking['id']}/{what}", body | LATER, token=token, **how)


async def starts_of(door: FrontDoor, series: Any, token: str) -> list[datetime]:
    read = await door.ask("GET", f"/v1/series/{series['id']}", token=token)
    return [datetime.fromisoformat(booking["start"]) for booking in read.json()["bookings"]]


async def test_this_and_later_follow_the_new_time_at_the_same_rhythm(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(count=5), token=token)
    third = series["bookings"][2]
    before = len(await door.published())

    # One week on: each takes the time that the next one gives up.
    answer = await change(
        door, third, "reschedule", {"start": utc(TEN + 3 * WEEK)}, token, version='"1"'
    )

    assert (200, '"2"') == (answer.status_code, answer.headers["etag"])
    moved = answer.json()
    assert (third["id"], utc(TEN + 3 * WEEK), 2) == (moved["id"], moved["start"], moved["version"])
    assert [
        (series["bookings"][3]["id"], 2, utc(TEN + 4 * WEEK), "confirmed"),
        (series["bookings"][4]["id"], 2, utc(TEN + 5 * WEEK), "confirmed"),
    ] == [tuple(other.values()) for other in moved["others"]]
    assert [TEN + n * WEEK for n in (0, 1, 3, 4, 5)] == await starts_of(door, series, token)
    contact, *told = (await door.published())[before:]
    assert "contact.changed.v1" == contact.type
    assert [("booking.rescheduled.v1", n, 3) for n in (1, 2, 3)] == [
        (e.type, e.data["together"]["place"], e.data["together"]["size"]) for e in told
    ]
    assert await door.book(TEN + 2 * WEEK, email="ben@example.org")
    taken = a_wish(TEN + 5 * WEEK, email="cat@example.org")
    problem(await door.post("/v1/bookings", taken), 409, "slot-taken")


async def test_a_new_weekday_and_trainer_keep_the_wall_time_over_the_change_of_the_clock(
    door: FrontDoor,
) -> None:
    token, _ = await ann(door)
    first = datetime(2026, 10, 12, 10, tzinfo=TORONTO).astimezone(UTC)
    series = await door.made("/v1/series", a_series(first, count=5), token=token)
    second = series["bookings"][1]

    start = datetime(2026, 10, 20, 14, 30, tzinfo=TORONTO).astimezone(UTC)
    body = {"start": utc(start), "trainer": str(BENOIT)}
    moved = (await change(door, second, "reschedule", body, token)).json()

    assert str(BENOIT) == moved["trainer"]["id"]
    walls = [at.astimezone(TORONTO) for at in await starts_of(door, series, token)]
    assert [
        *("2026-10-12 10:00 EDT", "2026-10-20 14:30 EDT", "2026-10-27 14:30 EDT"),
        *("2026-11-03 14:30 EST", "2026-11-10 14:30 EST"),
    ] == [f"{wall:%Y-%m-%d %H:%M %Z}" for wall in walls]
    assert {BENOIT} == {
        UUID(event.data["trainer_id"])
        for event in await door.published()
        if event.type == "booking.rescheduled.v1"
    }


async def test_one_date_that_is_not_free_keeps_all_where_they_are(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(count=5), token=token)
    await door.book(TEN + 3 * WEEK + DAY, email="ben@example.org")
    untouched = await door.tables()

    answer = await change(
        door, series["bookings"][1], "reschedule", {"start": utc(TEN + WEEK + DAY)}, token
    )

    found = problem(answer, 409, "series-conflict")
    assert [(2, "free"), (3, "free"), (4, "taken"), (5, "free")] == [
        (date["number"], date["verdict"]) for date in found["dates"]
    ]
    assert 3 == len(found["dates"][2]["alternatives"])
    assert untouched == await door.tables()


async def test_a_wall_time_that_a_later_day_leaves_out_keeps_all_where_they_are(
    door: FrontDoor,
) -> None:
    token, _ = await ann(door)
    await door.value(
        "update weekly_hours set from_time = '00:00', to_time = '00:00' where trainer_id = $1",
        CHLOE,
    )
    try:
        start = datetime(2027, 3, 7, 2, 30, tzinfo=TORONTO).astimezone(UTC)
        wish = a_series(start - HOUR, count=3, trainer=CHLOE)
        series = await door.made("/v1/series", wish, token=token)

        answer = await change(
            door, series["bookings"][0], "reschedule", {"start": utc(start)}, token
        )
    finally:
        await door.value(
            "update weekly_hours set from_time = '09:00', to_time = '17:00' where trainer_id = $1",
            CHLOE,
        )

    found = problem(answer, 409, "series-conflict")
    assert ["free", "outside-hours", "free"] == [date["verdict"] for date in found["dates"]]
    assert "02:30 does not exist on 2027-03-14" in found["dates"][1]["detail"]


async def test_a_session_moved_by_itself_joins_the_others_again(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(count=4), token=token)
    third = series["bookings"][2]
    alone = {"start": utc(TEN + 2 * WEEK + DAY), "trainer": str(BENOIT)}
    await door.made(f"/v1/bookings/{third['id']}/reschedule", alone, token=token)
    await door.made(f"/v1/bookings/{series['bookings'][3]['id']}/cancel", None, token=token)

    body = {"start": utc(TEN + WEEK + HOUR)}
    moved = (await change(door, series["bookings"][1], "reschedule", body, token)).json()

    assert [third["id"]] == [other["id"] for other in moved["others"]]
    assert [TEN, TEN + WEEK + HOUR, TEN + 2 * WEEK + HOUR] == (
        await starts_of(door, series, token)
    )[:3]
    assert {AMARA} == {
        row["trainer_id"]
        for row in await _rows(door, "select trainer_id from bookings where series_number < 4")
    }


async def test_this_and_later_are_cancelled_together(door: FrontDoor) -> None:
    token, client = await ann(door)
    staff = await door.sign_in("staff@limber.example")
    paid = {"service": "training", "count": 4}
    await door.made(f"/v1/clients/{client}/credits", paid, token=staff)
    series = await door.made("/v1/series", a_series(count=4), token=token)
    before = len(await door.published())

    body = {"reason": "a new job", "because": "other"}
    cancelled = (await change(door, series["bookings"][1], "cancel", body, token)).json()

    assert ("cancelled", "other", False) == (
        cancelled["status"],
        cancelled["because"],
        cancelled["late"],
    )
    assert [(b["id"], 2, "cancelled") for b in series["bookings"][2:]] == [
        (other["id"], other["version"], other["status"]) for other in cancelled["others"]
    ]
    contact, *told = (await door.published())[before:]
    assert "contact.changed.v1" == contact.type
    assert [("booking.cancelled.v1", n, 3) for n in (1, 2, 3)] == [
        (e.type, e.data["together"]["place"], e.data["together"]["size"]) for e in told
    ]
    balance = (await door.ask("GET", f"/v1/clients/{client}/credits", token=token)).json()
    assert [{"service": "training", "left": 3}] == balance["balance"]
    assert ["a new job"] * 3 == [
        (await door.ask("GET", f"/v1/bookings/{booking['id']}", token=staff)).json()["reason"]
        for booking in series["bookings"][1:]
    ]
    assert await door.book(TEN + WEEK, email="ben@example.org")
    read = (await door.ask("GET", f"/v1/series/{series['id']}", token=token)).json()
    assert ["confirmed", *["cancelled"] * 3] == [date["status"] for date in read["dates"]]


async def test_only_a_late_session_of_those_cancelled_is_late(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(count=3), token=token)
    door.clock.now = TEN - HOUR

    cancelled = (await change(door, series["bookings"][0], "cancel", {}, token)).json()

    assert cancelled["late"]
    assert [True, False, False] == [
        event.data["late"]
        for event in await door.published()
        if event.type == "booking.cancelled.v1"
    ]


async def test_who_may_not_change_them_all_changes_none(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(), token=token)
    first, third = series["bookings"][0], series["bookings"][2]
    alone = {"start": utc(TEN + 2 * WEEK), "trainer": str(BENOIT)}
    await door.made(f"/v1/bookings/{third['id']}/reschedule", alone, token=token)
    single = await door.book(TEN + DAY, trainer=BENOIT, email="ben@example.org")
    hers = await door.sign_in("trainer01@limber.example")
    untouched = await door.tables()
    move = {"start": utc(TEN + HOUR)}

    by_link = await change(door, first, "cancel", {}, first["manage_token"])
    by_trainer = await change(door, first, "reschedule", move, hers)
    stale = await change(door, first, "reschedule", move, token, version='"9"')
    no_series = await change(door, single, "cancel", {}, await door.sign_in("ben@example.org"))

    problem(by_link, 403, "one-booking-only")
    problem(by_trainer, 403, "not-your-booking")
    problem(stale, 412, "stale-version")
    assert "scope" == problem(no_series, 422, "invalid")["errors"][0]["field"]
    del untouched["sessions"]
    assert untouched.items() <= (await door.tables()).items()


async def test_a_dry_run_of_a_change_keeps_nothing(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(), token=token)
    untouched = await door.tables()

    where = f"/v1/bookings/{series['bookings'][1]['id']}/reschedule?dry_run=true"
    tried = await door.made(where, {"start": utc(TEN + WEEK + HOUR)} | LATER, token=token)

    assert [utc(TEN + n * WEEK + HOUR) for n in (2, 3)] == [o["start"] for o in tried["others"]]
    assert untouched == await door.tables()


async def test_two_series_that_swap_or_meet_never_lose_a_session(door: FrontDoor) -> None:
    token, _ = await ann(door)
    await door.book(TEN - 2 * DAY + 5 * HOUR, email="ben@example.org")
    ben = await door.sign_in("ben@example.org")
    hers = await door.made("/v1/series", a_series(count=6), token=token)
    his = await door.made("/v1/series", a_series(TEN + DAY, count=6), token=ben)

    # Both want the same new time, and each other's old time, at once.
    for one, other in ((TEN + 2 * DAY, TEN + 2 * DAY), (TEN + DAY, TEN)):
        answers = await asyncio.gather(
            change(door, hers["bookings"][0], "reschedule", {"start": utc(one)}, token),
            change(door, his["bookings"][0], "reschedule", {"start": utc(other)}, ben),
        )
        assert {answer.status_code for answer in answers} <= {200, 409}

    for series, who in ((hers, token), (his, ben)):
        starts = await starts_of(door, series, who)
        assert [starts[0] + n * WEEK for n in range(6)] == starts
    assert 12 == await door.value(
        "select count(*) from bookings b join reservations r on r.id = b.id"
        " and r.trainer_id = b.trainer_id and r.during = tstzrange(b.start_at, b.end_at)"
        " where b.series_id is not null"
    )


async def test_what_a_move_frees_goes_to_who_waits(door: FrontDoor) -> None:
    token, _ = await ann(door)
    series = await door.made("/v1/series", a_series(), token=token)
    day = str((TEN + WEEK).date())
    waits = {
        "service": "training",
        "mode": "virtual",
        "from": day,
        "to": day,
        "trainer": str(AMARA),
        "client": {"name": "Wim", "email": "wim@example.org", "tz": "America/Toronto"},
    }
    await door.made("/v1/waitlist", waits)

    body = {"start": utc(TEN + HOUR)}
    assert 200 == (await change(door, series["bookings"][0], "reschedule", body, token)).status_code

    (offer,) = [e for e in await door.published() if e.type == "waitlist.offered.v1"]
    assert (str(AMARA), day) == (offer.data["trainer_id"], offer.data["start"][:10])


async def _rows(door: FrontDoor, sql: str) -> list[Any]:
    async with door.db.reading() as connection:
        found: list[Any] = await connection.fetch(sql)
        return found
