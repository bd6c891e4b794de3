"""The vocabulary and the catalogue of options over HTTP: for anybody, and asked for once."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.booking.api.vocabulary import CACHE_CONTROL
from shared.options.catalogue import catalogue
from shared.postgres import Database
from tests.integration.booking import front_door
from tests.integration.booking.front_door import NOWHERE, FrontDoor, problem

BOTH = ["/v1/vocabulary", "/v1/options", "/v1/options?family=calm&region=head"]


@pytest.fixture(scope="module")
async def door() -> AsyncIterator[FrontDoor]:
    """A front door without a database: what never changes is told without asking one."""
    async with front_door.opened(Database(f"postgresql://{NOWHERE}/none", "booking")) as opened:
        yield opened


async def get(door: FrontDoor, path: str) -> Any:
    answer = await door.ask("GET", path)
    assert 200 == answer.status_code, answer.text
    return answer.json()


async def held(door: FrontDoor, path: str, tags: str) -> httpx.Response:
    return await door.http.get(path, headers={b"If-None-Match": tags.encode("latin-1")})


async def test_codes_are_named_in_both_languages(door: FrontDoor) -> None:
    found = await get(door, "/v1/vocabulary")

    assert {
        "code": "back-pain",
        "label": {"en": "Back pain", "fr": "Mal de dos"},
    } == found["conditions"][0]
    assert {
        "code": "saddle-numbness",
        "tier": "R1",
        "label": {
            "en": "Numbness between the legs or around the seat",
            "fr": "Engourdissement entre les jambes ou au siège",
        },
    } == found["red_flags"][0]
    assert ["flexion", "extension"] == next(
        joint["motions"] for joint in found["joints"] if joint["code"] == "knee"
    )
    assert ["mobility", "strength", "low-impact", "calm"] == [
        family["code"] for family in found["families"]
    ]


async def test_an_option_is_told_whole(door: FrontDoor) -> None:
    found = await get(door, "/v1/options")

    option = next(one for one in found["options"] if one["code"] == "chair-stands")
    assert catalogue().version == found["version"]
    assert {
        "family": "strength",
        "kind": "body-weight",
        "position": "standing",
        "load": 3,
        "impact": 0,
        "dose": {
            "per_week": 3, "sets": 2, "repetitions": 6, "minutes": None, "hold_seconds": None,
        },
        "easier": ["high-chair-stands"],
        "harder": ["low-step-ups"],
        "virtual": True,
        "place": None,
    }.items() <= option.items()  # fmt: skip
    assert ["standing", "sitting"] == option["contraindications"]["positions"]
    assert "Standing up and sitting down" == option["text"]["en"]["name"]
    assert "Se lever et s\u2019asseoir" == option["text"]["fr"]["name"]


async def test_options_are_told_by_family_and_region(door: FrontDoor) -> None:
    everything = (await get(door, "/v1/options"))["options"]
    knees = (await get(door, "/v1/options?region=knee"))["options"]
    strong_knees = (await get(door, "/v1/options?region=knee&family=strength"))["options"]

    assert len(catalogue().options) == len(everything)
    assert [one for one in everything if "knee" in one["regions"]] == knees
    assert [one for one in knees if one["family"] == "strength"] == strong_knees


@pytest.mark.parametrize("field", ["family", "region"])
@pytest.mark.parametrize("code", ["tail", "", "Knee", "knee,hip", "%00", "x" * 3000])
async def test_an_unknown_family_or_region_is_refused(
    door: FrontDoor, field: str, code: str
) -> None:
    answer = await door.ask("GET", f"/v1/options?{field}={code}")

    assert [field] == [wrong["field"] for wrong in problem(answer, 422, "invalid")["errors"]]


@pytest.mark.parametrize("path", BOTH)
async def test_who_holds_the_current_copy_is_told_so(door: FrontDoor, path: str) -> None:
    first = await door.ask("GET", path)
    tag = first.headers["etag"]

    for named in (tag, f"W/{tag}", f'"older", {tag}', "*"):
        again = await held(door, path, named)
        assert (304, b"", tag, CACHE_CONTROL) == (
            again.status_code,
            again.content,
            again.headers["etag"],
            again.headers["cache-control"],
        )
    for named in ('"older"', tag.strip('"'), "", "\u00ff"):
        whole = await held(door, path, named)
        assert (200, first.content) == (whole.status_code, whole.content)
    assert CACHE_CONTROL == first.headers["cache-control"]


async def test_each_selection_has_a_tag_of_its_own(door: FrontDoor) -> None:
    tags = {(await door.ask("GET", path)).headers["etag"] for path in BOTH}

    assert len(BOTH) == len(tags)


async def test_both_stand_in_the_reference_with_their_answers(door: FrontDoor) -> None:
    paths = (await get(door, "/openapi.json"))["paths"]

    for path in ("/v1/vocabulary", "/v1/options"):
        assert {"200", "304"} <= paths[path]["get"]["responses"].keys()
    assert "422" in paths["/v1/options"]["get"]["responses"]
