"""The stream: a page follows what happens, wherever it happens, and lets go when it ends."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.booking import streams
from services.booking.api import stream as stream_api
from services.booking.handlers.sign_in import SESSION_LIVES
from tests.integration.booking.front_door import BENOIT, HOUR, TEN, FrontDoor, Home, a_hold, utc
from tests.integration.booking.streaming import LISTENER, PATIENCE_S, following, listening, parse
from tests.integration.booking.test_read_model import a_view


@pytest.fixture
async def ann(
    door: FrontDoor, home: Home, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, Any]]:
    """A client with a booking and a token; the front door hears NOTIFY, and streams rely on it."""
    monkeypatch.setattr(stream_api, "LOOK_AGAIN_S", 3600.0)
    booking = await door.book()
    token = await door.sign_in("ann@example.org")
    async with listening(door.wakeups, home):
        yield {"client": booking["client_id"], "booking": booking, "token": token}


async def test_a_stream_begins_with_the_present_view(door: FrontDoor, ann: dict[str, Any]) -> None:
    await door.hear(a_view(ann["client"], 4))

    async with following(door, ann["client"], ann["token"]) as stream:
        assert ("progress", 4) == _short(await stream.next())
        assert 200 == stream.status


async def test_a_newer_view_and_a_changed_booking_arrive_when_they_happen(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    async with following(door, ann["client"], ann["token"]) as stream:
        assert ("progress", 0) == _short(await stream.next())

        door.clock.advance(seconds=1)
        await door.hear(a_view(ann["client"], 1))
        assert ("progress", 1) == _short(await stream.next())

        await _move(door, ann["booking"], TEN + HOUR)
        name, document = await stream.next()
        assert ("booking", 2, utc(TEN + HOUR)) == (name, document["version"], document["start"])
        assert {"manage_token", "calendar_url"}.isdisjoint(document)

        await door.hear(a_hold(ann["client"]))
        name, document = await stream.next()
        assert ("booking", 3, "frozen") == (name, document["version"], document["status"])
        assert stream.events.empty()


async def test_an_older_view_is_not_shown_again(door: FrontDoor, ann: dict[str, Any]) -> None:
    await door.hear(a_view(ann["client"], 5))
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()

        await door.hear(a_view(ann["client"], 4))
        await door.hear(a_view(ann["client"], 6))

        assert ("progress", 6) == _short(await stream.next())


async def test_what_happens_to_others_stays_with_them(door: FrontDoor, ann: dict[str, Any]) -> None:
    ben = await door.book(TEN, email="ben@example.org", trainer=BENOIT)
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()
        door.clock.advance(seconds=1)

        await _move(door, ben, TEN + HOUR)
        await door.hear(a_view(ben["client_id"], 9))
        await _move(door, ann["booking"], TEN + HOUR)

        assert ("booking", 2) == _short(await stream.next())
        assert stream.events.empty()


async def test_changes_that_were_decided_earlier_and_committed_later_arrive_as_well(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()
        door.clock.advance(seconds=10)
        later = await door.book(TEN + 3 * HOUR, trainer=BENOIT)
        assert ("booking", 1) == _short(await stream.next())

        # A change takes its time from the clock before it waits for the client's row.
        door.clock.now -= timedelta(seconds=5)
        await _move(door, ann["booking"], TEN + HOUR)

        assert ("booking", 2) == _short(await stream.next())
        await _move(door, later, TEN + 4 * HOUR)
        assert ("booking", 2) == _short(await stream.next())


async def test_each_change_is_shown_once(door: FrontDoor, ann: dict[str, Any]) -> None:
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()
        door.clock.advance(seconds=1)
        for hour in range(1, 5):
            await _move(door, ann["booking"], TEN + hour * HOUR)
            assert ("booking", hour + 1) == _short(await stream.next())
        await door.hear(a_view(ann["client"], 1))

        assert ("progress", 1) == _short(await stream.next())
        assert stream.events.empty()


async def test_whoever_hangs_up_is_watched_for_no_more(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    async with (
        following(door, ann["client"], ann["token"]) as first,
        following(door, ann["client"], ann["token"]) as second,
    ):
        await first.next()
        await second.next()
        assert 2 == door.wakeups.watched()

        first.hung_up.set()
        async with asyncio.timeout(PATIENCE_S):
            await first.closed.wait()
        assert 1 == door.wakeups.watched()
        await door.hear(a_view(ann["client"], 1))
        assert ("progress", 1) == _short(await second.next())

    assert 0 == door.wakeups.watched()


async def test_a_page_that_comes_back_is_given_what_it_missed_and_nothing_twice(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    other = await door.book(TEN + 24 * HOUR, trainer=BENOIT)
    await door.hear(a_view(ann["client"], 4))
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()

    async with following(door, ann["client"], ann["token"], after=stream.ids[-1]) as again:
        await door.hear(a_view(ann["client"], 5))
        assert ("progress", 5) == _short(await again.next())

    await _move(door, ann["booking"], TEN + HOUR)
    async with following(door, ann["client"], ann["token"], after=again.ids[-1]) as back:
        shown = [await back.next(), await back.next()]
        assert {ann["booking"]["id"], other["id"]} == {body["id"] for _, body in shown}
        await door.hear(a_view(ann["client"], 6))
        assert ("progress", 6) == _short(await back.next())
        assert back.events.empty()


@pytest.mark.parametrize("after", ["", "garbage", "-1.", "9" * 30, "4", "٤.aa", "999.000000000000"])
async def test_a_last_event_id_of_somebody_else_is_no_reason_to_show_nothing(
    door: FrontDoor, ann: dict[str, Any], after: str
) -> None:
    await door.hear(a_view(ann["client"], 4))

    async with following(door, ann["client"], ann["token"], after=after) as stream:
        assert ("progress", 4) == _short(await stream.next())


async def test_a_stream_ends_when_the_right_is_withdrawn(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    await door.hear(a_view(ann["client"], 1))
    team = f"/v1/clients/{ann['client']}/care-team"
    body = {"email": "dr@clinic.example", "role": "physician", "share": ["progress"]}
    member = await door.made(team, body, token=ann["token"])
    doctor = await door.sign_in("dr@clinic.example")
    async with (
        following(door, ann["client"], doctor) as theirs,
        following(door, ann["client"], ann["token"]) as hers,
    ):
        name, view = await theirs.next()
        assert ("progress", ["progress"]) == (name, view["shared"])
        await hers.next()
        await _move(door, ann["booking"], TEN + HOUR)
        assert ("booking", 2) == _short(await hers.next())

        await door.made(team, body | {"share": ["plan"]}, token=ann["token"])
        assert ["plan"] == (await theirs.next())[1]["shared"]
        await door.ask("DELETE", f"{team}/{member['id']}", token=ann["token"])

        async with asyncio.timeout(PATIENCE_S):
            await theirs.closed.wait()
        assert theirs.events.empty()
        assert 1 == door.wakeups.watched()


async def test_a_stream_ends_with_the_session(door: FrontDoor, ann: dict[str, Any]) -> None:
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()

        door.clock.now += SESSION_LIVES
        await door.hear(a_view(ann["client"], 1))

        async with asyncio.timeout(PATIENCE_S):
            await stream.closed.wait()
        assert stream.events.empty()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that soon notices that it hears nothing."""
    monkeypatch.setattr(streams, "CHECK_EVERY_S", 0.1)
    monkeypatch.setattr(streams, "RECONNECT_S", 0.1)


@pytest.mark.usefixtures("impatient")
async def test_a_lost_listener_comes_back_and_looks_for_what_it_missed(
    door: FrontDoor, ann: dict[str, Any]
) -> None:
    async with following(door, ann["client"], ann["token"]) as stream:
        await stream.next()

        async with door.db.reading() as connection:
            await connection.execute(
                f"select pg_terminate_backend(pid) from pg_stat_activity where {LISTENER}"
            )
        await door.hear(a_view(ann["client"], 1))

        assert ("progress", 1) == _short(await stream.next())


async def test_another_process_is_heard_and_a_stopping_one_ends_its_streams_whole(
    door: FrontDoor, home: Home
) -> None:
    booking = await door.book()
    token = await door.sign_in("ann@example.org")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.booking.front_door",
        home.url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            address = (await process.stdout.readline()).decode().strip()
        async with (
            httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as http,
            http.stream(
                "GET",
                f"/v1/clients/{booking['client_id']}/stream",
                headers={"Authorization": f"Bearer {token}"},
            ) as answer,
        ):
            assert (200, "text/event-stream; charset=utf-8", "close") == (
                answer.status_code,
                answer.headers["content-type"],
                answer.headers["connection"],
            )
            blocks = _blocks(answer)
            assert ("progress", 0) == _short(await anext(blocks))
            await door.hear(a_view(booking["client_id"], 1))
            assert ("progress", 1) == _short(await anext(blocks))

            process.send_signal(signal.SIGTERM)

            # httpx raises when the last chunk is missing.
            assert [] == [block async for block in blocks]
        async with asyncio.timeout(PATIENCE_S):
            _, told = await process.communicate()
        assert process.returncode in {0, -signal.SIGTERM}
        assert b"timeout graceful shutdown exceeded" not in told
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _blocks(answer: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    block: list[str] = []
    async for line in answer.aiter_lines():
        if line:
            block.append(line)
        elif parsed := parse("\n".join(block)):
            block = []
            yield parsed
        else:
            block = []


def _short(event: tuple[str, Any]) -> tuple[str, int]:
    return event[0], event[1]["version"]


async def _move(door: FrontDoor, booking: Any, start: Any) -> None:
    path = f"/v1/bookings/{booking['id']}/reschedule"
    await door.made(path, {"start": utc(start)}, token=booking["manage_token"])
