"""Leaving messages by a link: in the layout of all pages, and reachable from a booking's page."""

from uuid import UUID

from services.booking.domain.links import STOPS
from tests.integration.booking.front_door import SIGNER, FrontDoor
from tests.integration.pages.visiting import Visitor


async def test_a_bookings_page_leads_to_the_end_of_its_mails(
    door: FrontDoor, visitor: Visitor
) -> None:
    booked = await door.book()
    page = await visitor.open(f"/manage/{booked['manage_token']}")
    stop = SIGNER.token(STOPS["service", "email"], UUID(booked["client_id"]))
    assert f"/unsubscribe/{stop}" == page.tagged["unsubscribe"][0]["href"]
    assert "/me/settings" == page.tagged["preferences"][0]["href"]

    asked = await visitor.open(f"/unsubscribe/{stop}")
    done = await visitor.send(asked, "/unsubscribe/")

    assert "Stop these messages?" in asked.text
    assert (200, True) == (done.status, "You will no longer receive e-mails about" in done.text)
    withdrawn = "select basis from message_consents order by id desc limit 1"
    assert "withdrawn" == await door.value(withdrawn)


async def test_the_page_wears_the_layout_without_its_scripts_and_sets_no_cookie(
    door: FrontDoor, visitor: Visitor
) -> None:
    booked = await door.book()
    stop = SIGNER.token(STOPS["marketing", "email"], UUID(booked["client_id"]))
    visitor.http.cookies.set("limber_language", "fr")

    page = await visitor.open(f"/unsubscribe/{stop}?lang=en")

    assert "Skip to the content" in page.text
    assert "limber.css" in page.answer.text
    assert ("<script" in page.answer.text, "set-cookie" in page.answer.headers) == (False, False)
    french = await visitor.open(page.links["Français"])
    assert "Arrêter ces messages ?" in french.text
    assert "courriels de nouvelles" in french.text
