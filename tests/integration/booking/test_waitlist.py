"""The waitlist: who waits longest is offered what comes free, and nobody else can take it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.handlers import freed
from services.booking.store.trainers import lock_trainers
from services.booking.sweeper import Sweeper
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HALF,
    HOUR,
    NOW,
    SIGNER,
    TEN,
    FrontDoor,
    a_client,
    a_hold,
    a_lift,
    a_time,
    a_wish,
    problem,
    utc,
)

DAY = "2026-05-06"
"""The day of TEN in Toronto."""

OFFERED = "waitlist.offered.v1"


def a_wait(email: str = "wanda@example.org", **other: Any) -> dict[str, Any]:
    """Somebody who waits for Amara on the day of TEN, virtually."""
    wish = {"service": "training", "mode": "virtual", "from": DAY, "to": DAY}
    return wish | {"trainer": str(AMARA), "client": a_client(email)} | other


async def join(door: FrontDoor, email: str = "wanda@example.org", **other: Any) -> Any:
    """A place on the waitlist; the clock goes on a second, so that the next one comes after."""
    place = await door.made("/v1/waitlist", a_wait(email, **other))
    door.clock.advance(seconds=1)
    return place


async def cancel(door: FrontDoor, booking: Any) -> None:
    answer = await door.post(f"/v1/bookings/{booking['id']}/cancel", token=booking["manage_token"])
    assert 200 == answer.status_code, answer.text


async def seen(door: FrontDoor, place: Any) -> Any:
    """A place as its client sees it now."""
    answer = await door.ask("GET", f"/v1/waitlist/{place['id']}", token=place["waitlist_token"])
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def offers(door: FrontDoor) -> list[tuple[str, str]]:
    """(waitlist id, start) of all offers that were told, in order."""
    return [
        (event.data["waitlist_id"], event.data["start"])
        for event in await door.published(topic="booking.events")
        if event.type == OFFERED
    ]


async def told(door: FrontDoor, place: Any) -> list[Any]:
    """What was told of a place, in order."""
    return [
        event
        for event in await door.published(topic="booking.events")
        if event.data.get("waitlist_id") == place["id"]
    ]


def sweeper(door: FrontDoor) -> Sweeper:
    return Sweeper(door.db, door.clock, lambda: None)


async def book_offer(door: FrontDoor, place: Any, email: str = "wanda@example.org") -> Any:
    """Take the offer of a place."""
    offer = (await seen(door, place))["offer"]
    wish = {"hold": offer["hold"], "client": a_client(email)}
    return await door.made("/v1/bookings", wish)


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


async def test_a_cancelled_time_is_held_for_who_waits_in_the_same_transaction(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    place = await join(door)

    await cancel(door, booking)

    offer = (await seen(door, place))["offer"]
    [_, event] = await told(door, place)
    expires = utc(door.clock() + timedelta(minutes=30))
    assert (utc(TEN), utc(TEN + HOUR), expires) == (
        offer["start"],
        offer["end"],
        offer["expires_at"],
    )
    assert {
        "waitlist_id": place["id"],
        "client_id": event.key,
        "hold_id": offer["hold"],
        "trainer_id": str(AMARA),
        "service": "training",
        "mode": "virtual",
        "area": None,
        "start": utc(TEN),
        "end": utc(TEN + HOUR),
        "tz": "America/Toronto",
        "expires_at": expires,
    } == event.data
    # The offer and the cancellation stand in the outbox by one transaction.
    assert 1 == await door.value(
        "select count(distinct xmin::text) from outbox"
        " where type in ('waitlist.offered.v1', 'booking.cancelled.v1')"
    )


async def test_a_visitor_cannot_take_what_is_offered_and_its_client_can(door: FrontDoor) -> None:
    booking = await door.book()
    place = await join(door)
    await cancel(door, booking)

    problem(await door.post("/v1/holds", a_time()), 409, "slot-taken")
    booked = await book_offer(door, place)

    assert (utc(TEN), "confirmed") == (booked["start"], booked["status"])
    assert ("booked", None) == (
        (await seen(door, place))["status"],
        (await seen(door, place))["offer"],
    )
    assert [{"reason": "booked"}] == [
        {"reason": event.data["reason"]}
        for event in await told(door, place)
        if event.type == "waitlist.left.v1"
    ]
    door.clock.advance(hours=1)
    assert 0 == await sweeper(door).sweep()


async def test_who_waits_longest_comes_first_and_the_next_when_an_offer_runs_out(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    places = [await join(door, f"w{number}@example.org") for number in range(3)]
    await cancel(door, booking)

    for _ in range(4):
        door.clock.advance(minutes=30)
        await sweeper(door).sweep()

    assert [(place["id"], utc(TEN)) for place in places] == await offers(door)
    assert ["waiting"] * 3 == [(await seen(door, place))["status"] for place in places]
    assert 201 == (await door.post("/v1/holds", a_time())).status_code


async def test_a_visitor_who_comes_when_an_offer_ran_out_does_not_get_before_the_next_in_line(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    first, second = [await join(door, f"w{number}@example.org") for number in range(2)]
    await cancel(door, booking)
    door.clock.advance(minutes=30)

    refused = await door.post("/v1/bookings", a_wish(email="visitor@example.org"))

    problem(refused, 409, "slot-taken")
    # What a refused request does is rolled back; the sweep does it again.
    await sweeper(door).sweep()
    assert [(place["id"], utc(TEN)) for place in (first, second)] == await offers(door)


async def test_a_plain_hold_that_ran_out_goes_to_who_waits(door: FrontDoor) -> None:
    await door.made("/v1/holds", a_time())
    place = await join(door)
    door.clock.advance(minutes=10)

    await sweeper(door).sweep()

    assert [(place["id"], utc(TEN))] == await offers(door)


async def test_a_hold_that_is_given_back_goes_to_who_waits(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())
    place = await join(door)

    assert 204 == (await door.ask("DELETE", f"/v1/holds/{hold['id']}")).status_code

    assert [(place["id"], utc(TEN))] == await offers(door)


async def test_an_offer_that_is_given_back_goes_to_the_next_and_its_client_waits_on(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    first, second = [await join(door, f"w{number}@example.org") for number in range(2)]
    await cancel(door, booking)

    hold = (await seen(door, first))["offer"]["hold"]
    released = await door.ask("DELETE", f"/v1/holds/{hold}", token=first["waitlist_token"])
    assert 204 == released.status_code

    assert [(first["id"], utc(TEN)), (second["id"], utc(TEN))] == await offers(door)
    assert ["waiting", "offered"] == [
        (await seen(door, place))["status"] for place in (first, second)
    ]


async def test_an_offer_is_of_use_to_who_waited_alone_though_its_id_is_no_secret(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    place, other = await join(door), await join(door, "otto@example.org")
    await cancel(door, booking)
    hold = (await seen(door, place))["offer"]["hold"]
    before = await door.tables()

    taken = await door.post("/v1/bookings", {"hold": hold, "client": a_client("eve@example.org")})
    problem(taken, 403, "not-your-offer")
    for token, status, code in (
        (None, 401, "sign-in-first"),
        (other["waitlist_token"], 403, "not-your-place"),
    ):
        problem(await door.ask("DELETE", f"/v1/holds/{hold}", token=token), status, code)

    assert before == await door.tables()
    await door.made("/v1/bookings", {"hold": hold, "client": a_client("WANDA@example.org")})


async def test_who_leaves_is_offered_nothing_and_an_open_offer_goes_on(door: FrontDoor) -> None:
    booking = await door.book()
    first, second, third = [await join(door, f"w{number}@example.org") for number in range(3)]
    await leave(door, second)
    await cancel(door, booking)

    await leave(door, first)
    await leave(door, first)

    assert [(first["id"], utc(TEN)), (third["id"], utc(TEN))] == await offers(door)
    assert ["left", "left", "offered"] == [
        (await seen(door, place))["status"] for place in (first, second, third)
    ]
    assert [place["id"] for place in (second, first)] == [
        event.data["waitlist_id"]
        for event in await door.published(topic="booking.events")
        if event.type == "waitlist.left.v1"
    ]


async def leave(door: FrontDoor, place: Any) -> None:
    answer = await door.ask("DELETE", f"/v1/waitlist/{place['id']}", token=place["waitlist_token"])
    assert 204 == answer.status_code, answer.text


async def test_a_moved_booking_leaves_its_old_time_to_who_waits(door: FrontDoor) -> None:
    booking = await door.book()
    await join(door, "ann@example.org")
    place = await join(door)

    moved = await door.post(
        f"/v1/bookings/{booking['id']}/reschedule",
        {"start": utc(TEN + 3 * HOUR)},
        token=booking["manage_token"],
    )

    assert 200 == moved.status_code
    assert [(place["id"], utc(TEN))] == await offers(door)


async def test_two_freed_at_once_go_to_two_who_wait(door: FrontDoor) -> None:
    early, late = await door.book(), await door.book(TEN + HOUR, email="bob@example.org")
    places = [await join(door, f"w{number}@example.org") for number in range(2)]

    async with door.db.transaction() as tx:
        await lock_trainers(tx, [AMARA])
        await tx.execute("delete from reservations where trainer_id = $1", AMARA)
        await freed.time_freed(tx, AMARA, TEN, TEN + 2 * HOUR, now=door.clock())

    assert [(places[0]["id"], utc(TEN)), (places[1]["id"], utc(TEN + HOUR))] == await offers(door)
    assert [early["start"], late["start"]] == [start for _, start in await offers(door)]


async def test_a_trainer_who_works_after_all_has_a_time_for_each_who_waits(
    door: FrontDoor,
) -> None:
    staff = await door.sign_in("staff@limber.example")
    path = f"/v1/trainers/{AMARA}/time-off"
    off = await door.made(path, {"start": utc(TEN - HOUR), "end": utc(TEN + 2 * HOUR)}, token=staff)
    places = [
        await join(door, "w0@example.org"),
        await join(door, "w1@example.org", service="assessment"),
        await join(door, "w2@example.org"),
    ]

    await door.ask("DELETE", f"{path}/{off['id']}", token=staff)

    starts = (TEN - HOUR, TEN, TEN + 3 * HALF)
    assert [(p["id"], utc(at)) for p, at in zip(places, starts, strict=True)] == await offers(door)


async def test_a_longer_session_fills_the_freed_time_from_before_it(door: FrontDoor) -> None:
    # An assessment takes 90 minutes: from ten it would meet the booking at eleven.
    booking = await door.book()
    await door.book(TEN + HOUR, email="bob@example.org")
    long = await join(door, service="assessment")
    short = await join(door, "w2@example.org")

    await cancel(door, booking)

    assert [(long["id"], utc(TEN - HALF))] == await offers(door)
    assert "waiting" == (await seen(door, short))["status"]


@pytest.mark.parametrize(
    "other",
    [
        {"trainer": str(BENOIT)},
        {"from": "2026-05-07", "to": "2026-05-08"},
        {"from": "2026-05-05", "to": "2026-05-05"},
        {"mode": "in-person", "postal": "K1A 0B1", "trainer": None},
    ],
    ids=["another trainer", "later days", "earlier days", "another city"],
)
async def test_what_does_not_fit_is_not_offered(door: FrontDoor, other: dict[str, Any]) -> None:
    booking = await door.book()
    await join(door, **other)

    await cancel(door, booking)

    assert [] == await offers(door)


async def test_whoever_comes_free_will_do_when_no_trainer_is_named(door: FrontDoor) -> None:
    booking = await door.book()
    place = await join(door, trainer=None)

    await cancel(door, booking)

    assert [(place["id"], utc(TEN))] == await offers(door)


async def test_the_days_are_those_where_the_client_is(door: FrontDoor) -> None:
    # Ten in Toronto is past midnight of the next day in Auckland.
    auckland = a_client("kiri@example.org", tz="Pacific/Auckland")
    booking = await door.book()
    await join(door, client=auckland)
    there = await join(door, client=auckland, **{"from": "2026-05-07", "to": "2026-05-07"})

    await cancel(door, booking)

    assert [(there["id"], utc(TEN))] == await offers(door)


async def test_nobody_is_offered_a_time_they_cannot_or_would_not_take(door: FrontDoor) -> None:
    ann = await door.book()
    # Bob has another session then, Ann has just given this one back, Cem may not train now.
    await door.book(email="bob@example.org", trainer=BENOIT)
    for email in ("bob@example.org", "ann@example.org", "cem@example.org"):
        await join(door, email)
    cem = str(await door.value("select id from people where email = 'cem@example.org'"))
    await door.hear(a_hold(cem))
    last = await join(door, "last@example.org")

    await cancel(door, ann)

    assert [(last["id"], utc(TEN))] == await offers(door)
    await door.hear(a_lift(cem))
    await leave(door, last)
    assert 2 == len(await offers(door))


async def test_who_had_the_free_workout_is_not_offered_another(door: FrontDoor) -> None:
    booking = await door.book()
    await door.book(TEN + timedelta(days=3), email="wanda@example.org", service="first-workout")
    await join(door, service="first-workout")

    await cancel(door, booking)

    assert [] == await offers(door)


async def test_who_books_the_very_service_otherwise_waits_on(door: FrontDoor) -> None:
    booking = await door.book()
    place = await join(door)
    await door.book(TEN + timedelta(days=3), email="wanda@example.org")

    await cancel(door, booking)

    assert [(place["id"], utc(TEN))] == await offers(door)


async def test_the_same_client_is_not_offered_one_time_twice_by_two_places(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    first, _ = await join(door), await join(door, trainer=None)
    await cancel(door, booking)
    door.clock.advance(minutes=30)

    await sweeper(door).sweep()

    assert [(first["id"], utc(TEN))] == await offers(door)


async def test_a_time_that_begins_before_notice_is_offered_to_nobody(door: FrontDoor) -> None:
    booking = await door.book()
    await join(door)
    door.clock.now = TEN - HOUR

    await cancel(door, booking)

    assert [] == await offers(door)


async def test_the_wait_ends_with_its_last_day_where_the_client_is(door: FrontDoor) -> None:
    place = await join(door)
    there = await join(door, client=a_client("kiri@example.org", tz="Pacific/Honolulu"))

    door.clock.now = datetime.fromisoformat(f"{DAY}T23:59:59-04:00")
    assert 0 == await sweeper(door).end_old()
    door.clock.advance(seconds=1)
    assert 1 == await sweeper(door).end_old()

    assert ["ended", "waiting"] == [(await seen(door, one))["status"] for one in (place, there)]
    assert "ended" == (await told(door, place))[-1].data["reason"]


async def test_a_dry_run_offers_nothing(door: FrontDoor) -> None:
    booking = await door.book()
    await join(door)
    before = await door.tables()

    answer = await door.post(
        f"/v1/bookings/{booking['id']}/cancel?dry_run=true", token=booking["manage_token"]
    )

    assert (200, "true") == (answer.status_code, answer.headers["limber-dry-run"])
    assert before == await door.tables()


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


async def test_a_time_that_nobody_waits_for_costs_one_statement(door: FrontDoor) -> None:
    await join(door, trainer=str(BENOIT))
    statements: list[str] = []

    async with door.db.transaction() as tx:
        tx.add_query_logger(lambda record: statements.append(record.query))
        await freed.time_freed(tx, AMARA, TEN, TEN + HOUR, now=NOW)

    assert 1 == len([statement for statement in statements if statement != "COMMIT;"])
