"""Waiting for a time by pages alone: joining, the place by its link, the offer's link, leaving."""

from uuid import UUID

import pytest

from tests.integration.booking.front_door import AMARA, HOUR, SIGNER, TEN, FrontDoor
from tests.integration.pages.clients import MARKUP, a_client
from tests.integration.pages.visiting import Page, Visitor

SEARCH = f"/?service=training&virtual=on&trainer={AMARA}&week=2026-05-06"
WANDA = {"name": "Wanda", "email": "wanda@example.org"}


async def joined(visitor: Visitor, **typed: str) -> Page:
    """The page after the form was sent from the times."""
    times = await visitor.open(SEARCH)
    form = await visitor.open(str(times.tagged["wait"][0]["href"]))
    return await visitor.send(form, "/waitlist", press="wait", **(WANDA | typed))


async def offered(door: FrontDoor, visitor: Visitor) -> tuple[Page, str]:
    """The place of somebody for whom a time is kept, and the hold."""
    booking = await door.book()
    place = await joined(visitor, to="2026-05-06")
    answer = await door.post(f"/v1/bookings/{booking['id']}/cancel", token=booking["manage_token"])
    assert 200 == answer.status_code
    hold = await door.value("select hold_id from waitlist_offers where status = 'open'")
    return await visitor.open(place.url), str(hold)


async def test_who_finds_nothing_joins_the_waitlist_and_leaves_it_by_its_link(
    door: FrontDoor, visitor: Visitor
) -> None:
    place = await joined(visitor)
    assert (200, True) == (place.status, "You are on the list" in place.text)
    kept = "select array[service, mode, status, first_day::text, last_day::text] from waitlist"
    assert ["training", "virtual", "waiting", "2026-05-06", "2026-05-19"] == await door.value(kept)

    left = await visitor.send(place, "/leave", press="leave")

    assert "Left the list" in left.text
    assert "leave" not in left.tagged
    assert "left" == await door.value("select status from waitlist")


async def test_the_same_form_sent_twice_is_one_place(door: FrontDoor, visitor: Visitor) -> None:
    form = await visitor.open(SEARCH.replace("/?", "/waitlist?"))
    first, second = [await visitor.send(form, "/waitlist", press="wait", **WANDA) for _ in range(2)]
    assert first.url == second.url
    assert 1 == await door.value("select count(*) from waitlist")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("email", MARKUP, "Please give"),
        ("name", " ", ""),
        ("from", "2026-05-03", "Please choose a day from today on."),
        ("to", "2027-01-01", "at most 59 days later"),
        ("to", MARKUP, "Please choose a day"),
    ],
)
async def test_a_bad_field_of_the_wish_is_marked_and_escaped(
    door: FrontDoor, visitor: Visitor, field: str, typed: str, said: str
) -> None:
    again = await joined(visitor, **{field: typed})
    assert 422 == again.status
    assert "true" == again.tagged[field][0]["aria-invalid"]
    assert said.lower() in again.text.lower() or field == "email"
    assert "<script>alert" not in again.answer.text
    assert 0 == await door.value("select count(*) from waitlist")


async def test_a_signed_in_client_waits_without_saying_who_they_are(door: FrontDoor) -> None:
    async with a_client(door) as ann:
        form = await ann.open(SEARCH.replace("/?", "/waitlist?"))
        assert "email" not in form.tagged
        await ann.visitor.send(form, "/waitlist", press="wait")
    assert UUID(ann.id) == await door.value("select client_id from waitlist")


async def test_the_link_of_an_offer_opens_its_details_and_books_it(
    door: FrontDoor, visitor: Visitor
) -> None:
    place, hold = await offered(door, visitor)
    assert f"/?hold={hold}" == place.tagged["take"][0]["href"]
    details = await visitor.open(f"/?hold={hold}")
    assert f"/hold/{hold}" in details.url
    assert "Use the address with which you joined" in details.text
    assert "Wanda" not in details.answer.text

    other = await visitor.send(
        details, "/book", press="confirm", name="Eve", email="eve@example.org"
    )
    done = await visitor.send(details, "/book", press="confirm", **WANDA)

    assert (403, True) == (other.status, "somebody who waited for it" in other.text)
    assert "done" in done.tagged
    assert "Booked" in (await visitor.open(place.url)).text


async def test_leaving_gives_the_kept_time_back(door: FrontDoor, visitor: Visitor) -> None:
    place, hold = await offered(door, visitor)
    left = await visitor.send(place, "/leave", press="leave")
    assert "offer" not in left.tagged
    assert 410 == (await visitor.open(f"/?hold={hold}")).status


async def test_an_offer_that_ran_out_says_so_calmly(door: FrontDoor, visitor: Visitor) -> None:
    place, hold = await offered(door, visitor)
    door.clock.advance(minutes=31)
    assert "offer" not in (await visitor.open(place.url)).tagged
    late = await visitor.open(f"/?hold={hold}", **{"Accept-Language": "fr-CA"})
    assert (410, True) == (late.status, "n'est plus gardé" in late.text)


async def test_no_other_link_opens_a_place(door: FrontDoor, visitor: Visitor) -> None:
    booking = await door.book(TEN + HOUR)
    for token in ("x", booking["manage_token"], SIGNER.token("manage", UUID(int=7))):
        assert 401 == (await visitor.open(f"/waitlist/{token}")).status
    gone = await visitor.open(f"/waitlist/{SIGNER.token('waitlist', UUID(int=7))}")
    assert 404 == gone.status
    assert 410 == (await visitor.open(f"/?hold={UUID(int=7)}")).status
    assert 200 == (await visitor.open("/?hold=nonsense")).status
