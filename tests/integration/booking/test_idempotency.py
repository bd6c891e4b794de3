"""Repeated requests: carried out once for a key, whoever repeats them and however fast."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.booking.api.writing import KEY_LIVES, MAX_KEY_CHARACTERS
from shared.postgres import POOL_MAX
from tests.integration.booking.front_door import (
    AMARA,
    BENOIT,
    HOUR,
    KEYS,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    a_wish,
    problem,
    utc,
)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/holds", a_time()), ("/v1/bookings", a_wish()), ("/v1/bookings", "hold")],
    ids=["hold", "booking", "booking from a hold"],
)
async def test_the_same_key_and_body_give_the_same_answer_and_create_once(
    door: FrontDoor, path: str, body: Any
) -> None:
    if body == "hold":
        hold = await door.made("/v1/holds", a_time())
        body = {"hold": hold["id"], "client": a_client()}
    first = await door.post(path, body, key="k")
    after_one = await door.tables()
    # Key order and white space are not the body's meaning.
    again = await door.post(path, dict(reversed(body.items())), key="k")
    fast = await asyncio.gather(*(door.post(path, body, key="k") for _ in range(20)))

    for answer in (again, *fast):
        assert (201, first.json()) == (answer.status_code, answer.json())
        assert first.headers.get("etag") == answer.headers.get("etag")
    assert after_one == await door.tables()


@pytest.mark.parametrize(("path", "body"), [("/v1/holds", a_time()), ("/v1/bookings", a_wish())])
async def test_twenty_at_once_under_one_key_create_once(
    door: FrontDoor, path: str, body: Any
) -> None:
    answers = await asyncio.gather(*(door.post(path, body, key="k") for _ in range(20)))

    # One that waited too long may be told to ask again; here nothing takes that long.
    assert {201: 20} == Counter(answer.status_code for answer in answers)
    assert all(answers[0].json() == answer.json() for answer in answers)
    assert 1 == await door.value("select count(*) from reservations")
    if path == "/v1/bookings":
        assert 4 == len(await door.published())


async def test_the_same_key_with_another_body_or_place_is_refused(door: FrontDoor) -> None:
    await door.made("/v1/bookings", a_wish(), key="k")
    before = await door.tables()

    for path, body in (
        ("/v1/bookings", a_wish(TEN + HOUR)),
        ("/v1/bookings", a_wish(trainer=BENOIT)),
        ("/v1/bookings", a_wish(goal="to garden")),
        ("/v1/holds", a_time(TEN + HOUR)),
    ):
        problem(await door.post(path, body, key="k"), 422, "idempotency-mismatch")

    assert before == await door.tables()


async def test_keys_belong_to_their_caller(door: FrontDoor) -> None:
    ann = await door.book()
    ben = await door.book(TEN + HOUR, email="ben@example.org")

    for booking in (ann, ben):
        start = {"start": utc(TEN + (24 if booking is ann else 48) * HOUR)}
        moved = await door.made(
            f"/v1/bookings/{booking['id']}/reschedule",
            start,
            token=booking["manage_token"],
            key="k",
        )
        assert (booking["id"], 2) == (moved["id"], moved["version"])


async def test_a_repeated_change_is_made_once_even_when_the_world_has_moved_on(
    door: FrontDoor,
) -> None:
    booking = await door.book()
    token, path = booking["manage_token"], f"/v1/bookings/{booking['id']}"
    first = await door.post(f"{path}/reschedule", {"start": utc(TEN + HOUR)}, token=token, key="k")
    await door.made(f"{path}/cancel", None, token=token)

    again = await door.post(f"{path}/reschedule", {"start": utc(TEN + HOUR)}, token=token, key="k")

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert '"2"' == again.headers["etag"]
    assert "cancelled" == await door.value("select status from bookings")


async def test_after_a_day_of_the_clock_a_key_is_new(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time(), key="k")
    door.clock.advance(hours=24)
    assert hold == await door.made("/v1/holds", a_time(), key="k")

    door.clock.advance(microseconds=1)
    another = await door.made("/v1/holds", a_time(), key="k")

    assert hold["id"] != another["id"]
    assert timedelta(hours=24) == KEY_LIVES
    assert 1 == await door.value("select count(*) from idempotency_keys")


async def test_a_refusal_is_not_kept_so_that_the_wish_may_succeed_later(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())
    before = await door.tables()
    problem(await door.post("/v1/holds", a_time(), key="k"), 409, "slot-taken")
    assert before == await door.tables()

    await door.ask("DELETE", f"/v1/holds/{hold['id']}")

    assert str(AMARA) == (await door.made("/v1/holds", a_time(), key="k"))["trainer"]["id"]


async def test_a_repeated_release_is_answered_as_the_first(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())

    answers = [await door.ask("DELETE", f"/v1/holds/{hold['id']}", key="k") for _ in range(3)]

    assert [(204, b"")] * 3 == [(answer.status_code, answer.content) for answer in answers]


async def test_a_key_that_is_still_at_work_is_told_so(door: FrontDoor) -> None:
    async with door.db.transaction() as slow:
        await slow.execute(
            "insert into idempotency_keys values ('visitor', 'k', '', 0, '{}', $1)", door.clock()
        )
        answer = await door.post("/v1/holds", a_time(), key="k")

    problem(answer, 409, "idempotency-in-progress")


@pytest.mark.parametrize("key", ["", "k" * (MAX_KEY_CHARACTERS + 1), "k\tk", "clé"])
async def test_a_malformed_key_is_refused(door: FrontDoor, key: str) -> None:
    before = await door.tables()

    answer = await door.http.post(
        "/v1/holds", json=a_time(), headers=[(b"Idempotency-Key", key.encode())]
    )

    problem(answer, 400, "malformed-idempotency-key")
    assert before == await door.tables()


async def test_a_sign_in_is_never_kept(door: FrontDoor) -> None:
    body = {"email": "staff@limber.example"}
    await door.made("/v1/sign-in", body)
    code = (await door.published())[-1].data["sign_in"]["code"]

    session = await door.made("/v1/sign-in/verify", body | {"code": code}, key="k")

    assert "" == (await door.tables())["idempotency_keys"]
    problem(
        await door.post("/v1/sign-in/verify", body | {"code": code}, key="k"), 401, "wrong-code"
    )
    assert session["token"] not in str(await door.tables())


async def test_a_kept_answer_holds_no_link_and_the_repeated_one_has_it_again(
    door: FrontDoor,
) -> None:
    first = await door.made("/v1/bookings", a_wish(), key="k")
    again = await door.made("/v1/bookings", a_wish(), key="k")

    sealed = await door.value("select body from idempotency_keys")
    kept = KEYS.master.open(sealed, "visitor k")
    assert first["id"] in kept
    assert first["id"] not in sealed
    assert [False, False] == [first["manage_token"] in kept, "token=" in kept]
    assert first["manage_token"] == again["manage_token"]


async def test_twins_that_wait_leave_the_database_to_others(door: FrontDoor) -> None:
    """The client's row is locked from outside, so that the first request cannot go on."""
    booking = await door.book()
    where = f"/v1/bookings/{booking['id']}/cancel"
    async with door.db.transaction() as tx:
        await tx.execute("select from people where id = $1 for update", booking["client_id"])
        twins = [
            asyncio.create_task(door.post(where, None, token=booking["manage_token"], key="k"))
            for _ in range(3 * POOL_MAX)
        ]
        other = await door.post("/v1/holds", a_time(TEN + HOUR))
    answers = await asyncio.gather(*twins)

    assert 201 == other.status_code
    assert {200} == {answer.status_code for answer in answers}
