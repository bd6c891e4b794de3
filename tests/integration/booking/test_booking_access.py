"""Who may do what: every route beside the catalogue, asked by everybody."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.booking.front_door import (
    BENOIT,
    HOUR,
    NOW,
    SIGNER,
    TEN,
    FrontDoor,
    a_hold,
    a_wish,
    problem,
    utc,
)

MOVE = {"start": utc(TEN + 24 * HOUR)}
CHECK_IN = {"kind": "daily", "pain": 3}
ROUTES: dict[str, tuple[str, str, Any]] = {
    "read": ("GET", "/v1/bookings/{booking}", None),
    "calendar": ("GET", "/v1/bookings/{booking}/calendar.ics", None),
    "move": ("POST", "/v1/bookings/{booking}/reschedule", MOVE),
    "cancel": ("POST", "/v1/bookings/{booking}/cancel", None),
    "complete": ("POST", "/v1/bookings/{booking}/complete", None),
    "no-show": ("POST", "/v1/bookings/{booking}/no-show", None),
    "check-in": ("POST", "/v1/clients/{client}/check-ins", CHECK_IN),
    "answer": ("GET", "/v1/clients/{client}/submissions/{submission}", None),
    "progress": ("GET", "/v1/clients/{client}/progress", None),
    "lift": ("POST", "/v1/clients/{client}/safety-holds/{hold}/lift", {"reason": "we spoke"}),
}
GONE_WELL = {"complete", "no-show"}
"""Open to those who may; asked before the session begins, so a conflict says that it was open."""

CALLERS = [
    "client", "other client", "trainer", "other trainer", "clinician", "staff", "lead",
    "own link", "other link", "calendar link", "nobody", "garbage",
]  # fmt: skip
STAFF = {"staff", "lead"}
MAY: dict[str, set[str]] = {
    "read": {"client", "trainer", "own link"} | STAFF,
    "calendar": {"own link"},
    "move": {"client", "trainer", "own link"} | STAFF,
    "cancel": {"client", "trainer", "own link"} | STAFF,
    "complete": {"trainer"} | STAFF,
    "no-show": {"trainer"} | STAFF,
    "check-in": {"client", "trainer"} | STAFF,
    "answer": {"client", "trainer"} | STAFF,
    "progress": {"client", "trainer"} | STAFF,
    "lift": {"trainer"} | STAFF,
}
GARBAGE = [
    "Bearer garbage", "Bearer", "Bearer ", "Basic YW5uOnNlY3JldA==", "garbage", "",
    "Bearer " + "x" * 201, "Bearer " + "A" * 48, "Bearer a b", "Bearer \xff\xfe", "bearer  x",
]  # fmt: skip


@pytest.fixture
async def people(door: FrontDoor) -> dict[str, Any]:
    """Ann's booking with Amara, Ben's with Benoît, and a token for each caller."""
    ann = await door.book()
    ben = await door.book(trainer=BENOIT, email="ben@example.org")
    known = {
        "client": "ann@example.org",
        "other client": "ben@example.org",
        "trainer": "trainer01@limber.example",
        "other trainer": "trainer02@limber.example",
        "clinician": "clinician@limber.example",
        "staff": "staff@limber.example",
        "lead": "lead@limber.example",
    }
    tokens: dict[str, str | None] = {name: await door.sign_in(e) for name, e in known.items()}
    tokens |= {
        "own link": ann["manage_token"],
        "other link": ben["manage_token"],
        "calendar link": SIGNER.token("calendar", UUID(ann["id"])),
        "nobody": None,
        "garbage": "garbage",
    }
    path = f"/v1/clients/{ann['client_id']}/check-ins"
    submission = await door.made(path, CHECK_IN, token=tokens["client"])
    option_hold = a_hold(ann["client_id"], 7, kind="option")
    await door.hear(option_hold)
    return {
        "tokens": tokens,
        "ids": {
            "booking": ann["id"],
            "client": ann["client_id"],
            "submission": submission["id"],
            "hold": str(option_hold.hold_id),
        },
    }


@pytest.mark.parametrize("caller", CALLERS)
async def test_each_caller_is_let_into_what_is_theirs_and_nothing_else(
    door: FrontDoor, people: dict[str, Any], caller: str
) -> None:
    token = people["tokens"][caller]
    door.clock.now = NOW
    # Cancelling comes last: nothing else is possible after it.
    for name in sorted(ROUTES, key=lambda route: (route == "cancel", route)):
        method, path, body = ROUTES[name]
        before = await door.tables()

        answer = await door.ask(method, path.format(**people["ids"]), body, token=token)

        where = f"{caller} asks {name}: {answer.status_code} {answer.text}"
        if caller not in MAY[name]:
            assert answer.status_code in ({401} if token in {None, "garbage"} else {401, 403}), (
                where
            )
            problem(answer, answer.status_code, answer.json()["type"].removeprefix("/problems/"))
            assert before == await door.tables(), where
        elif name in GONE_WELL:
            problem(answer, 409, "booking-not-started")
        else:
            assert answer.status_code in {200, 202}, where


@pytest.mark.parametrize("header", GARBAGE)
async def test_a_garbage_token_is_refused_everywhere_even_where_none_is_needed(
    door: FrontDoor, header: str
) -> None:
    before = await door.tables()
    everywhere = [
        ("GET", "/v1/services", None),
        ("POST", "/v1/bookings", a_wish()),
        ("GET", f"/v1/bookings/{UUID(int=1)}", None),
    ]

    for method, path, body in everywhere:
        answer = await door.http.request(
            method, path, json=body, headers=[(b"Authorization", header.encode("latin-1"))]
        )
        problem(answer, 401, "bad-token")

    assert before == await door.tables()


@pytest.mark.parametrize("caller", sorted(set(CALLERS) - MAY["progress"]))
async def test_the_stream_of_a_client_is_closed_to_others(
    door: FrontDoor, people: dict[str, Any], caller: str
) -> None:
    path = f"/v1/clients/{people['ids']['client']}/stream"

    answer = await door.ask("GET", path, token=people["tokens"][caller])

    assert answer.status_code in {401, 403}
    assert "application/problem+json" == answer.headers["content-type"]
    assert 0 == door.wakeups.watched()


async def test_only_the_client_is_told_the_links_of_a_booking(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    path = f"/v1/bookings/{people['ids']['booking']}"
    for caller in sorted(MAY["read"]):
        read = (await door.ask("GET", path, token=people["tokens"][caller])).json()
        links = {"manage_token", "calendar_url"} & read.keys()
        assert (2 if caller in {"client", "own link"} else 0) == len(links), caller


async def test_a_trainer_reports_for_a_client_under_their_own_name(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    path = f"/v1/clients/{people['ids']['client']}/check-ins"

    await door.made(path, CHECK_IN, token=people["tokens"]["trainer"])

    (mine, theirs) = [event.data for event in await door.published(topic="booking.submissions")]
    assert people["ids"]["client"] == mine["submitted_by"]
    assert people["ids"]["client"] == theirs["client_id"] != theirs["submitted_by"]


async def test_a_trainer_whose_only_session_was_cancelled_sees_nothing(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    tokens, ids = people["tokens"], people["ids"]
    await door.made(f"/v1/bookings/{ids['booking']}/cancel", None, token=tokens["client"])

    answer = await door.ask("GET", f"/v1/clients/{ids['client']}/progress", token=tokens["trainer"])

    problem(answer, 403, "not-your-client")


async def test_what_does_not_exist_is_not_found_by_those_who_may_look(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    unknown = dict.fromkeys(people["ids"], str(UUID(int=99))) | {"client": people["ids"]["client"]}
    before = await door.tables()

    for name in sorted(ROUTES.keys() - {"check-in", "progress", "calendar"}):
        method, path, body = ROUTES[name]
        where = path.format(**unknown)
        answer = await door.ask(method, where, body, token=people["tokens"]["staff"])
        assert 404 == answer.status_code, (name, answer.text)

    assert before == await door.tables()


async def test_a_report_is_found_under_its_own_client_alone(
    door: FrontDoor, people: dict[str, Any]
) -> None:
    ben = await door.value("select id::text from people where email = 'ben@example.org'")
    submission = people["ids"]["submission"]

    answer = await door.ask(
        "GET", f"/v1/clients/{ben}/submissions/{submission}", token=people["tokens"]["staff"]
    )

    problem(answer, 404, "no-such-submission")
