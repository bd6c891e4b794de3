"""People who wait: they join, are offered what came free, and leave."""

from typing import Any

from services.booking.sweeper import Sweeper
from tests.integration.booking.front_door import AMARA, FrontDoor, a_client

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


async def leave(door: FrontDoor, place: Any) -> None:
    answer = await door.ask("DELETE", f"/v1/waitlist/{place['id']}", token=place["waitlist_token"])
    assert 204 == answer.status_code, answer.text
