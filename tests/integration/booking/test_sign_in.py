"""Sign-in: a mailed code opens one session; guessing, waiting and looking into tables do not."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.booking.domain.people import email_key
from services.booking.handlers.sign_in import CODE_LIVES, SESSION_LIVES, WRONG_TRIES
from tests.integration.booking.front_door import NOW, FrontDoor, problem, utc

STAFF = "staff@limber.example"


async def code_for(door: FrontDoor, email: str = STAFF) -> str:
    """Ask for a code and read it from the document that goes to notify."""
    answer = await door.post("/v1/sign-in", {"email": email})
    assert 202 == answer.status_code
    contact = (await door.published(topic="booking.contacts"))[-1]
    assert email_key(email) == contact.data["email"]
    code: str = contact.data["sign_in"]["code"]
    return code


async def verify(door: FrontDoor, code: str, email: str = STAFF) -> Any:
    """Try a code."""
    return await door.post("/v1/sign-in/verify", {"email": email, "code": code})


def another(code: str) -> str:
    """Six digits that are not the code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_mailed_code_of_six_digits_opens_a_session(door: FrontDoor) -> None:
    code = await code_for(door)

    assert (6, True) == (len(code), code.isdigit())
    answer = await verify(door, code)
    assert 200 == answer.status_code
    session = answer.json()
    person = await door.value("select id::text from people where email = $1", STAFF)
    assert (person, "staff", utc(NOW + SESSION_LIVES)) == (
        session["person_id"],
        session["role"],
        session["expires_at"],
    )
    path = f"/v1/clients/{person}/progress"
    assert 200 == (await door.ask("GET", path, token=session["token"])).status_code


async def test_codes_keep_leading_zeros(door: FrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.booking.handlers.sign_in.secrets.randbelow", lambda _: 42)

    assert "000042" == await code_for(door)
    assert 200 == (await verify(door, "000042")).status_code


async def test_the_answer_never_tells_whether_an_address_is_known(door: FrontDoor) -> None:
    before = await door.tables()
    unknown = await door.post("/v1/sign-in", {"email": "nobody@example.org"})
    after = await door.tables()
    # One row stands for the work that a known address makes.
    assert after.pop("rate_limits").startswith("(decoy:")
    assert after == {name: rows for name, rows in before.items() if name in after}

    known = await door.post("/v1/sign-in", {"email": STAFF})

    assert (unknown.status_code, unknown.content) == (known.status_code, known.content)
    for email in (STAFF, "nobody@example.org"):
        refused = problem(await verify(door, "000000", email), 401, "wrong-code")
        assert "That code is not valid" in refused["detail"]


async def test_a_code_is_told_to_notify_with_its_end_and_to_nobody_else(door: FrontDoor) -> None:
    code = await code_for(door)

    (contact,) = await door.published()

    assert "booking.contacts" == contact.topic
    assert utc(NOW + CODE_LIVES) == contact.data["sign_in"]["expires_at"]
    kept = (await door.tables())["sign_in_codes"]
    assert (False, False) == (code in kept, code.encode().hex() in kept)


async def test_case_of_the_address_does_not_matter(door: FrontDoor) -> None:
    code = await code_for(door, "STAFF@Limber.Example")

    assert 200 == (await verify(door, code, "Staff@limber.EXAMPLE")).status_code


async def test_a_code_opens_once(door: FrontDoor) -> None:
    code = await code_for(door)

    answers = await asyncio.gather(*(verify(door, code) for _ in range(8)))

    assert {200: 1, 401: 7} == Counter(answer.status_code for answer in answers)
    assert 1 == await door.value("select count(*) from sessions")


async def test_a_newer_code_voids_the_older(door: FrontDoor) -> None:
    older, newer = await code_for(door), await code_for(door)

    if older != newer:
        problem(await verify(door, older), 401, "wrong-code")
    assert 200 == (await verify(door, newer)).status_code


async def test_four_wrong_tries_are_forgiven_and_five_kill_the_code(door: FrontDoor) -> None:
    code = await code_for(door)
    for _ in range(WRONG_TRIES - 1):
        problem(await verify(door, another(code)), 401, "wrong-code")
    assert 200 == (await verify(door, code)).status_code

    code = await code_for(door)
    for _ in range(WRONG_TRIES):
        problem(await verify(door, another(code)), 401, "wrong-code")
    problem(await verify(door, code), 401, "wrong-code")
    assert 200 == (await verify(door, await code_for(door))).status_code


async def test_five_wrong_tries_at_once_kill_it_as_well(door: FrontDoor) -> None:
    code = await code_for(door)

    answers = await asyncio.gather(*(verify(door, another(code)) for _ in range(20)))

    assert {401} == {answer.status_code for answer in answers}
    assert WRONG_TRIES == await door.value("select wrong_tries from sign_in_codes")
    problem(await verify(door, code), 401, "wrong-code")


async def test_wrong_tries_are_counted_for_each_person_alone(door: FrontDoor) -> None:
    mine, theirs = await code_for(door), await code_for(door, "lead@limber.example")
    for _ in range(WRONG_TRIES):
        await verify(door, another(theirs), "lead@limber.example")

    assert 200 == (await verify(door, mine)).status_code


async def test_a_code_of_somebody_else_opens_nothing(door: FrontDoor) -> None:
    mine, theirs = await code_for(door), await code_for(door, "lead@limber.example")

    if mine != theirs:
        problem(await verify(door, theirs), 401, "wrong-code")


async def test_a_code_ends_after_ten_minutes_of_the_clock(door: FrontDoor) -> None:
    code = await code_for(door)
    door.clock.now = NOW + timedelta(minutes=10)
    problem(await verify(door, code), 401, "wrong-code")

    door.clock.now -= timedelta(microseconds=1)

    assert 200 == (await verify(door, code)).status_code


async def test_a_session_ends_by_the_clock(door: FrontDoor) -> None:
    session = (await verify(door, await code_for(door))).json()
    path = f"/v1/clients/{session['person_id']}/progress"

    door.clock.now = NOW + SESSION_LIVES - timedelta(microseconds=1)
    assert 200 == (await door.ask("GET", path, token=session["token"])).status_code
    door.clock.now = NOW + SESSION_LIVES
    refused = await door.ask("GET", path, token=session["token"])

    problem(refused, 401, "bad-token")
    assert "Bearer" == refused.headers["www-authenticate"]


async def test_a_token_is_kept_as_a_hash_alone(door: FrontDoor) -> None:
    code = await code_for(door)

    token = (await verify(door, code)).json()["token"]

    rows = str(await door.tables())
    assert (False, False) == (token in rows, token.encode().hex() in rows)
    assert len(token) >= 43


async def test_ended_sessions_are_swept_by_the_next_sign_in(door: FrontDoor) -> None:
    await verify(door, await code_for(door))
    door.clock.now = NOW + SESSION_LIVES + timedelta(seconds=1)

    await verify(door, await code_for(door))

    assert 1 == await door.value("select count(*) from sessions")


@pytest.mark.parametrize(
    "code", ["12345", "1234567", "12345x", "\N{FULLWIDTH DIGIT ONE}23456", "12345\n", 123456, None]
)
async def test_a_code_that_is_not_six_digits_names_the_field(door: FrontDoor, code: Any) -> None:
    before = await door.tables()

    refused = problem(await verify(door, code), 422, "invalid")

    assert ["code"] == [error["field"] for error in refused["errors"]]
    assert before == await door.tables()
