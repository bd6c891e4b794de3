"""Where a visit goes: kept with the booking, and judged again when the address is another."""

from typing import Any

import pytest

from tests.integration.booking.front_door import (
    AMARA,
    HALF,
    HOUR,
    TEN,
    FrontDoor,
    a_client,
    a_time,
    a_wish,
    problem,
)

HERE, SAME_HALF, ACROSS = "M5V 2T6", "M5V 3L9", "M1B 5W2"
VISIT: dict[str, Any] = {"mode": "in-person", "postal": HERE}


def an_address(postal: str) -> dict[str, str]:
    """An address of that postal code."""
    return {"street": "1 Front St", "postal": postal}


async def kept(door: FrontDoor, booking: Any) -> tuple[Any, Any]:
    """The postal code of a booking and of its reserved time."""
    sql = "select {} from bookings b join reservations r using (id) where b.id = $1::text::uuid"
    return (
        await door.value(sql.format("b.postal"), booking["id"]),
        await door.value(sql.format("r.postal"), booking["id"]),
    )


async def test_a_visit_keeps_the_postal_code_of_its_address_else_of_its_time(
    door: FrontDoor,
) -> None:
    by_time = await door.book(**VISIT)
    by_both = await door.book(
        TEN + 2 * HOUR, **VISIT, address=an_address(SAME_HALF), email="ben@example.org"
    )
    hold = await door.made("/v1/holds", a_time(TEN + 4 * HOUR, mode="in-person", postal="M5V"))
    wish = {"hold": hold["id"], "client": a_client("c@example.org"), "address": an_address(HERE)}
    by_hold = await door.made("/v1/bookings", wish)
    virtual = await door.book(TEN + 24 * HOUR, address=an_address(HERE))

    expected = [HERE, SAME_HALF, HERE, None]
    found = [await kept(door, one) for one in (by_time, by_both, by_hold, virtual)]
    assert [(postal, postal) for postal in expected] == found


async def test_a_held_time_is_refused_for_an_address_the_trainer_cannot_reach_from_it(
    door: FrontDoor,
) -> None:
    await door.book(**VISIT)
    hold = await door.made("/v1/holds", a_time(TEN + HOUR + HALF, **VISIT))
    wish = {"hold": hold["id"], "client": a_client("ben@example.org")}
    before = await door.tables()

    far = wish | {"address": an_address(ACROSS)}
    refused = problem(await door.post("/v1/bookings", far), 409, "slot-taken")

    assert "unreachable" == refused["reason"]
    assert 3 == len(refused["alternatives"])
    assert before == await door.tables()
    booked = await door.made("/v1/bookings", wish | {"address": an_address(SAME_HALF)})
    assert str(AMARA) == booked["trainer"]["id"]


async def test_a_held_time_serves_another_address_that_can_be_reached(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time(**VISIT))

    booking = await door.made(
        "/v1/bookings",
        {"hold": hold["id"], "client": a_client(), "address": an_address(ACROSS)},
    )

    assert (ACROSS, ACROSS) == await kept(door, booking)


async def test_what_else_has_changed_since_does_not_take_a_hold_away(door: FrontDoor) -> None:
    # Held at the last moment of the trainer's notice, which has passed when the form is sent.
    door.clock.now = TEN - 2 * HOUR
    hold = await door.made("/v1/holds", a_time(**VISIT))
    door.clock.advance(minutes=9)

    booking = await door.made(
        "/v1/bookings",
        {"hold": hold["id"], "client": a_client(), "address": an_address(ACROSS)},
    )

    assert "confirmed" == booking["status"]


async def test_a_time_is_sought_for_the_address_it_is_booked_with(door: FrontDoor) -> None:
    await door.book(**VISIT)

    far = a_wish(TEN + HOUR + HALF, **VISIT, address=an_address(ACROSS), email="ben@example.org")

    problem(await door.post("/v1/bookings", far), 409, "slot-taken")


async def test_a_visit_without_a_place_names_the_field(door: FrontDoor) -> None:
    refused = problem(await door.post("/v1/bookings", a_wish(mode="in-person")), 422, "invalid")

    assert ["postal"] == [error["field"] for error in refused["errors"]]


@pytest.mark.parametrize(
    ("chosen", "offered"), [({}, False), ({"trainer": AMARA}, True)], ids=["anybody", "chosen"]
)
async def test_conditions_choose_the_trainer_unless_the_client_did(
    door: FrontDoor, chosen: dict[str, Any], offered: bool
) -> None:
    async with door.db.transaction() as tx:
        await tx.execute("update trainers set conditions = array_remove(conditions, 'other')")
    wish = a_wish(**({"trainer": None} | chosen), conditions=["other"])

    try:
        answer = await door.post("/v1/bookings", wish)
    finally:
        async with door.db.transaction() as tx:
            await tx.execute("update trainers set conditions = conditions || '{other}'::text[]")

    if offered:
        assert 201 == answer.status_code, answer.text
    else:
        problem(answer, 409, "slot-taken")


async def test_conditions_do_not_refuse_a_hold(door: FrontDoor) -> None:
    hold = await door.made("/v1/holds", a_time())
    async with door.db.transaction() as tx:
        await tx.execute("update trainers set conditions = array_remove(conditions, 'other')")

    try:
        wish = {"hold": hold["id"], "client": a_client(), "conditions": ["other"]}
        booking = await door.made("/v1/bookings", wish)
    finally:
        async with door.db.transaction() as tx:
            await tx.execute("update trainers set conditions = conditions || '{other}'::text[]")

    assert str(AMARA) == booking["trainer"]["id"]
