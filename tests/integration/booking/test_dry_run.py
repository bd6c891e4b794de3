"""A dry run: the answer as it would be, and afterwards nothing has happened."""

import asyncio
from typing import Any

import pytest

from services.booking.api import dry_run
from services.booking.store.progress import CHANNEL
from tests.integration.booking.front_door import (
    HALF,
    TEN,
    FrontDoor,
    a_hold,
    a_time,
    a_wish,
    problem,
    utc,
)

WRITES: dict[str, tuple[str, str, Any, int]] = {
    "hold": ("POST", "/v1/holds", a_time(TEN + 4 * HALF), 201),
    "give a hold back": ("DELETE", "/v1/holds/{hold}", None, 204),
    "book": ("POST", "/v1/bookings", a_wish(TEN + 8 * HALF, email="new@example.org"), 201),
    "move": ("POST", "/v1/bookings/{booking}/reschedule", {"start": utc(TEN + 10 * HALF)}, 200),
    "cancel": ("POST", "/v1/bookings/{booking}/cancel", None, 200),
    "check in": ("POST", "/v1/clients/{client}/check-ins", {"kind": "daily", "pain": 3}, 202),
    "lift": ("POST", "/v1/clients/{client}/safety-holds/{safety}/lift", {"reason": "spoke"}, 202),
    "ask for a code": ("POST", "/v1/sign-in", {"email": "staff@limber.example"}, 202),
}


@pytest.fixture
async def ids(door: FrontDoor) -> dict[str, str]:
    """A booking, a hold, a safety hold, and staff's token."""
    booking = await door.book()
    hold = await door.made("/v1/holds", a_time(TEN + 12 * HALF))
    safety = a_hold(booking["client_id"], 7, kind="option")
    await door.hear(safety)
    return {
        "booking": booking["id"],
        "client": booking["client_id"],
        "hold": hold["id"],
        "safety": str(safety.hold_id),
        "token": await door.sign_in("staff@limber.example"),
    }


@pytest.mark.parametrize("name", WRITES)
async def test_a_dry_run_answers_as_the_write_would_and_changes_nothing(
    door: FrontDoor, ids: dict[str, str], name: str
) -> None:
    method, path, body, status = WRITES[name]
    path, token, before = path.format(**ids), ids["token"], await door.tables()

    tried = await door.ask(method, f"{path}?dry_run=true", body, token=token, key="k")

    assert before == await door.tables()
    assert (status, "true") == (tried.status_code, tried.headers[dry_run.HEADER])
    real = await door.ask(method, path, body, token=token, key="k")
    assert before != await door.tables()
    assert dry_run.HEADER not in real.headers
    assert (status, tried.headers.get("etag")) == (real.status_code, real.headers.get("etag"))
    assert _shape(tried) == _shape(real)


async def test_a_dry_run_is_refused_like_the_write(door: FrontDoor, ids: dict[str, str]) -> None:
    before = await door.tables()

    taken = await door.post("/v1/holds?dry_run=true", a_time(TEN))

    assert 3 == len(problem(taken, 409, "slot-taken")["alternatives"])
    path = f"/v1/bookings/{ids['booking']}/cancel?dry_run=true"
    problem(await door.post(path, token=ids["token"], version='"9"'), 412, "stale-version")
    problem(await door.post(path), 401, "sign-in-first")
    assert before == await door.tables()


async def test_a_dry_run_neither_uses_nor_sees_an_idempotency_key(
    door: FrontDoor, ids: dict[str, str]
) -> None:
    first = await door.post("/v1/holds", a_time(TEN + 4 * HALF), key="k")

    tried = await door.post("/v1/holds?dry_run=true", a_time(TEN + 8 * HALF), key="k")

    assert (201, 201) == (first.status_code, tried.status_code)
    assert first.json()["id"] != tried.json()["id"]


async def test_a_dry_run_wakes_neither_the_relay_nor_a_stream(
    door: FrontDoor, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(door.writer._relay, "wake", lambda: woken.append("relay"))
    path = f"/v1/bookings/{ids['booking']}/cancel"
    async with door.db.listening(CHANNEL, woken.append) as listening:
        await door.post(f"{path}?dry_run=true", token=ids["token"])
        await listening.fetchval("select 1")
        assert [] == woken

        await door.post(path, token=ids["token"])
        async with asyncio.timeout(30):
            while len(woken) < 2:
                await listening.fetchval("select 1")

    assert {"relay", ids["client"]} == set(woken)


@pytest.mark.parametrize("value", ["", "1", "yes", "True", "true,false"])
async def test_what_is_neither_true_nor_false_names_the_parameter(
    door: FrontDoor, value: str
) -> None:
    before = await door.tables()

    answer = await door.post(f"/v1/holds?dry_run={value}", a_time())

    assert ["dry_run"] == [e["field"] for e in problem(answer, 422, "invalid")["errors"]]
    assert before == await door.tables()


async def test_a_code_cannot_be_guessed_without_a_trace(door: FrontDoor) -> None:
    body = {"email": "staff@limber.example", "code": "123456"}

    problem(await door.post("/v1/sign-in/verify?dry_run=true", body), 422, "invalid")


async def test_every_write_documents_the_parameter_and_no_read_does(door: FrontDoor) -> None:
    paths = (await door.ask("GET", "/openapi.json")).json()["paths"]

    for path, item in paths.items():
        for method, operation in item.items():
            named = {parameter["name"] for parameter in operation.get("parameters", ())}
            takes = method != "get" and path not in dry_run.WITHOUT
            assert takes == ("dry_run" in named), f"{method} {path}"


def _shape(answer: Any) -> Any:
    """A body without what differs from one run to the next."""
    body = answer.json() if answer.content else {}
    odd = {"id", "client_id", "manage_token", "calendar_url", "join_url", "url"}
    return {name: name if name in odd else value for name, value in body.items()}
