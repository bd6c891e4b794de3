"""Bad input at every door: a problem that names what is wrong, no fault, and nothing written."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.http import MAX_BODY_BYTES
from tests.integration.booking.front_door import (
    HOUR,
    TEN,
    FrontDoor,
    a_hold,
    a_time,
    a_wish,
    problem,
    utc,
)

ADDRESS = {"street": "1 Front St", "postal": "M5V 2T6"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/holds": a_time(),
    "/v1/bookings": a_wish(TEN + 2 * HOUR, address=ADDRESS, conditions=["back-pain"]),
    "/v1/bookings/{booking}/reschedule": {"start": utc(TEN + 4 * HOUR)},
    "/v1/bookings/{booking}/cancel": {"reason": "none needed"},
    "/v1/sign-in": {"email": "staff@limber.example"},
    "/v1/sign-in/verify": {"email": "staff@limber.example", "code": "123456"},
    "/v1/clients/{client}/check-ins": {"kind": "daily", "pain": 3},
    "/v1/clients/{client}/safety-holds/{hold}/lift": {"reason": "we spoke"},
}
"""Every route with a body, and one that it takes."""

PATHS = {
    "/v1/areas/{}": "postal",
    "/v1/bookings/{}": "booking_id",
    "/v1/bookings/{}/calendar.ics": "booking_id",
    "/v1/clients/{}/progress": "client_id",
    "/v1/clients/{}/stream": "client_id",
    "/v1/clients/00000000-0000-7000-8000-000000000000/submissions/{}": "submission_id",
}
ODD_PARTS = [
    "7", "x" * 3000, "%00", "%ff", "%ED%A0%80", "%F0%9F%99%82", "null", "00000000-0000-7000-8000",
    "..%2f..%2fetc", "'; drop table people; --", "%0a",
]  # fmt: skip

UNREADABLE: dict[str, bytes] = {
    "broken": b'{"service": ',
    "trailing": b"{} {}",
    "single quotes": b"{'service': 'training'}",
    "not UTF-8": b'{"service": "\xff\xfe"}',
    "very deep": b'{"service":' * 3000 + b"1" + b"}" * 3000,
    "very deep list": b"[" * 30_000 + b"]" * 30_000,
    "a number too long": b'{"service": ' + b"9" * 5000 + b"}",
    "comment": b"{} // fine",
}
ODD: dict[str, bytes] = {
    "half a character": b'{"unknown": "\xed\xa0\x80"}',
    "UTF-16": '{"unknown": 1}'.encode("utf-16"),
    "array": b"[]",
    "text": b'"training"',
    "number": b"7",
    "huge number": b"1" + b"0" * 400,
    "float beyond all": b"1e999",
    "NaN": b"NaN",
    "true": b"true",
    "deep": b'{"service":' * 100 + b"1" + b"}" * 100,
    "only unknown": b'{"unknown": 1}',
    "half a character as a name": b'{"\\ud800": 1}',
    "null byte as a name": b'{"\\u0000": 1}',
    "very long name": b'{"' + b"n" * 60_000 + b'": 1}',
    "many names": json.dumps({f"n{i}": i for i in range(3000)}).encode(),
}
WRONG: dict[str, list[Any]] = {
    "text": [None, 7, 5.5, True, [], {}, "", "a\0b", "half \ud83d", "x" * 5000],
    "free text": [7, 5.5, True, [], {}, "a\0b", "half \ud83d", "x" * 5000],
    "instant": [
        None, 7, True, [], {}, "", "tomorrow", "2026-05-06", "2026-05-06T14:00:00",
        "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-2026-05-06T14:00:00Z", "NaN",
        "2026-05-06T25:00:00Z", "2026-05-06T14:00:00+99:00", "2026-05-06T14:00:00Z\0",
    ],
    "id": [7, True, [], {}, "", "7", "x" * 36, "\0" * 36, "half \ud83d"],
    "list": [7, True, "back-pain", {}, [7], [None], ["unknown"], ["back-pain"] * 10, [[]]],
    "flag": [None, 7, 0, 1, "true", "", [], {}],
    "object": [7, True, "x", [], ""],
}  # fmt: skip
ODD_EMAILS: list[Any] = [
    "ann", "ann@", "@example.org", "ann@example", "ann@@example.org", "ann@exa mple.org",
    "ann@example.org\r\nBcc: x@example.org", "ann\0@example.org", "half\ud83d@example.org",
    "a" * 250 + "@example.org", "ann@-example.org", "Ann <ann@example.org>", None, 7, {}, [],
]  # fmt: skip
ODD_ZONES = [
    "Mars/Olympus", "../../etc/passwd", "America/Toronto\0", "EST5EDT,M3.2.0", "", "/etc/localtime",
    "america/toronto", "x" * 65, "half \ud83d", None, 7,
]  # fmt: skip
ODD_PHONES = ["", "12", "call me", "+1 416 555 0123 4567 890", "1" * 41, "416\0555", 7, {}]
ODD_POSTALS = ["", "12345", "M5V 2T", "D5V 2T6", "M5V 2T6\0", "half \ud83d", "x" * 500, 7, {}]


def wrong_fields() -> Iterator[tuple[str, str, Any]]:
    """Route, field and value: everything that is wrong by itself."""
    time = {
        "service": [*WRONG["text"], "massage"],
        "mode": [*WRONG["text"], "by phone"],
        "start": WRONG["instant"],
        "trainer": WRONG["id"],
        "postal": ODD_POSTALS,
    }
    by_route: dict[str, dict[str, list[Any]]] = {
        "/v1/holds": time,
        "/v1/bookings": {
            name: [v for v in values if v is not None] for name, values in time.items()
        }
        | {
            "hold": WRONG["id"],
            "client": [None, *WRONG["object"]],
            "client.name": [*WRONG["text"], " ", "\n", "\x1c", "\u2003"],
            "client.email": ODD_EMAILS,
            "client.phone": ODD_PHONES,
            "client.tz": ODD_ZONES,
            "client.language": [*WRONG["text"], "de"],
            "client.role": ["staff"],
            "address": WRONG["object"],
            "address.street": WRONG["text"],
            "address.city": [*WRONG["free text"], ""],
            "address.postal": [None, *ODD_POSTALS],
            "address.note": WRONG["free text"],
            "conditions": [7, True, "back-pain", {}, ["back-pain"] * 10],
            "conditions.0": [7, None, "unknown", []],
            "goal": WRONG["free text"],
            "consent": [None, *WRONG["object"]],
            "consent.reminders": WRONG["flag"],
            "consent.marketing": WRONG["flag"],
            "consent.sms": [True],
            "version": [1],
        },
        "/v1/bookings/{booking}/reschedule": {
            "start": WRONG["instant"],
            "trainer": WRONG["id"],
            "end": [utc(TEN)],
        },
        "/v1/bookings/{booking}/cancel": {
            "reason": WRONG["free text"],
            "by": ["staff"],
        },
        "/v1/sign-in": {"email": ODD_EMAILS, "code": ["123456"]},
        "/v1/sign-in/verify": {"email": ODD_EMAILS, "code": WRONG["text"]},
    }
    for route, fields in by_route.items():
        for field, values in fields.items():
            for value in values:
                yield route, field, value


def with_field(body: Any, field: str, value: Any) -> Any:
    """The body with one field, named by its dotted path, set to a value."""
    name, _, rest = field.partition(".")
    if isinstance(body, list):
        return [value]
    return body | {name: with_field(body[name], rest, value) if rest else value}


class Visitors:
    """The front door with somebody who may ask everything, and the state before they did."""

    def __init__(self, door: FrontDoor, token: str, ids: dict[str, str]) -> None:
        self.door = door
        self.token = token
        self.ids = ids
        self.before: dict[str, str] = {}

    async def send(
        self, route: str, content: Any, content_type: str | None = "application/json"
    ) -> httpx.Response:
        """POST raw bytes, or chunks of them."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        path = route.format(**self.ids)
        return await self.door.http.post(path, content=content, headers=headers)


@pytest.fixture
async def visitors(door: FrontDoor) -> AsyncIterator[Visitors]:
    """Staff's token; afterwards every table has to be as it was before."""
    booking = await door.book()
    await door.hear(a_hold(booking["client_id"], kind="option"))
    token = await door.sign_in("staff@limber.example")
    ids = {"booking": booking["id"], "client": booking["client_id"], "hold": str(UUID(int=1))}
    found = Visitors(door, token, ids)
    before = await door.tables()
    yield found
    assert before == await door.tables()


def is_refused(answer: httpx.Response, *statuses: int) -> Any:
    """The problem in an answer of one of the statuses."""
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:500]}"
    code = answer.json()["type"].removeprefix("/problems/")
    return problem(answer, answer.status_code, code)


@pytest.mark.parametrize("route", BODIES)
async def test_a_body_that_cannot_be_read_is_refused(visitors: Visitors, route: str) -> None:
    for name, content in UNREADABLE.items():
        is_refused(await visitors.send(route, content), 400), name


@pytest.mark.parametrize("route", BODIES)
async def test_a_body_of_another_shape_is_refused(visitors: Visitors, route: str) -> None:
    for name, content in ODD.items():
        refused = is_refused(await visitors.send(route, content), 422)
        assert refused["errors"], name
        assert all(error["field"] for error in refused["errors"]), name


@pytest.mark.parametrize("route", sorted(BODIES.keys() - {"/v1/bookings/{booking}/cancel"}))
async def test_an_empty_body_is_refused_where_one_is_needed(visitors: Visitors, route: str) -> None:
    for content in (b"", b"null"):
        refused = is_refused(await visitors.send(route, content), 422)
        assert ["body"] == [error["field"] for error in refused["errors"]]
    refused = is_refused(await visitors.send(route, b"{}"), 422)
    assert {error["field"] for error in refused["errors"]} <= set(BODIES[route]) | {"hold"}


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
async def test_another_type_of_content_is_refused(
    visitors: Visitors, route: str, content_type: str | None
) -> None:
    content = json.dumps(BODIES[route]).encode()

    is_refused(await visitors.send(route, content, content_type), 400, 415, 422)


@pytest.mark.parametrize("route", BODIES)
async def test_a_body_over_64_kib_is_too_large_announced_or_not(
    visitors: Visitors, route: str
) -> None:
    body = json.dumps(BODIES[route]).encode()
    padded = body + b" " * (MAX_BODY_BYTES + 1 - len(body))

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(padded), 4096):
            yield padded[at : at + 4096]

    assert 64 * 1024 + 1 == len(padded)
    problem(await visitors.send(route, padded), 413, "body-too-large")
    problem(await visitors.send(route, chunks()), 413, "body-too-large")


async def test_a_body_of_exactly_64_kib_is_read(door: FrontDoor) -> None:
    body = json.dumps(a_time()).encode()
    padded = body + b" " * (MAX_BODY_BYTES - len(body))

    answer = await door.http.post(
        "/v1/holds", content=padded, headers={"Content-Type": "application/json"}
    )

    assert 201 == answer.status_code


@pytest.mark.parametrize("announced", ["-1", "ten", "1e3", "9" * 5000, "65537"])
async def test_an_odd_announced_length_is_refused(door: FrontDoor, announced: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": announced}

    answer = await door.http.post("/v1/holds", content=b"{}", headers=headers)

    is_refused(answer, 400, 413)


async def test_each_wrong_field_is_named_by_its_path(visitors: Visitors) -> None:
    for route, field, value in wrong_fields():
        body = with_field(BODIES[route], field, value)
        answer = await visitors.send(route, json.dumps(body).encode())
        assert 422 == answer.status_code, (route, field, value, answer.text)
        refused = problem(answer, 422, "invalid")
        named = [error["field"] for error in refused["errors"]]
        assert all(name == field or name.startswith(f"{field}.") for name in named), (
            route,
            field,
            value,
            named,
        )
        assert all(error["message"] for error in refused["errors"])


@pytest.mark.parametrize("missing", ["service", "mode", "start"])
async def test_what_is_missing_of_a_time_is_named(visitors: Visitors, missing: str) -> None:
    for route in ("/v1/holds", "/v1/bookings"):
        body = {name: value for name, value in BODIES[route].items() if name != missing}
        refused = is_refused(await visitors.send(route, json.dumps(body).encode()), 422)
        assert [missing] == [error["field"] for error in refused["errors"]]


@pytest.mark.parametrize("field", ["service", "mode", "start", "trainer", "postal"])
async def test_a_hold_and_a_time_together_name_what_is_too_much(
    visitors: Visitors, field: str
) -> None:
    time = a_time(postal="M5V 2T6")
    body = {"client": a_wish()["client"], "hold": str(UUID(int=1)), field: time[field]}

    refused = is_refused(await visitors.send("/v1/bookings", json.dumps(body).encode()), 422)

    assert [field] == [error["field"] for error in refused["errors"]]


@pytest.mark.parametrize("path", PATHS)
async def test_an_odd_part_of_an_address_is_refused_by_its_name(
    visitors: Visitors, path: str
) -> None:
    for part in ODD_PARTS:
        headers = {"Authorization": f"Bearer {visitors.token}"}
        answer = await visitors.door.http.get(path.format(part), headers=headers)
        refused = is_refused(answer, 404, 422)
        if refused["status"] == 422:
            assert [PATHS[path]] == [error["field"] for error in refused["errors"]]


async def test_an_odd_calendar_token_opens_nothing(visitors: Visitors) -> None:
    path = f"/v1/bookings/{visitors.ids['booking']}/calendar.ics"
    for token in ("", "x", "x" * 201, "x" * 5000, "\0", "\U0001f642", "%ff"):
        problem(await visitors.door.http.get(path, params={"token": token}), 401, "bad-token")


async def test_an_unknown_address_and_another_method_are_problems(visitors: Visitors) -> None:
    http = visitors.door.http
    for path in ("/unknown", "/v1", "/v1/unknown", "/v2/holds", "/v1/services/x/y"):
        problem(await http.get(path), 404, "not-found")
    for method, path in (
        ("GET", "/v1/holds"),
        ("PUT", "/v1/bookings"),
        ("DELETE", f"/v1/bookings/{UUID(int=1)}"),
        ("PATCH", f"/v1/bookings/{UUID(int=1)}"),
        ("POST", "/v1/services"),
        ("GET", "/v1/sign-in"),
    ):
        answer = await http.request(method, path)
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["allow"]


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(), max_size=8)
    | st.sampled_from(["training", "virtual", "daily", utc(TEN), "ann@example.org", "\ud83d", "7"])
)
names = st.sampled_from(
    sorted({name for body in BODIES.values() for name in body} | {"hold", "note", "exercises"})
) | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)
)


@pytest.fixture
async def staff(door: FrontDoor) -> str:
    """A token that is let in everywhere."""
    return await door.sign_in("staff@limber.example")


@pytest.mark.parametrize("route", BODIES)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_no_json_whatever_makes_a_door_stumble(
    door: FrontDoor, staff: str, route: str, data: st.DataObject
) -> None:
    ids = dict.fromkeys(("booking", "client", "hold"), str(UUID(int=1)))
    changed = st.fixed_dictionaries({}, optional=dict.fromkeys(BODIES[route], anything))
    body = data.draw(anything | changed.map(lambda fields: BODIES[route] | fields))
    before = await door.tables()

    answer = await door.post(route.format(**ids), body, token=staff)

    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        is_refused(answer, answer.status_code)
        assert before == await door.tables()
