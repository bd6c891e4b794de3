"""Health, questionnaires and goals as forms: read strictly, sent once, nothing typed is lost."""

import re
from typing import Any, get_args

from shared.instruments.table import instruments
from shared.vocabulary.codes import Health
from tests.integration.booking.care_view import GOALS, on
from tests.integration.pages.clients import MARKUP, Client

HEALTHY: dict[str, Any] = dict.fromkeys(get_args(Health), "no")
SCREENED = HEALTHY | {"active": "yes", "wish": "light"}


async def test_answers_about_health_reach_progress_whole(ann: Client) -> None:
    page = await ann.post(
        "/me/screening",
        **SCREENED | {"heart_condition": "yes"},
        conditions=["back-pain", "other"],
        red_flags=["night-pain"],
        enjoys=["calm", "low-impact"],
        medications="ASA 81 mg",
    )
    assert "pending" in page.tagged
    (report,) = await ann.sent()
    assert {
        "health": {name: name == "heart_condition" for name in HEALTHY},
        "active": True,
        "wish": "light",
        "conditions": ["back-pain", "other"],
        "red_flags": ["night-pain"],
        "enjoys": ["calm", "low-impact"],
        "medications": "ASA 81 mg",
    } == report["screening"]


async def test_an_unanswered_question_is_marked_and_nothing_typed_is_lost(ann: Client) -> None:
    typed = {name: value for name, value in SCREENED.items() if name not in {"fever", "wish"}}
    page = await ann.post("/me/screening", **typed, conditions="other", medications=MARKUP)
    assert 422 == page.status
    assert 1 == page.text.count("Please answer yes or no.")
    assert 1 == page.text.count("Please choose one.")
    text = page.answer.text
    assert re.search(r'name="conditions" value="other"[^>]* checked', text)
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    for wrong in ({"wish": "wild"}, {"conditions": "fame"}, {"enjoys": "cake"}, {"active": "on"}):
        assert 422 == (await ann.post("/me/screening", **SCREENED | wrong)).status, wrong
    assert [] == await ann.sent()


async def test_each_questionnaire_is_answered_whole(ann: Client) -> None:
    await ann.known()
    answers = {
        "peg": [5, 0, 10],
        "pgic": [3],
        "paces-s": [1, 5, 3, 3],
        "phq-2": [0, 3],
        "psfs": [4, 9],
    }
    for name, given in answers.items():
        page = await ann.open(f"/me/questionnaires/{name}")
        typed = {f"answer-{place}": str(one) for place, one in enumerate(given)}
        sent = await ann.visitor.send(page, "/me/questionnaires", **typed)
        assert "pending" in sent.tagged, name
    reports = await ann.sent()
    assert answers == {one["instrument"]: one["answers"] for one in reports}
    assert {(instruments().version, "en")} == {(one["version"], one["language"]) for one in reports}


async def test_a_questionnaire_with_a_gap_is_asked_again(ann: Client) -> None:
    for given in ({}, {"answer-0": "5", "answer-1": "5"}, {f"answer-{n}": "11" for n in range(3)}):
        page = await ann.post("/me/questionnaires/peg", items="3", **given)
        assert (422, True) == (page.status, "Please answer each question." in page.text)
    for items in ("2", "4", "900", "x", ""):
        given = {f"answer-{n}": "5" for n in range(4)}
        assert 422 == (await ann.post("/me/questionnaires/peg", items=items, **given)).status
    assert [] == await ann.sent()


async def test_instruments_that_trainers_go_through_have_no_page(ann: Client) -> None:
    for name in ("rmdq", "koos-12", "psfs", "no-such", "%00"):
        assert 404 == (await ann.open(f"/me/questionnaires/{name}")).status, name
    await ann.known(goals={"id": GOALS, "at": on(60), "first": [3], "newest": [6]})
    page = await ann.open("/me/questionnaires/psfs")
    assert "Activity 1 of those you named (at first: 3)" in page.text


async def test_activities_that_matter_are_sent_in_their_order(ann: Client) -> None:
    page = await ann.open("/me/goals")
    typed = {"name-0": f"Tie {MARKUP}", "rating-0": "2", "name-2": " Stairs ", "rating-2": "0"}
    sent = await ann.visitor.send(page, "/me/goals", **typed)
    assert "pending" in sent.tagged
    (report,) = await ann.sent()
    wanted = [{"name": f"Tie {MARKUP}", "rating": 2}, {"name": "Stairs", "rating": 0}]
    assert wanted == [
        {"name": one["name"], "rating": one["rating"]} for one in report["activities"]
    ]


async def test_activities_without_a_number_are_asked_for_again(ann: Client) -> None:
    for typed in ({}, {"name-0": f"Tie {MARKUP}"}, {"name-0": "Tie", "rating-0": "11"}):
        page = await ann.post("/me/goals", **typed)
        assert 422 == page.status, typed
        assert "Please name one to five activities, each with a number." in page.text
        assert "<script>alert" not in page.answer.text
    assert [] == await ann.sent()
