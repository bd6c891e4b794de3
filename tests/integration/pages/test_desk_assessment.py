"""The assessment's form: what it hands over, once, and what it refuses without losing anything."""

from typing import Any

import pytest

from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.clients import MARKUP, Client
from tests.integration.pages.professionals import OTHER_TRAINER, Professional, at_work

SEEN: dict[str, Any] = {
    "page": "one",
    "pain_now": "4",
    "pain_week": "6",
    "posture-neck": "head-forward",
    "posture-neck-severity": "2",
    "posture-hip": "nothing-notable",
    "mechanics-squat": "knee-drifts-in",
    "mechanics-squat-severity": "1",
    "rom-hip-left-extension": "-5",
    "rom-neck-none-rotation": "60",
    "moved-neck": "on",
    "chair_stand": "11",
}


async def test_what_was_seen_is_handed_over_once(ann: Client, amara: Professional) -> None:
    path = f"/desk/clients/{ann.id}/assessment"
    page = await amara.open(path)
    assert page.by_id["assessment"].action.endswith(path)
    done = await amara.post(path, **SEEN)
    assert f"/desk/clients/{ann.id}/reports/" in done.url
    assert done.url == (await amara.post(path, **SEEN)).url
    sent = await amara.sent()
    assert 1 == len(sent)
    found = sent[0]["assessment"]
    assert [("neck", "head-forward", 2), ("hip", "nothing-notable", 0)] == [
        (one["region"], one["finding"], one["severity"]) for one in found["posture"]
    ]
    assert [("squat", 1)] == [(one["movement"], one["severity"]) for one in found["mechanics"]]
    assert [("neck", "none", 60, False), ("hip", "left", -5, True)] == [
        (one["joint"], one["side"], one["degrees"], one["active"]) for one in found["rom"]
    ]
    assert (11, {"pain_now": 4, "pain_week": 6}) == (found["chair_stand"], found["baseline"])


@pytest.mark.parametrize(
    ("field", "typed", "marked"),
    [
        ("posture-neck-severity", "", "posture-neck"),
        ("posture-neck-severity", "9", "posture-neck"),
        ("mechanics-squat-severity", MARKUP, "mechanics-squat"),
        ("rom-hip-left-extension", "1e3", "rom-hip-left-extension"),
        ("rom-hip-left-extension", "-300", "rom-hip-left-extension"),
        ("chair_stand", MARKUP, "chair_stand"),
        ("pain_now", "11", "pain_now"),
        ("pain_week", "", "pain_week"),
    ],
)
async def test_what_is_wrong_is_marked_and_nothing_is_lost(
    ann: Client, amara: Professional, field: str, typed: str, marked: str
) -> None:
    page = await amara.post(f"/desk/clients/{ann.id}/assessment", **(SEEN | {field: typed}))
    assert (422, True) == (page.status, f'id="{marked}-wrong"' in page.answer.text)
    assert "<script>alert" not in page.answer.text
    values = dict(page.by_id["assessment"].values)
    others = SEEN.keys() - {field, "page"}
    assert {name: SEEN[name] for name in others} == {name: values.get(name) for name in others}
    assert [] == await amara.sent()


async def test_only_those_who_treat_the_client_assess(ann: Client, door: FrontDoor) -> None:
    path = f"/desk/clients/{ann.id}/assessment"
    assert (403, 403) == ((await ann.open(path)).status, (await ann.post(path, **SEEN)).status)
    async with at_work(door, OTHER_TRAINER) as other:
        assert (403, 403) == (
            (await other.open(path)).status,
            (await other.post(path, **SEEN)).status,
        )
        assert [] == await other.sent()


async def test_the_worker_speaks_for_the_desk_alone(amara: Professional) -> None:
    answer = await amara.visitor.http.get("/desk/worker.js")
    assert (200, "text/javascript; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    )


async def test_the_form_speaks_french(ann: Client, amara: Professional) -> None:
    page = await amara.open(f"/desk/clients/{ann.id}/assessment?lang=fr")
    assert "Évaluation de Ann Example" in page.text
    assert "Tête avancée" in page.text
