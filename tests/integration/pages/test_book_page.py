"""The booking journey without scripts: forms and links alone."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.booking.handlers.holds import HELD_LONGEST, HOLD_LIVES
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.visiting import Page, Visitor, a_browser

SEARCH = "/?postal=M5V2T6&condition=back-pain"
DETAILS = {"name": "Ann Example", "email": "ann@example.org", "street": "1 King St W"}
MARKUP = "\"><script>alert(1)</script><b x='"


async def held(visitor: Visitor, search: str = SEARCH) -> Page:
    """The page of details, with the first time that is offered."""
    return await visitor.send(await visitor.open(search), "/hold", press="slot")


async def test_a_visitor_books_with_forms_alone(visitor: Visitor, door: FrontDoor) -> None:
    first = await visitor.open("/")
    times = await visitor.send(first, "/", postal="M5V 2T6", condition="back-pain")
    details = await visitor.send(times, "/hold", press="slot")
    done = await visitor.send(details, "/book", press="confirm", **DETAILS)
    assert [200, 200, 200, 200] == [page.status for page in (first, times, details, done)]
    assert ["done"] == [name for name in done.tagged if name == "done"]
    assert ("confirmed", "first-workout") == await booked(door)


async def test_the_calendar_link_of_the_last_page_opens(visitor: Visitor) -> None:
    done = await visitor.send(await held(visitor), "/book", press="confirm", **DETAILS)
    answer = await visitor.http.get(str(done.tagged["calendar"][0]["href"]))
    assert (200, "text/calendar") == (
        answer.status_code,
        answer.headers["content-type"].partition(";")[0],
    )


async def test_outside_the_areas_the_same_page_offers_virtual_times(visitor: Visitor) -> None:
    page = await visitor.open("/?postal=K0A1A0")
    assert "We train online everywhere" in page.text
    assert page.tagged["slot"]


async def test_who_is_slower_keeps_the_search_and_sees_the_nearest_times(
    visitor: Visitor, door: FrontDoor
) -> None:
    times = await visitor.open(SEARCH)
    trainer = str(times.tagged["trainer"][0]["value"])
    mine = await visitor.open(f"{SEARCH}&trainer={trainer}")
    async with a_browser(door) as http:
        other = Visitor(http)
        theirs = await other.open(f"{SEARCH}&trainer={trainer}")
        assert 200 == (await other.send(theirs, "/hold", press="slot")).status
    beaten = await visitor.send(mine, "/hold", press="slot")
    assert 409 == beaten.status
    assert 3 == len(beaten.tagged["alternative"])
    second = await visitor.send(beaten, "/hold", press="alternative")
    assert 200 == second.status
    assert "confirm" in second.tagged


async def test_twenty_visitors_race_for_one_time_and_one_gets_it(
    visitor: Visitor, door: FrontDoor
) -> None:
    times = await visitor.open(SEARCH)
    trainer = str(times.tagged["trainer"][0]["value"])
    page = await visitor.open(f"{SEARCH}&trainer={trainer}")
    answers = await asyncio.gather(*(visitor.send(page, "/hold", press="slot") for _ in range(20)))
    assert {200: 1, 409: 19} == {
        status: [answer.status for answer in answers].count(status) for status in (200, 409)
    }
    assert 1 == await door.value("select count(*) from holds")


async def test_a_form_that_is_sent_twice_books_once_and_answers_the_same(
    visitor: Visitor, door: FrontDoor
) -> None:
    details = await held(visitor)
    first, second = [
        await visitor.send(details, "/book", press="confirm", **DETAILS) for _ in range(2)
    ]
    assert first.url == second.url
    assert 1 == await door.value("select count(*) from bookings")


@pytest.mark.parametrize(
    ("field", "typed"), [("name", " "), ("email", "ann"), ("street", ""), ("phone", "12")]
)
async def test_a_bad_field_is_marked_and_nothing_typed_is_lost(
    visitor: Visitor, door: FrontDoor, field: str, typed: str
) -> None:
    details = await held(visitor)
    again = await visitor.send(
        details, "/book", press="confirm", **(DETAILS | {"goal": "gardening", field: typed})
    )
    assert 422 == again.status
    assert "true" == again.tagged[field][0]["aria-invalid"]
    assert "gardening" in again.answer.text
    assert 0 == await door.value("select count(*) from bookings")


async def test_a_kept_time_can_be_kept_longer_but_not_for_ever(
    visitor: Visitor, door: FrontDoor
) -> None:
    page = await held(visitor)
    made = door.clock.now
    for _ in range(20):
        door.clock.advance(minutes=8)
        if "extend" not in page.tagged:
            break
        page = await visitor.send(page, "/extend", press="extend")
    until = await door.value("select expires_at from reservations")
    assert made + HELD_LONGEST == until
    assert door.clock.now < until + HOLD_LIVES


async def test_a_time_that_is_no_longer_kept_says_so(visitor: Visitor, door: FrontDoor) -> None:
    details = await held(visitor)
    door.clock.advance(seconds=HOLD_LIVES.total_seconds() + 1)
    late = await visitor.send(details, "/book", press="confirm", **DETAILS)
    assert (410, True) == (late.status, "no longer kept" in late.text)


async def test_giving_a_kept_time_back_leads_to_the_times(
    visitor: Visitor, door: FrontDoor
) -> None:
    details = await held(visitor)
    page = Page(
        await visitor.http.post(
            details.url.partition("?")[0] + "/release",
            data={"postal": "M5V 2T6"},
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=True,
        )
    )
    assert page.tagged["slot"]
    assert 0 == await door.value("select count(*) from holds")


async def test_what_is_typed_never_becomes_markup(visitor: Visitor) -> None:
    typed = dict.fromkeys(
        ("name", "email", "phone", "street", "city", "visit_postal", "note", "goal"), MARKUP
    )
    again = await visitor.send(await held(visitor), "/book", press="confirm", **typed)
    assert 422 == again.status
    assert "<script>alert" not in again.answer.text
    assert MARKUP in [value for form in again.forms for name, value in form.values]


@pytest.mark.parametrize(
    "query", ["postal", "condition", "trainer", "tz", "week", "lang", "virtual", "service"]
)
async def test_what_an_address_says_never_becomes_markup(visitor: Visitor, query: str) -> None:
    answer = await visitor.http.get("/", params={"postal": "M5V", query: MARKUP})
    assert answer.status_code in {200, 422}
    assert "<script>alert" not in answer.text


async def test_forms_of_other_sites_do_nothing(visitor: Visitor, door: FrontDoor) -> None:
    before = await door.tables()
    refused = [
        (await visitor.http.post("/hold", data={"slot": "x"}, headers=headers)).status_code
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Cookie": "limber_session=x"},
        )
    ]
    assert [403] * 5 == refused
    assert before == await door.tables()


async def test_every_page_forbids_foreign_scripts_and_tells_no_other_site_its_address(
    visitor: Visitor,
) -> None:
    for path in ("/", SEARCH, "/sign-in", "/manage/unknown", "/hold/unknown"):
        headers = (await visitor.http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "same-origin" == headers["referrer-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


async def test_pages_speak_the_language_that_was_chosen(visitor: Visitor) -> None:
    browsers = await visitor.open("/", **{"Accept-Language": "fr-CA,en;q=0.5"})
    chosen = await visitor.open("/?lang=en", **{"Accept-Language": "fr-CA"})
    remembered = await visitor.open("/", **{"Accept-Language": "fr-CA"})
    titles = ["gratuite" in page.text for page in (browsers, chosen, remembered)]
    assert [True, False, False] == titles


async def test_weeks_follow_each_other_and_never_lie_in_the_past(visitor: Visitor) -> None:
    page = await visitor.open(SEARCH)
    assert "Earlier" not in page.links
    later = await visitor.open(page.links["Later"])
    assert later.tagged["slot"][0]["value"] != page.tagged["slot"][0]["value"]
    assert "Earlier" in later.links


async def test_times_are_shown_in_the_visitors_zone_when_online(visitor: Visitor) -> None:
    page = await visitor.open("/?virtual=on&tz=Europe/Paris")
    spoken = {str(slot["aria-label"]) for slot in page.tagged["slot"]}
    assert any("3:00\u00a0p.m." in label for label in spoken), sorted(spoken)[:5]


async def test_a_booking_is_moved_and_cancelled_by_its_link(
    visitor: Visitor, door: FrontDoor
) -> None:
    done = await visitor.send(await held(visitor), "/book", press="confirm", **DETAILS)
    before = await door.value("select start_at from bookings")
    move = await visitor.open(str(done.tagged["move"][0]["href"]))
    other = move.tagged["slot"][3]["value"]
    moved = await visitor.send(move, "/move", press="slot", slot=other)
    assert "moved" in moved.tagged
    assert timedelta(0) != await door.value("select start_at from bookings") - before
    look = await visitor.open(moved.url.partition("?")[0])
    ended = await visitor.send(look, "/cancel", press="cancel")
    assert (200, True) == (ended.status, "Cancelled" in ended.text)
    assert "cancelled" == await door.value("select status from bookings")


async def test_an_unknown_link_opens_nothing_and_says_what_helps(visitor: Visitor) -> None:
    page = await visitor.open("/manage/AAAA")
    assert (401, True) == (page.status, "Use the link in your newest mail" in page.text)


async def test_assets_are_kept_for_ever_and_named_by_their_content(visitor: Visitor) -> None:
    page = await visitor.http.get("/")
    style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer: httpx.Response = await visitor.http.get(style)
    assert (200, "public, max-age=31536000, immutable") == (
        answer.status_code,
        answer.headers["cache-control"],
    )
    assert 404 == (await visitor.http.get("/static/0/limber.css")).status_code


async def booked(door: FrontDoor) -> tuple[Any, Any]:
    """Status and service of the only booking."""
    async with door.db.reading() as connection:
        [row] = await connection.fetch("select status, service from bookings")
    return row["status"], row["service"]
