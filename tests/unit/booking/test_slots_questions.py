"""Bad questions to the catalogue: refused by the field's name before the database is asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from services.booking.api import catalogue
from services.booking.domain.people import Caller
from shared import problem
from shared.postgres import Database

NOW = datetime(2026, 10, 26, 12, tzinfo=UTC)

SLOTS = {
    "service": "first-workout",
    "mode": "in-person",
    "from": "2026-10-31",
    "to": "2026-11-02",
    "tz": "America/Toronto",
    "postal": "M5V 2T6",
}
EXPLAIN = {
    "trainer": "00000000-0000-7000-8000-000000000000",
    "start": "2026-10-28T14:00:00Z",
    "service": "training",
    "mode": "virtual",
}


async def visitor(request: Request) -> None:
    request.state.caller = Caller()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The catalogue on a database that was never opened: asking it is a fault."""
    app = FastAPI()
    problem.install(app)
    app.include_router(
        catalogue.routes(Database("postgresql:///nowhere", "booking"), lambda: NOW),
        dependencies=[Depends(visitor)],
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://booking") as opened:
        yield opened


@pytest.mark.parametrize("postal", ["90210", "M5", "M" * 40, "%00%00%00", "%F0%9F%98%80", "%FF%FE"])
async def test_a_bad_postal_code_is_refused_by_name(client: httpx.AsyncClient, postal: str) -> None:
    answer = await client.get(f"/v1/areas/{postal}")

    assert (422, ["postal"]) == (answer.status_code, [e["field"] for e in answer.json()["errors"]])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service": "massage"}, "service"),
        ({"service": None}, "service"),
        ({"mode": "hybrid"}, "mode"),
        ({"condition": "gout"}, "condition"),
        ({"language": "de"}, "language"),
        ({"tz": "Toronto"}, "tz"),
        ({"tz": "../../etc/passwd"}, "tz"),
        ({"tz": "America/Toronto\0"}, "tz"),
        ({"tz": "x" * 5000}, "tz"),
        ({"tz": None}, "tz"),
        ({"from": None}, "from"),
        ({"from": "yesterday"}, "from"),
        ({"from": "1767225600"}, "from"),
        ({"from": "2026-10-31T00:00:00"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "1999-12-31"}, "from"),
        ({"to": "2026-10-30"}, "to"),
        ({"to": "2026-12-01"}, "to"),
        ({"to": "9999-12-31"}, "to"),
        ({"postal": None}, "postal"),
        ({"postal": "90210"}, "postal"),
        ({"postal": "M5V\0"}, "postal"),
        ({"trainer": "7"}, "trainer"),
    ],
)
async def test_a_bad_question_for_slots_is_refused_by_the_name_of_the_field(
    client: httpx.AsyncClient, change: dict[str, str | None], field: str
) -> None:
    query = {key: value for key, value in (SLOTS | change).items() if value is not None}

    answer = await client.get("/v1/slots", params=query)

    assert 422 == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert [field] == [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"trainer": "7"}, "trainer"),
        ({"start": "2026-10-28T14:00:00"}, "start"),
        ({"start": "1767225600"}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"start": "9999-12-31T23:59:59Z"}, "start"),
        ({"service": "massage"}, "service"),
        ({"mode": "in-person"}, "postal"),
    ],
)
async def test_a_bad_question_for_a_reason_is_refused_by_the_name_of_the_field(
    client: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    answer = await client.get("/v1/slots/explain", params=EXPLAIN | change)

    assert 422 == answer.status_code, answer.text
    assert [field] == [error["field"] for error in answer.json()["errors"]]
