"""Signing in by pages: the way back to the page somebody came for, and to no other site."""

import pytest

from services.booking.pages.sign_in import own_page
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.visiting import Page, Visitor

ANN = "ann@example.org"


async def with_code(door: FrontDoor, visitor: Visitor, form: Page, email: str = ANN) -> Page:
    """The page after a sign-in form was filled in with the mailed code."""
    asked = await visitor.send(form, "/sign-in", press="ask", email=email)
    return await visitor.send(asked, "/verify", press="verify", code=await mailed(door))


async def mailed(door: FrontDoor) -> str:
    """The code in the newest document that goes to notify."""
    told = await door.published(topic="booking.contacts")
    return str(told[-1].data["sign_in"]["code"])


async def test_a_page_that_needs_a_sign_in_is_shown_after_it(
    door: FrontDoor, visitor: Visitor
) -> None:
    await door.book()
    refused = await visitor.open("/me/diary")
    assert 401 == refused.status
    back = await with_code(
        door, visitor, await visitor.open(str(refused.tagged["sign-in"][0]["href"]))
    )
    assert (200, "/me/diary") == (back.status, back.answer.url.path)


async def test_a_first_page_keeps_its_query_over_the_sign_in(
    door: FrontDoor, visitor: Visitor
) -> None:
    sent = await visitor.open("/desk?day=2026-05-06")
    assert "/sign-in" in sent.url
    email = "trainer01@limber.example"
    back = await with_code(door, visitor, sent, email)
    assert "/desk?day=2026-05-06" == back.answer.url.raw_path.decode()


async def test_a_page_of_another_role_is_not_gone_on_to(door: FrontDoor, visitor: Visitor) -> None:
    await door.book()
    back = await with_code(door, visitor, await visitor.open("/sign-in?next=/desk/hours"))
    assert (200, "/me") == (back.status, back.answer.url.path)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "/\n/evil.example/",
        " //evil.example/",
        "/me\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "me",
        "",
        "/" + "a" * 600,
    ],
)
def test_an_address_that_could_lead_elsewhere_is_no_page_of_ours(address: str) -> None:
    assert own_page(address) is None


def test_a_page_of_ours_is_gone_on_to_as_it_is() -> None:
    assert "/me/check-in?kind=pre" == own_page("/me/check-in?kind=pre")


@pytest.mark.parametrize("address", ["//evil.example/", "/\\evil.example/"])
async def test_no_other_site_is_gone_on_to(door: FrontDoor, visitor: Visitor, address: str) -> None:
    await door.book()
    form = await visitor.open("/sign-in")
    form.forms[0].values.append(("next", address))
    asked = await visitor.send(form, "/sign-in", press="ask", email=ANN)
    assert "evil" not in asked.answer.text
    fields = {"email": ANN, "code": await mailed(door), "next": address}
    answer = await visitor.http.post(
        "/sign-in/verify", data=fields, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (303, "/me") == (answer.status_code, answer.headers["location"])


async def test_the_way_back_is_escaped(visitor: Visitor) -> None:
    page = await visitor.http.get("/sign-in", params={"next": '/me"><script>alert(1)</script>'})
    assert ("<script>alert" in page.text, 200) == (False, page.status_code)
