"""Sessions that repeat: every date is checked, all are booked or none, the wall time is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HOUR,
    TEN,
    FrontDoor,
    a_hold,
    a_wish,
    problem,
    utc,
)

WEEK = timedelta(weeks=1)
TORONTO = ZoneInfo("America/Toronto")
ANN = "ann@example.org"
ADDRESS = {"street": "1 Front St", "city": "Toronto", "postal": "M5V 2T6"}


def a_series(
    first: datetime = TEN, *, count: int = 4, trainer: UUID | None = AMARA, **other: Any
) -> dict[str, Any]:
    """A weekly virtual training."""
    wish = {
        "service": "training",
        "mode": "virtual",
        "first": utc(first),
        "every_weeks": 1,
        "count": count,
        **other,
    }
    return wish if trainer is None else wish | {"trainer": str(trainer)}


async def ann(door: FrontDoor) -> tuple[str, str]:
    """A client's token and id; her first session is long before any series here."""
    booking = await door.book(TEN - timedelta(hours=24), email=ANN)
    return await door.sign_in(ANN), booking["client_id"]


def verdicts(answer: Any) -> list[str]:
    return [date["verdict"] for date in answer["dates"]]


async def test_all_dates_are_booked_in_one_change(door: FrontDoor) -> None:
    token, client = await ann(door)
    before = len(await door.published())

    answer = await door.post("/v1/series", a_series(count=52), token=token, key="one")
    again = await door.post("/v1/series", a_series(count=52), token=token, key="one")

    assert (201, 201) == (answer.status_code, again.status_code)
    made = answer.json()
    assert made == again.json()
    assert ["free"] * 52 == verdicts(made)
    assert [utc(TEN + n * WEEK)[:10] for n in range(52)] == [d["start"][:10] for d in made["dates"]]
    assert {"T10:00:00"} == {date["local"][10:19] for date in made["dates"]}
    assert {"EDT", "EST"} == {date["zone"] for date in made["dates"]}
    assert (client, str(AMARA), "America/Toronto") == (
        made["client_id"],
        made["trainer"]["id"],
        made["tz"],
    )
    assert [d["start"] for d in made["dates"]] == [b["start"] for b in made["bookings"]]
    assert all(b["manage_token"] and b["join_url"] for b in made["bookings"])
    assert {made["id"]} == {b["series_id"] for b in made["bookings"]}
    assert 52 == len({b["join_url"] for b in made["bookings"]})
    contact, *confirmed = (await door.published())[before:]
    assert "contact.changed.v1" == contact.type
    assert 53 == len(contact.data["bookings"])
    assert ["booking.confirmed.v1"] * 52 == [event.type for event in confirmed]
    assert {made["id"]} == {event.data["series_id"] for event in confirmed}
    assert [(place, 52) for place in range(1, 53)] == [
        (event.data["together"]["place"], event.data["together"]["size"]) for event in confirmed
    ]
    assert 1 == len({event.data["together"]["change_id"] for event in confirmed})


async def test_a_dry_run_judges_and_keeps_nothing(door: FrontDoor) -> None:
    token, _ = await ann(door)
    await door.book(TEN + WEEK, email="ben@example.org")
    untouched = await door.tables()

    answer = await door.post("/v1/series", a_series(dry_run=True), token=token, key="same")

    assert 200 == answer.status_code
    planned = answer.json()
    assert (None, []) == (planned["id"], planned["bookings"])
    assert ["free", "taken", "free", "free"] == verdicts(planned)
    assert untouched == await door.tables()
    kept = await door.post("/v1/series", a_series(skip_conflicts=True), token=token, key="same")
    assert 201 == kept.status_code


async def test_a_conflict_on_date_seven_of_twenty_four_refuses_all(door: FrontDoor) -> None:
    token, _ = await ann(door)
    await door.book(TEN + 6 * WEEK + HOUR / 2, email="ben@example.org")
    untouched = await door.tables()

    found = problem(
        await door.post("/v1/series", a_series(count=24), token=token), 409, "series-conflict"
    )

    assert ["free"] * 6 + ["taken"] + ["free"] * 17 == verdicts(found)
    assert untouched == await door.tables()
    seventh = found["dates"][6]
    around = TEN + 6 * WEEK
    assert [utc(around + HOUR * n) for n in (-0.5, -1, 1.5)] == [
        other["start"] for other in seventh["alternatives"]
    ]
    assert {str(AMARA)} == {other["trainer"]["id"] for other in seventh["alternatives"]}
    assert [[]] * 23 == [d["alternatives"] for d in found["dates"] if d["verdict"] == "free"]
    for other in seventh["alternatives"]:
        query = {"trainer": str(AMARA), "service": "training", "mode": "virtual"}
        why = await door.ask("GET", "/v1/slots/explain", params=query | {"start": other["start"]})
        assert why.json()["offered"]


async def test_with_skip_conflicts_the_free_dates_are_booked(door: FrontDoor) -> None:
    token, _ = await ann(door)
    await door.book(TEN + WEEK, email="ben@example.org")

    made = await door.made("/v1/series", a_series(skip_conflicts=True), token=token)

    assert ["free", "taken", "free", "free"] == verdicts(made)
    assert [TEN, TEN + 2 * WEEK, TEN + 3 * WEEK] == [
        datetime.fromisoformat(booking["start"]) for booking in made["bookings"]
    ]
    read = (await door.ask("GET", f"/v1/series/{made['id']}", token=token)).json()
    assert made["bookings"] == read["bookings"]
    assert [1, 2, 3, 4] == [date["number"] for date in read["dates"]]
    assert ["confirmed", None, "confirmed", "confirmed"] == [d["status"] for d in read["dates"]]
    assert [made["bookings"][0]["id"], None] == [d["booking"] for d in read["dates"][:2]]
    assert [d["local"] for d in made["dates"]] == [d["local"] for d in read["dates"]]


async def test_no_date_free_is_refused_also_with_skip_conflicts(door: FrontDoor) -> None:
    token, _ = await ann(door)
    early = a_series(TEN - 6 * HOUR, skip_conflicts=True)

    found = problem(await door.post("/v1/series", early, token=token), 409, "series-conflict")

    assert ["outside-hours"] * 4 == verdicts(found)
    assert all(len(date["alternatives"]) == 3 for date in found["dates"])
    assert "hours" in found["dates"][0]["detail"]


async def test_a_start_between_two_seconds_or_off_the_grid_is_not_free(door: FrontDoor) -> None:
    token, _ = await ann(door)
    for first in (TEN + timedelta(microseconds=500_000), TEN + timedelta(minutes=7)):
        planned = await door.made("/v1/series", a_series(first, dry_run=True), token=token)

        assert ["outside-hours"] * 4 == verdicts(planned)
        assert "every 30 minutes" in planned["dates"][0]["detail"]


async def test_each_date_has_the_verdict_of_a_single_booking(door: FrontDoor) -> None:
    _, client = await ann(door)
    staff = await door.sign_in("staff@limber.example")
    off = {"start": utc(TEN + WEEK - HOUR), "end": utc(TEN + WEEK + HOUR)}
    await door.made(f"/v1/trainers/{AMARA}/time-off", off, token=staff)
    await door.book(TEN + 2 * WEEK, trainer=BENOIT, email=ANN)
    await door.book(TEN + 3 * WEEK, email="ben@example.org")
    far = door.clock.now + timedelta(days=400)
    weeks = (far - TEN).days // 7 + 2

    found = problem(
        await door.post(
            "/v1/series",
            a_series(count=52, every_weeks=1, client=client) | {"trainer": str(AMARA)},
            token=staff,
        ),
        409,
        "series-conflict",
    )
    assert ["free", "off", "taken", "taken"] == verdicts(found)[:4]
    assert "another session" in found["dates"][2]["detail"]
    beyond = a_series(TEN + (weeks - 2) * WEEK, count=3, client=client, dry_run=True)
    planned = await door.made("/v1/series", beyond, token=staff)
    assert ["free", "outside-hours", "outside-hours"] == verdicts(planned)
    assert "400 days ahead" in planned["dates"][1]["detail"]


async def test_a_visit_that_cannot_be_reached_is_told(door: FrontDoor) -> None:
    _, client = await ann(door)
    staff = await door.sign_in("staff@limber.example")
    elena = next(
        one["id"]
        for one in (await door.ask("GET", "/v1/trainers?area=hamilton")).json()
        if "toronto" in one["areas"]
    )
    far = {"mode": "in-person", "postal": "L8P 1A1"}
    await door.made(
        "/v1/bookings",
        a_wish(TEN + WEEK - HOUR, trainer=UUID(elena), email="ben@example.org") | far,
    )

    visits = a_series(mode="in-person", postal="M5V 2T6", trainer=UUID(elena), client=client)
    found = problem(await door.post("/v1/series", visits, token=staff), 409, "series-conflict")
    made = await door.made(
        "/v1/series",
        visits | {"skip_conflicts": True, "address": ADDRESS},
        token=staff,
    )

    assert ["free", "unreachable", "free", "free"] == verdicts(found)
    assert {"Toronto"} == {booking["address"]["city"] for booking in made["bookings"]}
    assert "manage_token" not in made["bookings"][0]
    assert 3 == await door.value(
        "select count(*) from reservations where area = 'toronto' and postal = 'M5V 2T6'"
    )


async def test_the_wall_time_is_kept_over_the_change_of_the_clock(door: FrontDoor) -> None:
    token, _ = await ann(door)
    first = datetime(2026, 10, 26, 10, tzinfo=TORONTO)

    made = await door.made("/v1/series", a_series(first.astimezone(UTC), count=3), token=token)
    elsewhere = await door.made(
        "/v1/series",
        a_series(
            datetime(2026, 10, 20, 16, tzinfo=UTC),
            count=3,
            trainer=BENOIT,
            tz="Europe/London",
        ),
        token=token,
    )

    assert [14, 15, 15] == [datetime.fromisoformat(b["start"]).hour for b in made["bookings"]]
    # London leaves summer time a week before Toronto.
    assert [16, 17, 17] == [datetime.fromisoformat(b["start"]).hour for b in elsewhere["bookings"]]
    assert {"Europe/London"} == {b["tz"] for b in elsewhere["bookings"]}
    assert ["BST", "GMT", "GMT"] == [date["zone"] for date in elsewhere["dates"]]


async def test_one_trainer_is_chosen_for_all_dates(door: FrontDoor) -> None:
    token, client = await ann(door)
    known = await door.made(
        "/v1/series", a_series(TEN + HOUR, trainer=None, dry_run=True), token=token
    )
    await door.value("delete from bookings where client_id = $1", UUID(client))
    trainers = (await door.ask("GET", "/v1/trainers?mode=virtual")).json()
    for trainer in trainers[:-1]:
        await door.book(
            TEN + 2 * WEEK, trainer=UUID(trainer["id"]), email=f"{trainer['id']}@example.org"
        )
    free = await door.made("/v1/series", a_series(trainer=None, dry_run=True), token=token)

    assert str(AMARA) == known["trainer"]["id"]
    # The last of all is the only one who is free on every date.
    assert trainers[-1]["id"] == free["trainer"]["id"]
    assert ["free"] * 4 == verdicts(free)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service": "first-workout"}, "service"),
        ({"count": 1}, "count"),
        ({"count": 53}, "count"),
        ({"every_weeks": 0}, "every_weeks"),
        ({"every_weeks": 9}, "every_weeks"),
        ({"count": "4"}, "count"),
        ({"mode": "in-person"}, "postal"),
        ({"mode": "in-person", "postal": "L8P 1A1"}, "trainer"),
        ({"mode": "in-person", "postal": "M5V", "address": ADDRESS | {"postal": "L8P 1A1"}},
         "address.postal"),
        ({"trainer": str(uuid4())}, "trainer"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"frist": "x"}, "frist"),
    ],
)  # fmt: skip
async def test_a_wrong_wish_names_its_field(
    door: FrontDoor, change: dict[str, Any], field: str
) -> None:
    token, _ = await ann(door)

    found = problem(await door.post("/v1/series", a_series() | change, token=token), 422, "invalid")

    assert [field] == [error["field"] for error in found["errors"]]


async def test_only_the_client_their_trainer_and_staff_make_and_see_a_series(
    door: FrontDoor,
) -> None:
    token, client = await ann(door)
    await door.book(TEN, trainer=BENOIT, email="ben@example.org")
    ben, staff = await door.sign_in("ben@example.org"), await door.sign_in("staff@limber.example")
    hers, other = [await door.sign_in(f"trainer0{n}@limber.example") for n in (1, 2)]
    named = a_series(client=client)

    problem(await door.post("/v1/series", a_series()), 401, "sign-in-first")
    assert 403 == (await door.post("/v1/series", named, token=ben)).status_code
    assert 403 == (await door.post("/v1/series", named, token=other)).status_code
    for works in (staff, hers):
        found = problem(await door.post("/v1/series", a_series(), token=works), 422, "invalid")
        assert "client" == found["errors"][0]["field"]
    nobody = a_series(client=str(uuid4()))
    problem(await door.post("/v1/series", nobody, token=staff), 422, "invalid")
    made = await door.made("/v1/series", named, token=hers)
    where = f"/v1/series/{made['id']}"
    statuses = [
        (await door.ask("GET", where, token=who)).status_code
        for who in (token, hers, staff, ben, other, None)
    ]
    assert [200, 200, 200, 403, 403, 401] == statuses
    problem(await door.ask("GET", f"/v1/series/{uuid4()}", token=staff), 404, "no-such-series")


async def test_a_safety_hold_refuses_a_series(door: FrontDoor) -> None:
    token, client = await ann(door)
    await door.hear(a_hold(client))

    for wish in (a_series(), a_series(dry_run=True)):
        problem(await door.post("/v1/series", wish, token=token), 409, "safety-hold")


async def test_sessions_paid_ahead_are_used_as_long_as_there_are_some(door: FrontDoor) -> None:
    token, client = await ann(door)
    staff = await door.sign_in("staff@limber.example")
    paid = {"service": "training", "count": 3}
    await door.made(f"/v1/clients/{client}/credits", paid, token=staff)

    made = await door.made("/v1/series", a_series(), token=token)

    assert [True, True, True, False] == [booking["credit"] for booking in made["bookings"]]
