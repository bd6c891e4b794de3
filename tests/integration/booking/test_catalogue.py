"""The catalogue over HTTP: what it answers, and how it refuses what it cannot read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from services.booking import demo
from services.booking.api import catalogue
from services.booking.domain.links import LinkSigner
from services.booking.domain.people import Caller
from shared import problem
from shared.postgres import Database

NOW = datetime(2026, 10, 26, 12, tzinfo=UTC)
AMARA = str(demo.demo_id("trainer01@limber.example"))

SLOTS = {
    "service": "first-workout",
    "mode": "in-person",
    "from": "2026-10-31",
    "to": "2026-11-02",
    "tz": "America/Toronto",
    "postal": "M5V 2T6",
}
EXPLAIN = {
    "trainer": AMARA,
    "start": "2026-10-28T14:00:00Z",
    "service": "training",
    "mode": "virtual",
}


async def visitor(request: Request) -> None:
    request.state.caller = Caller()


@pytest.fixture
async def client(booking_db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The catalogue alone, with the demo's people behind it."""
    async with booking_db.transaction() as tx:
        await demo.add_missing(tx, LinkSigner(b"only for tests"), now=NOW)
    app = FastAPI()
    problem.install(app)
    app.include_router(catalogue.routes(booking_db, lambda: NOW), dependencies=[Depends(visitor)])
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://booking") as opened:
        yield opened


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def test_services_are_listed_with_length_and_price(client: httpx.AsyncClient) -> None:
    found = await get(client, "/v1/services")

    assert {
        "id": "first-workout",
        "name": "Free first workout",
        "minutes": 60,
        "modes": ["in-person", "virtual"],
        "free": True,
        "once_per_client": True,
    } == found[0]
    assert ["first-workout", "assessment", "training"] == [one["id"] for one in found]


async def test_an_area_is_found_by_postal_code(client: httpx.AsyncClient) -> None:
    inside = await get(client, "/v1/areas/l9y%201a1")
    outside = await get(client, "/v1/areas/P3E")

    both = ["in-person", "virtual"]
    assert {"postal": "L9Y 1A1", "area": "collingwood", "city": "Collingwood", "modes": both} == (
        inside
    )
    assert {"postal": "P3E", "area": None, "city": None, "modes": ["virtual"]} == outside


async def test_trainers_show_their_public_profile_alone(client: httpx.AsyncClient) -> None:
    found = await get(client, "/v1/trainers")

    assert 20 == len(found)
    profile = {"id", "name", "areas", "modes", "languages", "conditions", "tz"}
    assert all(profile == set(one) for one in found)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"condition": "fibromyalgia"}, ("conditions", "fibromyalgia")),
        ({"mode": "virtual"}, ("modes", "virtual")),
        ({"area": "ottawa"}, ("areas", "ottawa")),
        ({"language": "fr"}, ("languages", "fr")),
    ],
)
async def test_trainers_are_filtered(
    client: httpx.AsyncClient, query: dict[str, str], holds: tuple[str, str]
) -> None:
    everybody = await get(client, "/v1/trainers")
    found = await get(client, "/v1/trainers", **query)

    assert [one for one in everybody if holds[1] in one[holds[0]]] == found
    assert 0 < len(found) < 20


async def test_slots_show_both_wall_and_instant_across_the_change_of_clocks(
    client: httpx.AsyncClient,
) -> None:
    found = await get(client, "/v1/slots", **SLOTS)

    assert ("America/Toronto", False) == (found["tz"], found["virtual"])
    assert 3 * 15 == len(found["slots"])
    assert sorted(found["slots"], key=lambda slot: slot["start"]) == found["slots"]
    before, after = found["slots"][0], found["slots"][15]
    assert (
        "2026-10-31T13:00:00Z", "2026-10-31T14:00:00Z", "2026-10-31T09:00:00-04:00", "EDT",
    ) == tuple(before[key] for key in ("start", "end", "local", "zone"))  # fmt: skip
    assert (
        "2026-11-01T14:00:00Z", "2026-11-01T15:00:00Z", "2026-11-01T09:00:00-05:00", "EST",
    ) == tuple(after[key] for key in ("start", "end", "local", "zone"))  # fmt: skip
    assert "Amara Okafor" == before["trainers"][0]["name"]
    assert "Visits Toronto." == before["trainers"][0]["why"]


async def test_slots_are_what_the_document_says(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/slots", params=SLOTS)

    parsed = catalogue.SlotsAnswer.model_validate_json(answer.content)
    assert answer.json() == parsed.model_dump(mode="json")


async def test_dates_are_those_of_the_zone_asked_for(client: httpx.AsyncClient) -> None:
    wish = SLOTS | {"mode": "virtual", "tz": "Asia/Tokyo", "to": "2026-10-31"}
    found = await get(client, "/v1/slots", **wish)

    locals_there = [slot["local"] for slot in found["slots"]]
    assert locals_there[0].startswith("2026-10-31T00:00:00+09:00")
    assert all(local.startswith("2026-10-31") for local in locals_there)
    assert {"JST"} == {slot["zone"] for slot in found["slots"]}


async def test_a_single_day_and_a_whole_month_can_be_asked_for(client: httpx.AsyncClient) -> None:
    one = await get(client, "/v1/slots", **SLOTS | {"to": "2026-10-31"})
    month = await get(client, "/v1/slots", **SLOTS | {"to": "2026-11-30"})

    assert (15, 31 * 15) == (len(one["slots"]), len(month["slots"]))


async def test_outside_the_areas_the_answer_points_to_virtual(client: httpx.AsyncClient) -> None:
    found = await get(client, "/v1/slots", **SLOTS | {"postal": "P3E 5J1"})

    assert {"tz": "America/Toronto", "slots": [], "virtual": True} == found


@pytest.mark.parametrize("dates", [("2020-01-01", "2020-01-05"), ("2099-12-01", "2099-12-31")])
async def test_the_past_and_the_far_future_have_no_slots(
    client: httpx.AsyncClient, dates: tuple[str, str]
) -> None:
    found = await get(client, "/v1/slots", **SLOTS | {"from": dates[0], "to": dates[1]})

    assert [] == found["slots"]


async def test_an_offered_time_is_explained_as_offered(client: httpx.AsyncClient) -> None:
    assert {"offered": True, "reasons": []} == await get(client, "/v1/slots/explain", **EXPLAIN)


async def test_all_reasons_against_a_time_are_told(client: httpx.AsyncClient) -> None:
    wish = EXPLAIN | {"start": "2020-01-01T03:10:00-05:00", "mode": "in-person", "postal": "K1A"}
    found = await get(client, "/v1/slots/explain", **wish)

    assert not found["offered"]
    assert ["area", "notice", "outside-hours"] == [one["code"] for one in found["reasons"]]
    assert "Amara Okafor does not visit Ottawa." == found["reasons"][0]["detail"]


@pytest.mark.parametrize(("path", "query"), [("/v1/slots", SLOTS), ("/v1/slots/explain", EXPLAIN)])
async def test_an_unknown_trainer_is_refused_by_the_name_of_the_field(
    client: httpx.AsyncClient, path: str, query: dict[str, str]
) -> None:
    unknown = "00000000-0000-7000-8000-000000000000"

    answer = await client.get(path, params=query | {"trainer": unknown})

    assert 422 == answer.status_code, answer.text
    assert ["trainer"] == [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("start", ["2000-01-01T00:00:00+14:00", "2099-12-31T23:59:59-14:00"])
async def test_the_edges_of_time_are_answered(client: httpx.AsyncClient, start: str) -> None:
    found = await get(client, "/v1/slots/explain", **EXPLAIN | {"start": start})

    assert not found["offered"]
