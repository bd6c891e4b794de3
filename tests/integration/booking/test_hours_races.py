"""A booking that is being made while a trainer's time changes is told to the trainer."""

import asyncio
from typing import Any

import pytest

from services.booking.domain.links import Links
from services.booking.domain.meetings import NamedRooms
from services.booking.domain.people import Caller
from services.booking.handlers.book import BookingWish, book
from services.booking.handlers.clients import ClientWish
from services.booking.handlers.times import TimeWish
from services.booking.store.trainers import lock_trainers
from tests.integration.booking.front_door import AMARA, HOUR, NOW, SIGNER, TEN, FrontDoor, utc

ANN = ClientWish("Ann", "ann@example.org", None, "America/Toronto", "en", {}, "booking-form")
WISH = BookingWish(client=ANN, time=TimeWish("training", "virtual", TEN, AMARA))
LINKS = Links(SIGNER, NamedRooms("https://meet.limber.test"))

WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and wait_event_type = 'Lock'"
)


async def until_waiting(door: FrontDoor, count: int = 1) -> None:
    """Returns once that many statements wait for locks; fails when they do not within seconds."""
    async with asyncio.timeout(5):
        while await door.value(WAITING) < count:  # noqa: ASYNC110 - Postgres tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "hours", {"tz": "America/Toronto", "weekly": []}),
        ("POST", "time-off", {"start": utc(TEN), "end": utc(TEN + HOUR)}),
    ],
)
async def test_a_change_of_time_waits_for_a_booking_and_tells_it(
    door: FrontDoor, method: str, path: str, body: dict[str, Any]
) -> None:
    token = await door.sign_in("trainer01@limber.example")

    async with door.db.transaction() as tx:
        await lock_trainers(tx, [AMARA])
        change = asyncio.create_task(
            door.ask(method, f"/v1/trainers/{AMARA}/{path}", body, token=token)
        )
        await until_waiting(door)
        booking = await book(tx, WISH, Caller(), links=LINKS, now=NOW)

    told = (await change).json()["affected"]
    assert [str(booking.id)] == [one["id"] for one in told]


async def test_settings_wait_for_a_booking_as_well(door: FrontDoor) -> None:
    token = await door.sign_in("trainer01@limber.example")
    path = f"/v1/trainers/{AMARA}/settings"

    async with door.db.transaction() as tx:
        await lock_trainers(tx, [AMARA])
        change = asyncio.create_task(door.ask("PUT", path, {}, token=token))
        await until_waiting(door)

    assert 200 == (await change).status_code


async def test_giving_up_time_off_waits_for_a_booking_as_well(door: FrontDoor) -> None:
    token = await door.sign_in("trainer01@limber.example")
    path = f"/v1/trainers/{AMARA}/time-off"
    body = {"start": utc(TEN), "end": utc(TEN + HOUR)}
    off = await door.made(path, body, token=token)

    async with door.db.transaction() as tx:
        await lock_trainers(tx, [AMARA])
        change = asyncio.create_task(door.ask("DELETE", f"{path}/{off['id']}", token=token))
        await until_waiting(door)

    assert 204 == (await change).status_code


async def test_of_two_changes_decided_on_one_version_one_is_refused(door: FrontDoor) -> None:
    token = await door.sign_in("trainer01@limber.example")
    path = f"/v1/trainers/{AMARA}/hours"
    hours: dict[str, Any] = {"tz": "America/Toronto", "weekly": []}
    others = hours | {"tz": "America/Vancouver"}

    async with door.db.transaction() as tx:
        await lock_trainers(tx, [AMARA])
        changes = [
            asyncio.create_task(door.ask("PUT", path, body, token=token, version='"1"'))
            for body in (hours, others)
        ]
        await until_waiting(door, 2)

    assert [200, 412] == sorted([(await change).status_code for change in changes])
