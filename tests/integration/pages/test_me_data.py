"""A client's own data as pages: all of it in a file, and the two steps to being forgotten."""

import json
from uuid import UUID

from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.clients import Client


async def test_the_file_is_what_the_export_gives(ann: Client) -> None:
    page = await ann.open("/me/data/limber-export.json")
    found = json.loads(page.answer.text)

    assert (
        'attachment; filename="limber-export.json"' == (page.answer.headers["content-disposition"])
    )
    assert [ann.id] == [person["id"] for person in found["profile"]]
    assert 1 == len(found["bookings"])


async def test_nothing_is_erased_before_the_box_is_ticked(ann: Client) -> None:
    asked = await ann.open("/me/data/erase")
    refused = await ann.visitor.send(asked, "/me/data/erase", press="erase-now", sure=None)

    assert (422, True) == (refused.status, "Nothing was erased." in refused.text)
    assert 200 == (await ann.open("/me")).status


async def test_a_client_is_forgotten_and_signed_out(ann: Client, door: FrontDoor) -> None:
    asked = await ann.open("/me/data/erase")
    told = await ann.visitor.send(asked, "/me/data/erase", press="erase-now", sure="yes")

    assert (200, 1) == (told.status, len(told.tagged["erased"]))
    assert "/sign-in" in (await ann.open("/me")).url
    assert "" == await door.value("select name from people where id = $1", UUID(ann.id))


async def test_the_way_to_it_leads_from_the_settings(ann: Client) -> None:
    settings = await ann.open("/me/settings")
    assert 'href="/me/data"' in settings.answer.text
    data = await ann.open("/me/data")
    assert 'href="/me/data/erase"' in data.answer.text


async def test_visitors_see_none_of_it(door: FrontDoor, ann: Client) -> None:
    await ann.post("/sign-out")
    for path in ("/me/data", "/me/data/limber-export.json", "/me/data/erase"):
        assert 401 == (await ann.open(path)).status
