"""The waitlist: who waits longest is offered what comes free, and nobody else can take it."""

from datetime import timedelta
from typing import Any

import pytest

from services.booking.handlers import freed
from services.booking.store.trainers import lock_trainers
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HALF,
    HOUR,
    NOW,
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
from tests.integration.booking.waiting import (
    book_offer,
    cancel,
    join,
    leave,
    offers,
    seen,
    sweeper,
    told,
)


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


async def test_a_dry_run_offers_nothing(door: FrontDoor) -> None:
    booking = await door.book()
    await join(door)
    before = await door.tables()

    answer = await door.post(
        f"/v1/bookings/{booking['id']}/cancel?dry_run=true", token=booking["manage_token"]
    )

    assert (200, "true") == (answer.status_code, answer.headers["limber-dry-run"])
    assert before == await door.tables()


async def test_a_time_that_nobody_waits_for_costs_one_statement(door: FrontDoor) -> None:
    await join(door, trainer=str(BENOIT))
    statements: list[str] = []

    async with door.db.transaction() as tx:
        tx.add_query_logger(lambda record: statements.append(record.query))
        await freed.time_freed(tx, AMARA, TEN, TEN + HOUR, now=NOW)

    assert 1 == len([statement for statement in statements if statement != "COMMIT;"])
