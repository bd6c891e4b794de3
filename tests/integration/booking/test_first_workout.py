"""The free first workout: once per person and mailbox, whatever happens at once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from services.booking.store import people
from tests.integration.booking.front_door import (
    HOUR,
    TEN,
    FrontDoor,
    a_client,
    a_wish,
    problem,
)

FREE: dict[str, Any] = {"service": "first-workout", "trainer": None}
SPELLINGS = ("ann.lee@gmail.com", "annlee+limber@gmail.com", "A.N.N.Lee@googlemail.com")


@pytest.mark.parametrize("spelling", SPELLINGS[1:])
async def test_one_mailbox_has_one_free_workout_however_it_is_spelled(
    door: FrontDoor, spelling: str
) -> None:
    first = await door.book(email=SPELLINGS[0], **FREE)
    before = await door.tables()

    again = a_wish(TEN + 3 * HOUR, email=spelling, **FREE)

    problem(await door.post("/v1/bookings", again), 409, "free-workout-used")
    assert before == await door.tables()
    paid = await door.book(TEN + 3 * HOUR, email=spelling, trainer=None)
    assert first["client_id"] != paid["client_id"]


async def test_dots_count_where_the_provider_counts_them(door: FrontDoor) -> None:
    await door.book(email="ann.lee@example.org", **FREE)

    other = await door.book(TEN + 3 * HOUR, email="annlee@example.org", **FREE)

    assert "confirmed" == other["status"]


async def test_of_ten_spellings_of_a_mailbox_at_once_one_gets_the_free_workout(
    door: FrontDoor,
) -> None:
    answers = await asyncio.gather(
        *(
            door.post("/v1/bookings", a_wish(TEN + n * HOUR, email=f"ann+{n}@example.org", **FREE))
            for n in range(5)
        ),
        *(
            door.post("/v1/bookings", a_wish(TEN, email=f"a{'.' * n}nn@gmail.com", **FREE))
            for n in (0, 1)
        ),
        *(door.post("/v1/bookings", a_wish(TEN, email=f"ann+{n}@gmail.com", **FREE)) for n in "ab"),
    )

    assert {201: 2, 409: 7} == Counter(answer.status_code for answer in answers)
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "free-workout-used")
    assert 2 == await door.value("select count(*) from people where role = 'client'")
    assert 2 == await door.value("select count(*) from reservations")


async def test_cancelling_at_the_last_moment_gives_the_right_back_to_every_spelling(
    door: FrontDoor,
) -> None:
    first = await door.book(email="ann@example.org", **FREE)
    door.clock.now = TEN - HOUR / 60

    cancelled = await door.made(
        f"/v1/bookings/{first['id']}/cancel", None, token=first["manage_token"]
    )

    assert ("cancelled", False) == (cancelled["status"], cancelled["late"])
    again = await door.book(TEN + 24 * HOUR, email="ann+again@example.org", **FREE)
    assert "confirmed" == again["status"]


async def test_whom_a_flare_kept_away_has_not_used_the_free_workout(door: FrontDoor) -> None:
    first = await door.book(**FREE)
    async with door.db.transaction() as tx:
        await people.add_flare(tx, UUID(first["client_id"]), TEN)
    door.clock.now = TEN + HOUR
    staff = await door.sign_in("staff@limber.example")

    missed = await door.made(f"/v1/bookings/{first['id']}/no-show", None, token=staff)

    assert ("cancelled", "flare") == (missed["status"], missed["because"])
    assert (await door.book(TEN + 24 * HOUR, **FREE))["status"] == "confirmed"


async def test_people_with_one_phone_are_shown_to_staff_and_refused_nothing(
    door: FrontDoor,
) -> None:
    phones = {"ann": "+1 416 555 0123", "ben": "(416) 555-0123", "cat": "+1 416 555 0199"}
    ids = {}
    for hour, (name, phone) in enumerate(phones.items()):
        wish = a_wish(TEN + hour * HOUR, **FREE)
        wish["client"] = a_client(f"{name}@example.org", phone=phone)
        ids[name] = UUID((await door.made("/v1/bookings", wish))["client_id"])

    staff = await door.sign_in("staff@limber.example")
    listed = await door.ask("GET", "/v1/people", token=staff, params={"role": "client"})

    same = {UUID(one["id"]): one["same_phone_as"] for one in listed.json()["items"]}
    assert {
        ids["ann"]: [str(ids["ben"])],
        ids["ben"]: [str(ids["ann"])],
        ids["cat"]: [],
    } == same
