"""What progress says: the newest view wins, a safety hold freezes, and only the last lift frees."""

import itertools
from typing import Any
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord

from shared.contracts.progress import SubmissionAnswered, ViewUpdated
from tests.integration.booking.front_door import (
    BENOIT,
    HOUR,
    TEN,
    FrontDoor,
    a_hold,
    a_lift,
    a_wish,
    problem,
)
from tests.integration.shared.fabric import record


def a_view(client: str, version: int, level: str = "go") -> ViewUpdated:
    """A client's view of that version."""
    return ViewUpdated.model_validate(
        {
            "client_id": client,
            "version": version,
            "level": level,
            "document": {"client_id": client, "version": version, "level": level},
        }
    )


async def versions(door: FrontDoor, client: str) -> list[tuple[str, int]]:
    """Status and version of a client's bookings, by start."""
    async with door.db.reading() as connection:
        rows = await connection.fetch(
            "select status, version from bookings where client_id = $1 order by start_at",
            UUID(client),
        )
    return [(row["status"], row["version"]) for row in rows]


async def view_of(door: FrontDoor, client: str) -> Any:
    """The progress view as staff reads it, with its ETag."""
    token = await door.sign_in("staff@limber.example")
    answer = await door.ask("GET", f"/v1/clients/{client}/progress", token=token)
    assert f'"{answer.json()["version"]}"' == answer.headers["etag"]
    return answer.json()


async def test_a_client_nothing_is_known_of_has_an_empty_view(door: FrontDoor) -> None:
    client = (await door.book())["client_id"]

    view = await view_of(door, client)

    assert (client, 0, "unknown") == (view["client_id"], view["version"], view["level"])
    assert {
        "client_id", "version", "level", "holds", "screening", "clearance", "assessment",
        "questionnaires", "goals", "plan", "check_ins", "trends", "effects", "recommendation",
        "weights", "flare", "milestones", "next", "safety",
    } == view.keys()  # fmt: skip


async def test_the_newest_view_wins_in_whatever_order_they_come(door: FrontDoor) -> None:
    for order in itertools.permutations((1, 2, 3)):
        client = str(uuid4())
        for version in order:
            await door.hear(a_view(client, version))
        assert 3 == (await view_of(door, client))["version"], order

        together = str(uuid4())
        await door.hear(*(a_view(together, version) for version in order))
        assert 3 == (await view_of(door, together))["version"], order


async def test_an_event_that_comes_twice_counts_once(door: FrontDoor) -> None:
    client = (await door.book())["client_id"]
    hold = a_hold(client)
    await door.hear(hold, identities=("one",))
    before = await door.tables()

    await door.hear(hold, identities=("one",))

    assert before == await door.tables()
    assert [("frozen", 2)] == await versions(door, client)


async def test_a_view_is_forgotten_when_progress_has_erased_the_client(door: FrontDoor) -> None:
    client = str(uuid4())
    await door.hear(a_view(client, 1))
    tombstone: ConsumerRecord = record(a_view(client, 1), 99, given=(), value=None)

    await door.consumer.handle_batch([tombstone])

    assert 0 == (await view_of(door, client))["version"]


async def test_an_answer_to_an_unknown_report_changes_nothing_and_stops_nothing(
    door: FrontDoor,
) -> None:
    await door.hear(
        SubmissionAnswered(submission_id=uuid4(), client_id=uuid4(), status="done", level="go")
    )

    assert "" == (await door.tables())["submissions"]


async def test_a_hold_freezes_what_is_coming_and_tells_it(door: FrontDoor) -> None:
    past = await door.book()
    cancelled = await door.book(TEN + HOUR)
    await door.made(f"/v1/bookings/{cancelled['id']}/cancel", None, token=cancelled["manage_token"])
    coming = [await door.book(TEN + 24 * HOUR), await door.book(TEN + 48 * HOUR, trainer=BENOIT)]
    others = await door.book(TEN + 24 * HOUR, trainer=BENOIT, email="ben@example.org")
    client = past["client_id"]
    door.clock.now = TEN
    seen = len(await door.published())

    await door.hear(a_hold(client))

    assert [("confirmed", 1), ("cancelled", 2), ("frozen", 2), ("frozen", 2)] == await versions(
        door, client
    )
    assert [("confirmed", 1)] == await versions(door, others["client_id"])
    told = (await door.published())[seen:]
    frozen = ["booking.frozen.v1"] * 2
    assert ["contact.changed.v1", *frozen] == [event.type for event in told]
    assert [(b["id"], 2) for b in coming] == [
        (event.data["booking_id"], event.data["version"]) for event in told[1:]
    ]
    refused = await door.post("/v1/bookings", a_wish(TEN + 72 * HOUR))
    problem(refused, 409, "safety-hold")


async def test_a_frozen_session_keeps_its_time(door: FrontDoor) -> None:
    booking = await door.book()
    await door.hear(a_hold(booking["client_id"]))

    taken = await door.post("/v1/bookings", a_wish(email="ben@example.org"))

    problem(taken, 409, "slot-taken")


async def test_after_the_last_of_two_holds_sessions_take_place_again(door: FrontDoor) -> None:
    client = (await door.book())["client_id"]
    await door.hear(a_hold(client, 1), a_hold(client, 2))
    assert [("frozen", 2)] == await versions(door, client)

    await door.hear(a_lift(client, 1))
    assert [("frozen", 2)] == await versions(door, client)
    problem(await door.post("/v1/bookings", a_wish(TEN + HOUR)), 409, "safety-hold")

    await door.hear(a_lift(client, 2))
    assert [("confirmed", 3)] == await versions(door, client)
    assert [("booking.frozen.v1", 2), ("booking.unfrozen.v1", 3)] == [
        (event.type, event.data["version"])
        for event in await door.published(topic="booking.events")
        if "frozen" in event.type
    ]
    assert 1 == (await door.book(TEN + HOUR))["version"]


async def test_a_hold_on_one_option_or_joint_freezes_nothing(door: FrontDoor) -> None:
    client = (await door.book())["client_id"]

    await door.hear(a_hold(client, 1, kind="option"), a_hold(client, 2, kind="joint"))

    assert [("confirmed", 1)] == await versions(door, client)
    assert 1 == (await door.book(TEN + HOUR))["version"]


async def test_lifting_a_hold_on_an_option_leaves_sessions_frozen(door: FrontDoor) -> None:
    client = (await door.book())["client_id"]
    await door.hear(a_hold(client, 1), a_hold(client, 2, kind="option"))

    await door.hear(a_lift(client, 2))

    assert [("frozen", 2)] == await versions(door, client)


async def test_hold_and_lift_in_one_batch_are_both_told_in_order(door: FrontDoor) -> None:
    client = (await door.book())["client_id"]

    await door.hear(a_hold(client), a_lift(client), a_hold(client, 2), a_lift(client, 2))

    assert [("confirmed", 5)] == await versions(door, client)
    told = [e for e in await door.published(topic="booking.events") if "version" in e.data]
    assert [1, 2, 3, 4, 5] == [event.data["version"] for event in told]


async def test_a_cancelled_session_of_a_frozen_client_stays_cancelled(door: FrontDoor) -> None:
    booking = await door.book()
    await door.hear(a_hold(booking["client_id"]))
    await door.made(f"/v1/bookings/{booking['id']}/cancel", None, token=booking["manage_token"])

    await door.hear(a_lift(booking["client_id"]))

    assert [("cancelled", 3)] == await versions(door, booking["client_id"])
