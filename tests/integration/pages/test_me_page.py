"""The client's page: honest words, the rule explained, and nobody else's business."""

import re
import tomllib
from importlib import resources
from typing import Any

from services.booking.pages import me_rules
from services.booking.pages.language import tongue
from services.booking.pages.me_view import MINUS
from tests.integration.booking.care_view import HOLD, a_check_in, on
from tests.integration.booking.front_door import PUBLIC_URL, TEN, FrontDoor, a_hold
from tests.integration.pages.clients import (
    MARKUP,
    Client,
    a_client,
    a_rule,
    an_effect,
)
from tests.integration.pages.visiting import Visitor

PAGES = (
    "/me", "/me/plan", "/me/diary", "/me/sharing", "/me/settings", "/me/screening", "/me/goals",
    "/me/questionnaires/peg", "/me/questionnaires/pgic", "/me/questionnaires/psfs",
    "/me/check-in", "/me/check-in?kind=post", "/me/check-in?kind=next-morning",
)  # fmt: skip
FRENCH = {"Accept-Language": "fr"}


async def test_who_is_no_client_is_sent_to_where_they_begin(
    visitor: Visitor, door: FrontDoor
) -> None:
    assert "/sign-in?next=%2Fme" == (await visitor.http.get("/me")).headers["location"]
    for path in PAGES[1:]:
        assert 401 == (await visitor.open(path)).status, path
    visitor.http.cookies.set("limber_session", await door.sign_in("trainer01@limber.example"))
    assert "/desk" == (await visitor.http.get("/me")).headers["location"]
    for path in PAGES[1:]:
        assert 403 == (await visitor.open(path)).status, path


async def test_before_anything_is_known_the_page_promises_nothing(ann: Client) -> None:
    page = await ann.open("/me")
    assert 200 == page.status
    assert "unknown" == page.tagged["level"][0]["data-level"]
    assert "It is too early to say" in page.text
    assert not {"trend", "effect", "option", "diary", "holds", "milestone"} & page.tagged.keys()


async def test_the_level_comes_with_what_the_rules_say(ann: Client) -> None:
    twice = [a_rule(), a_rule(), a_rule(rule="A3", detail="New.", action="Rest.")]
    await ann.known(level="modify", safety={"rules": twice})
    page = await ann.open("/me")
    assert "modify" == page.tagged["level"][0]["data-level"]
    assert 1 == page.text.count("Your pain is 6 or 7. Do about 30 percent less today")
    assert "New. Rest." in page.text
    assert "emergency" not in page.tagged


async def test_an_emergency_shows_the_number_large(ann: Client) -> None:
    await ann.known(level="emergency")
    page = await ann.open("/me")
    assert page.tagged["emergency"]
    assert "tel:911" == page.links["911"]


async def test_what_comes_next_leads_to_where_it_is_done(ann: Client) -> None:
    steps: list[tuple[Any, str]] = [
        ({"code": "pre-check-in", "booking": "b-1"}, "/me/check-in?kind=pre&booking=b-1"),
        ({"code": "next-morning", "booking": None}, "/me/check-in?kind=next-morning"),
        ({"code": "flare-follow-up", "booking": None}, "/me/check-in?kind=daily"),
        ({"code": "screening", "booking": None}, "/me/screening"),
        ({"code": "clearance", "booking": None}, "/me/sharing"),
        ({"code": "questionnaire", "instrument": "pgic"}, "/me/questionnaires/pgic"),
        ({"code": "await-trainer", "booking": None}, "/me/check-in"),
        (None, "/me/check-in"),
    ]
    for version, (step, target) in enumerate(steps, start=200):
        await ann.known(version=version, next=step)
        page = await ann.open("/me")
        assert f"{PUBLIC_URL}{target}" in page.links.values(), step


async def test_a_hold_is_explained_and_ends_by_a_person(ann: Client, door: FrontDoor) -> None:
    await door.hear(a_hold(ann.id))
    hold = {
        "id": HOLD,
        "kind": "session",
        "option": None,
        "rule": "R2",
        "since": on(80),
        "reason": "You reported a sign that ends a session.",
    }
    await ann.known(holds=[hold])
    page = await ann.open("/me")
    assert page.tagged["holds"]
    assert "All sessions" in page.text
    assert "You reported a sign that ends a session." in page.text
    assert "by safety rule R2" in page.text
    assert "This session waits until your trainer has spoken with you." in page.text
    assert "Join online" not in page.links


async def test_the_session_of_today_can_be_joined(ann: Client, door: FrontDoor) -> None:
    page = await ann.open("/me")
    assert "Your next session" in page.text
    door.clock.now = TEN
    page = await ann.open("/me")
    assert "Today's session" in page.text
    assert page.links["Join online"].startswith("https://meet.limber.test/")
    moved = await ann.open(page.links["Move it"])
    assert (200, True) == (moved.status, "Move your booking" in moved.text)


async def test_a_verdict_is_said_only_with_its_interval(ann: Client) -> None:
    await ann.known()
    page = await ann.open("/me")
    assert 2 == len(page.tagged["trend"])
    assert f"Getting better The change lies between {MINUS}2.4 and {MINUS}0.3 points" in page.text
    assert "Too early to say 30 days with an answer so far." in page.text


async def test_no_option_wins_while_intervals_overlap(ann: Client) -> None:
    await ann.known()
    page = await ann.open("/me")
    assert "None is clearly better than another yet." in page.text
    assert "Helps you most" not in page.text
    assert f"lies between {MINUS}2.1 and {MINUS}0.7" in page.text

    best = an_effect("knee-rolls", mean=-1.4, low=-2.1, high=-0.7, best=True)
    await ann.known(version=144, effects=[best])
    page = await ann.open("/me")
    assert 1 == page.text.count("Helps you most")
    assert "None is clearly better" not in page.text


async def test_the_chart_has_its_numbers_in_a_table(ann: Client) -> None:
    reports = [
        a_check_in(1, day=3, pain=2, kind="next-morning"),
        a_check_in(2, day=2, pain=5, kind="post"),
    ]
    await ann.known(check_ins=reports)
    page = await ann.open("/me")
    rows = re.findall(r'data-kind="([\w-]+)" data-pain="(\d+)"', page.answer.text)
    assert [("next-morning", "2"), ("post", "5")] == rows
    assert "Pain in your newest 2 check-ins: from 2 to 5 of 10, at the last one 2." in page.text


async def test_the_plan_names_options_doses_and_neighbours(ann: Client) -> None:
    await ann.known()
    page = await ann.open("/me/plan")
    assert "Knee rolls 3 times a week · 2 sets of 8 repetitions" in page.text
    assert "An easier version: Pelvic rocks" in page.text
    assert "Easy walk 3 times a week · 15 minutes" in page.text


async def test_an_option_that_waits_is_shown_without_its_steps(ann: Client) -> None:
    await ann.known()
    view = await ann.door.value("select document from progress_views")
    for item in view["plan"]["items"]:
        item["masked"] = {"rule": "A3", "code": "locked"}
    await ann.known(version=144, plan=view["plan"])
    page = await ann.open("/me/plan")
    assert 2 == page.text.count("Not for now: It waits until your trainer agrees")
    assert "Lie on your back" not in page.text


async def test_all_of_it_is_said_in_french(ann: Client) -> None:
    await ann.known(level="modify")
    page = await ann.open("/me", **FRENCH)
    assert "Plus doucement" in page.text
    assert "Votre douleur est à 6 ou 7. Faites environ 30 % de moins aujourd'hui" in page.text
    assert f"entre {MINUS}2,4 et {MINUS}0,3 points" in page.text
    assert "Genoux d" in page.text


def test_every_sentence_of_the_rules_has_its_french() -> None:
    rules = resources.files("services.progress.domain").joinpath("rules.toml").read_text("utf-8")
    told = {
        text
        for rule in tomllib.loads(rules)["rules"]
        for text in (
            *(when["detail"] for when in rule["when"]),
            *(action["action"] for action in rule["actions"]),
        )
    }
    assert told == me_rules.SENTENCES
    french = tongue("fr")
    assert not [text for text in told if me_rules.sentence(text, french) == text]


async def test_nothing_of_a_view_or_a_person_becomes_markup(door: FrontDoor) -> None:
    wish: dict[str, Any] = {
        "client": {"name": f"A{MARKUP}", "email": "ann@example.org", "tz": "America/Toronto"}
    }
    async with a_client(door, **wish) as ann:
        await ann.known(
            level="hold",
            holds=[
                {
                    "id": HOLD, "kind": "option", "option": MARKUP, "rule": MARKUP,
                    "since": on(1), "reason": MARKUP,
                }
            ],
            effects=[an_effect(MARKUP, mean=0, low=-1, high=1)],
            safety={"rules": [a_rule(detail=MARKUP, action=MARKUP)]},
        )  # fmt: skip
        for path in PAGES:
            text = (await ann.open(path)).answer.text
            assert "<script>alert" not in text, path
            assert "<b x=" not in text, path
        assert "&lt;script&gt;alert(1)" in (await ann.open("/me")).answer.text


async def test_no_page_needs_inline_scripts_or_styles(ann: Client) -> None:
    await ann.known()
    for path in PAGES:
        page = await ann.open(path)
        assert 200 == page.status, path
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page.answer.text)
        policy = page.answer.headers["content-security-policy"]
        assert "unsafe" not in policy


async def test_a_client_sees_nothing_of_another(ann: Client, door: FrontDoor) -> None:
    await ann.known()
    async with a_client(door, "ben@example.org", start=TEN.replace(hour=16)) as ben:
        page = await ben.open("/me")
        assert "unknown" == page.tagged["level"][0]["data-level"]
        sent = await ann.post("/me/check-in", kind="daily", pain="3")
        assert 404 == (await ben.open(sent.url)).status
