"""Credits over HTTP: bought, used, returned, withdrawn, and never out of balance."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.booking import demo
from services.booking.store import people
from tests.integration.booking.front_door import (
    BENOIT,
    HOUR,
    NOW,
    TEN,
    FrontDoor,
    a_hold,
    a_wish,
    problem,
    utc,
)

UNKNOWN = "00000000-0000-7000-8000-000000000000"
LATE = TEN - 2 * HOUR

OUT_OF_BALANCE = """
    select count(*) from (
        select client_id, service from credits group by client_id, service
        having sum(change) < 0
    ) as owed
"""
WRONG_LINES = """
    select count(*) from credits c left join bookings b on b.id = c.booking_id
    where c.change <> case c.kind when 'used' then -1 when 'returned' then 1 else c.change end
        or (c.kind in ('used', 'returned')
            and (c.client_id, c.service) is distinct from (b.client_id, b.service))
        or (c.kind = 'bought' and c.change < 0) or (c.kind = 'withdrawn' and c.change > 0)
        or (c.kind = 'returned' and not exists (
            select from credits u where u.booking_id = c.booking_id and u.kind = 'used'))
"""
KEPT_AND_RETURNED = """
    select count(*) from credits u join bookings b on b.id = u.booking_id
    where u.kind = 'used' and (b.status = 'cancelled' and not b.late) <> exists (
        select from credits r where r.booking_id = b.id and r.kind = 'returned')
"""
"""Used credits whose return does not agree with what became of the booking."""


async def buy(
    door: FrontDoor, client: str, count: int, *, service: str = "training", **other: Any
) -> Any:
    """What staff's record of credits answers."""
    staff = await door.sign_in("staff@limber.example")
    body = {"service": service, "count": count, **other}
    return await door.made(f"/v1/clients/{client}/credits", body, token=staff)


async def a_known_client(door: FrontDoor, email: str = "ann@example.org") -> str:
    """The id of somebody who has had the free workout."""
    first = await door.book(TEN - 24 * HOUR, service="first-workout", trainer=None, email=email)
    return str(first["client_id"])


async def left(door: FrontDoor, client: str) -> dict[str, int]:
    """What a client has left of each service, as staff read it."""
    staff = await door.sign_in("staff@limber.example")
    answer = await door.ask("GET", f"/v1/clients/{client}/credits", token=staff)
    assert answer.status_code == 200, answer.text
    return {line["service"]: line["left"] for line in answer.json()["balance"]}


async def all_balances(door: FrontDoor) -> None:
    """No balance below zero, no line that cannot be, no credit kept or returned wrongly."""
    found = [await door.value(sql) for sql in (OUT_OF_BALANCE, WRONG_LINES, KEPT_AND_RETURNED)]
    assert [0, 0, 0] == found


def wishes_apart(count: int) -> list[Any]:
    """Bookings of one client at different times with different trainers: only the client is one."""
    numbers = [n for n, one in enumerate(demo.TRAINERS, start=1) if "virtual" in one.modes]
    trainers = [demo.demo_id(f"trainer{n:02}@limber.example") for n in numbers[:count]]
    return [a_wish(TEN + n * HOUR, trainer=trainer) for n, trainer in enumerate(trainers)]


async def test_a_booking_uses_a_credit_while_there_is_one_and_nobody_is_refused_for_lack(
    door: FrontDoor,
) -> None:
    client = await a_known_client(door)
    assert 2 == (await buy(door, client, 2))["left"]

    ann = await door.sign_in("ann@example.org")

    used = [(await door.book(TEN + n * HOUR, token=ann))["credit"] for n in range(3)]

    assert [True, True, False] == used
    assert {"training": 0} == await left(door, client)
    assert not (await door.book(TEN + 4 * HOUR, service="assessment", token=ann))["credit"]
    await all_balances(door)


@pytest.mark.parametrize(
    ("who", "uses"),
    [
        (None, False),
        ("ben@example.org", False),
        ("trainer01@limber.example", True),
        ("staff@limber.example", True),
    ],
)
async def test_somebody_else_uses_none_of_a_clients_credits_but_trainers_and_staff_may(
    door: FrontDoor, who: str | None, uses: bool
) -> None:
    client = await a_known_client(door)
    await a_known_client(door, "ben@example.org")
    await buy(door, client, 1)

    booking = await door.book(token=None if who is None else await door.sign_in(who))

    assert uses is booking["credit"]
    assert {"training": 1 - uses} == await left(door, client)


async def test_a_session_moved_late_and_cancelled_in_good_time_keeps_its_credit(
    door: FrontDoor,
) -> None:
    client = await a_known_client(door)
    await buy(door, client, 1)
    booking = await door.book(token=await door.sign_in("ann@example.org"))
    door.clock.now = LATE
    where, token = f"/v1/bookings/{booking['id']}", booking["manage_token"]

    moved = {"start": utc(TEN + 7 * 24 * HOUR)}
    await door.made(f"{where}/reschedule", moved, token=token)
    cancelled = await door.made(f"{where}/cancel", None, token=token)

    assert (True, True) == (cancelled["late"], cancelled["credit"])
    assert {"training": 0} == await left(door, client)
    await all_balances(door)


@pytest.mark.parametrize(
    ("who", "now", "said", "returned"),
    [
        ("client", NOW, {}, True),
        ("client", LATE, {}, False),
        ("client", LATE, {"because": "illness"}, False),
        ("client", LATE, {"because": "flare"}, True),
        ("trainer01@limber.example", LATE, {}, True),
        ("staff@limber.example", LATE, {}, True),
    ],
)
async def test_a_cancelled_booking_gives_its_credit_back_unless_the_client_was_late(
    door: FrontDoor, who: str, now: Any, said: dict[str, str], returned: bool
) -> None:
    client = await a_known_client(door)
    await buy(door, client, 1)
    booking = await door.book(token=await door.sign_in("ann@example.org"))
    door.clock.now = now
    token = booking["manage_token"] if who == "client" else await door.sign_in(who)
    where = f"/v1/bookings/{booking['id']}/cancel"

    for _ in range(2):
        cancelled = await door.made(where, said, token=token)

    assert returned is not cancelled["credit"]
    assert {"training": int(returned)} == await left(door, client)
    await all_balances(door)


@pytest.mark.parametrize(("flare", "back"), [(False, 0), (True, 1)])
async def test_a_no_show_keeps_the_credit_and_a_flare_does_not(
    door: FrontDoor, flare: bool, back: int
) -> None:
    client = await a_known_client(door)
    await buy(door, client, 1)
    booking = await door.book(token=await door.sign_in("ann@example.org"))
    if flare:
        async with door.db.transaction() as tx:
            await people.add_flare(tx, UUID(client), TEN)
    door.clock.now = TEN + HOUR
    staff = await door.sign_in("staff@limber.example")

    for change in ("complete", "no-show"):
        await door.made(f"/v1/bookings/{booking['id']}/{change}", None, token=staff)

    assert {"training": back} == await left(door, client)
    await all_balances(door)


async def test_staff_withdraw_what_is_left_and_no_more(door: FrontDoor) -> None:
    client = await a_known_client(door)
    staff = await door.sign_in("staff@limber.example")
    await buy(door, client, 3)
    await door.book(token=staff)
    before = await door.tables()

    for body, status, code in (
        ({"service": "training", "count": -3}, 409, "not-enough-credits"),
        ({"service": "training", "count": 0}, 422, "invalid"),
        ({"service": "training", "count": 201}, 422, "invalid"),
        ({"service": "training", "count": 1.0}, 422, "invalid"),
        ({"service": "first-workout", "count": 1}, 422, "invalid"),
        ({"service": "massage", "count": 1}, 422, "invalid"),
    ):
        answer = await door.post(f"/v1/clients/{client}/credits", body, token=staff)
        problem(answer, status, code)
    assert before == await door.tables()

    gone = await buy(door, client, -2, note="paid back by bank")
    assert ("withdrawn", -2, 0) == (gone["kind"], gone["change"], gone["left"])
    await all_balances(door)


async def test_the_lines_are_read_newest_first_by_client_trainer_and_staff(
    door: FrontDoor,
) -> None:
    client = await a_known_client(door)
    await buy(door, client, 2, note="spring offer")
    booking = await door.book(token=await door.sign_in("ann@example.org"))
    await door.made(f"/v1/bookings/{booking['id']}/cancel", None, token=booking["manage_token"])
    where = f"/v1/clients/{client}/credits"
    expected = [("returned", 1), ("used", -1), ("bought", 2)]

    for email in ("ann@example.org", "staff@limber.example"):
        token, lines, cursor = await door.sign_in(email), [], None
        for _ in range(2):
            params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await door.ask("GET", where, token=token, params=params)).json()
            lines += page["items"]
            cursor = page["next"]
        assert (expected, None) == ([(x["kind"], x["change"]) for x in lines], cursor)
        assert [booking["id"], booking["id"], None] == [x.get("booking") for x in lines]
        note = "spring offer" if email.startswith("staff") else None
        assert note == lines[-1].get("note")
    trainer = await door.sign_in("trainer20@limber.example")
    assert 403 == (await door.ask("GET", where, token=trainer)).status_code
    assert (
        403
        == (await door.post(where, {"service": "training", "count": 1}, token=trainer)).status_code
    )
    assert 401 == (await door.ask("GET", where)).status_code


async def test_credits_of_nobody_are_not_found(door: FrontDoor) -> None:
    staff = await door.sign_in("staff@limber.example")
    body = {"service": "training", "count": 1}
    for person in (UNKNOWN, str(BENOIT)):
        where = f"/v1/clients/{person}/credits"
        problem(await door.post(where, body, token=staff), 404, "no-such-client")
    where = f"/v1/clients/{UNKNOWN}/credits"
    problem(await door.ask("GET", where, token=staff), 404, "no-such-client")


async def test_of_many_bookings_at_once_as_many_use_a_credit_as_there_are(
    door: FrontDoor,
) -> None:
    client = await a_known_client(door)
    await buy(door, client, 3)
    ann = await door.sign_in("ann@example.org")

    answers = await asyncio.gather(
        *(door.post("/v1/bookings", wish, token=ann) for wish in wishes_apart(6))
    )

    assert {201: 6} == Counter(answer.status_code for answer in answers)
    assert {True: 3, False: 3} == Counter(answer.json()["credit"] for answer in answers)
    assert {"training": 0} == await left(door, client)
    await all_balances(door)


async def test_a_withdrawal_and_bookings_at_once_never_owe(door: FrontDoor) -> None:
    client = await a_known_client(door)
    await buy(door, client, 4)
    staff = await door.sign_in("staff@limber.example")
    body = {"service": "training", "count": -3}

    answers = await asyncio.gather(
        door.post(f"/v1/clients/{client}/credits", body, token=staff),
        *(door.post("/v1/bookings", wish, token=staff) for wish in wishes_apart(4)),
        door.post(f"/v1/clients/{client}/credits", body, token=staff),
    )

    used = sum(answer.json().get("credit", False) for answer in answers)
    withdrawn = 3 * sum(answer.status_code == 201 for answer in (answers[0], answers[-1]))
    assert {"training": 4 - used - withdrawn} == await left(door, client)
    await all_balances(door)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_at_once_credits_are_bought_less_used_plus_returned(
    door: FrontDoor, seed: int
) -> None:
    chance = random.Random(seed)
    client = await a_known_client(door)
    staff = await door.sign_in("staff@limber.example")
    trainer = await door.sign_in("trainer01@limber.example")
    booked: list[Any] = []

    def ask(booking: Any, change: str, **body: Any) -> Any:
        token = chance.choice((booking["manage_token"], staff, trainer))
        return door.post(f"/v1/bookings/{booking['id']}/{change}", body or None, token=token)

    def something() -> Any:
        kind = chance.choice(("buy", "book", "book", "cancel", "cancel", "end", "move"))
        if kind == "buy":
            body = {"service": "training", "count": chance.choice((-2, -1, 1, 2))}
            return door.post(f"/v1/clients/{client}/credits", body, token=staff)
        if kind == "book" or not booked:
            start = TEN + chance.randrange(72) * HOUR
            return door.post("/v1/bookings", a_wish(start, trainer=None), token=staff)
        booking = chance.choice(booked)
        if kind == "cancel":
            said = chance.choice(({}, {"because": "flare"}, {"because": "other"}))
            return ask(booking, "cancel", **said)
        if kind == "move":
            return ask(booking, "reschedule", start=utc(TEN + chance.randrange(72) * HOUR))
        return ask(booking, chance.choice(("complete", "no-show")))

    for _ in range(5):
        answers: list[httpx.Response] = await asyncio.gather(*(something() for _ in range(8)))

        booked += [a.json() for a in answers if a.status_code == 201 and "version" in a.json()]
        assert {a.status_code for a in answers} <= {200, 201, 403, 409}, [a.text for a in answers]
        await all_balances(door)
        door.clock.now += timedelta(hours=chance.randrange(24))
        staff = await door.sign_in("staff@limber.example")

    await door.hear(a_hold(client))
    for booking in booked:
        await door.post(f"/v1/bookings/{booking['id']}/cancel", token=staff)
    await all_balances(door)
