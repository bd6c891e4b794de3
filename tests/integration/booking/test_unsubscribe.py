"""Leaving by the link of a mail (RFC 8058): a look changes nothing, and one click acts."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.booking.domain.links import LinkSigner
from shared.contracts.contacts import ContactChanged
from tests.integration.booking.front_door import (
    HOUR,
    SIGNER,
    TEN,
    FrontDoor,
    a_client,
    a_wish,
    problem,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ONE_CLICK = b"List-Unsubscribe=One-Click"
FROM_PAGE = ONE_CLICK + b"&from=page"
BOUNDARY = "----mail-program"
PARTS = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
    f"One-Click\r\n--{BOUNDARY}--\r\n"
).encode()


async def contact(door: FrontDoor, person_id: str) -> ContactChanged:
    """What notify was told of somebody last."""
    told = await door.published(topic="booking.contacts", key=person_id)
    return ContactChanged.model_validate(told[-1].data)


async def links(door: FrontDoor, person_id: str) -> dict[tuple[str, str], str]:
    """The unsubscribe links of a person's mails, as notify builds them."""
    document = await contact(door, person_id)
    return {
        (one.message_class, one.channel): f"/unsubscribe/{one.token}"
        for one in document.unsubscribe
    }


@pytest.fixture
async def ann(door: FrontDoor) -> str:
    """The id of a client who ticked reminders and news."""
    wish = a_wish(consent={"reminders": True, "marketing": True})
    return str((await door.made("/v1/bookings", wish))["client_id"])


async def click(
    door: FrontDoor, link: str, body: bytes = ONE_CLICK, **headers: str
) -> httpx.Response:
    """What a mail program sends."""
    return await door.http.post(link, content=body, headers=FORM | headers)


async def standing(door: FrontDoor, person_id: str) -> dict[tuple[str, str], str]:
    """The basis of each class and channel, as notify was told last."""
    document = await contact(door, person_id)
    return {(one.message_class, one.channel): one.basis for one in document.grants}


@pytest.mark.parametrize(
    ("body", "headers", "evidence"),
    [
        (ONE_CLICK, FORM, "unsubscribe button of the mail program (RFC 8058)"),
        (
            PARTS,
            {"Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"'},
            "unsubscribe button of the mail program (RFC 8058)",
        ),
        (FROM_PAGE, FORM, "unsubscribe link"),
    ],
    ids=["form", "multipart", "page"],
)
async def test_one_click_ends_its_kind_at_once_and_tells_it(
    door: FrontDoor, ann: str, body: bytes, headers: dict[str, str], evidence: str
) -> None:
    link = (await links(door, ann))["service", "email"]

    answer = await door.http.post(link, content=body, headers=headers)

    assert (200, "text/html; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    )
    assert {("service", "email"): "withdrawn", ("marketing", "email"): "express"} == (
        await standing(door, ann)
    )
    assert not (await contact(door, ann)).consent.reminders
    told = (await door.published(topic="booking.events"))[-1]
    assert ("consent.changed.v1", "service-messages", "email", "withdrawn") == (
        told.type,
        told.data["purpose"],
        told.data["channel"],
        told.data["basis"],
    )
    last = "select evidence from message_consents order by id desc limit 1"
    assert evidence == await door.value(last)


async def test_a_look_changes_nothing(door: FrontDoor, ann: str) -> None:
    before = await door.tables()

    for link in (await links(door, ann)).values():
        for method in ("GET", "HEAD"):
            answer = await door.http.request(method, link)
            assert 200 == answer.status_code
            assert (method == "HEAD") == (answer.content == b"")
        assert 405 == (await door.http.put(link, content=ONE_CLICK, headers=FORM)).status_code
    assert before == await door.tables()


async def test_the_pages_own_form_is_a_click(door: FrontDoor, ann: str) -> None:
    link = (await links(door, ann))["marketing", "email"]

    page = (await door.http.get(link)).text

    # The form has no address of its own, so it goes to the page's, and sends just these.
    assert '<form method="post">' in page
    fields = 'name="List-Unsubscribe" value="One-Click"', 'name="from" value="page"'
    assert [1, 1] == [page.count(one) for one in fields]
    assert 200 == (await click(door, link, FROM_PAGE)).status_code
    assert "withdrawn" == (await standing(door, ann))["marketing", "email"]


async def test_the_page_is_safe_to_open_and_names_nobody(door: FrontDoor, ann: str) -> None:
    link = (await links(door, ann))["service", "email"]

    for answer in (await door.http.get(link), await click(door, link)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "no-referrer" == answer.headers["referrer-policy"]
        assert "no-store" == answer.headers["cache-control"]
        assert not {"set-cookie", "location"} & answer.headers.keys()
        for private in ("Ann", "ann@", ann, link.rpartition("/")[2]):
            assert private not in answer.text
        assert "https://" not in answer.text


async def test_the_page_speaks_the_persons_language_or_the_one_asked_for(door: FrontDoor) -> None:
    wish = a_wish() | {"client": a_client(language="fr")}
    booked = await door.made("/v1/bookings", wish)
    link = (await links(door, booked["client_id"]))["service", "email"]

    assert "Arrêter ces messages" in (await door.http.get(link)).text
    assert "Stop these messages" in (await door.http.get(f"{link}?lang=en")).text
    browser = {"Accept-Language": "de, fr-CA;q=0.9, en;q=0.8"}
    for lost, headers in (("Ce lien", browser), ("This link", {})):
        assert lost in (await door.http.get("/unsubscribe/x", headers=headers)).text


async def test_a_click_again_changes_nothing(door: FrontDoor, ann: str) -> None:
    link = (await links(door, ann))["service", "email"]
    first = await click(door, link)
    before = await door.tables()

    again = [await click(door, link, body) for body in (ONE_CLICK, FROM_PAGE)]

    assert [first.text] * 2 == [answer.text for answer in again]
    assert before == await door.tables()


async def test_of_ten_clicks_at_once_one_is_written(door: FrontDoor, ann: str) -> None:
    every = list((await links(door, ann)).values())[:2]

    answers = await asyncio.gather(*(click(door, link) for link in every * 5))

    assert {200} == {answer.status_code for answer in answers}
    withdrawn = (
        "select count(*), count(distinct (message_class, channel)) from message_consents"
        " where basis = 'withdrawn'"
    )
    async with door.db.reading() as connection:
        assert (2, 2) == tuple(await connection.fetchrow(withdrawn))
    versions = [e.data["version"] for e in await door.published(topic="booking.contacts", key=ann)]
    assert list(range(1, len(versions) + 1)) == versions
    assert 3 == len(versions)


async def test_nobody_needs_to_sign_in_and_a_bad_token_harms_not(door: FrontDoor, ann: str) -> None:
    link = (await links(door, ann))["service", "email"]

    answer = await click(door, link, Authorization="Bearer nonsense", Cookie="session=old")

    assert 200 == answer.status_code
    assert "withdrawn" == (await standing(door, ann))["service", "email"]


async def test_a_link_of_nobody_or_for_something_else_stops_nothing(
    door: FrontDoor, ann: str
) -> None:
    person = UUID(ann)
    good = SIGNER.token("stop-service-email", person)
    booking = await door.value("select id from bookings")
    wrong = [
        good[:-1],
        good + "A",
        "x",
        "é",
        "a" * 500,
        LinkSigner(b"another secret").token("stop-service-email", person),
        SIGNER.token("stop-service-email", UUID(int=9)),
        SIGNER.token("manage", booking),
        SIGNER.token("manage", person),
    ]
    before = await door.tables()

    for token in wrong:
        for answer in (
            await door.http.get(f"/unsubscribe/{token}"),
            await click(door, f"/unsubscribe/{token}"),
        ):
            assert (404, "text/html; charset=utf-8") == (
                answer.status_code,
                answer.headers["content-type"],
            )
            assert "form" not in answer.text
    # And the other way round: this link opens no booking and no account.
    refused = await door.ask("GET", f"/v1/bookings/{booking}", token=good)
    problem(refused, 401, "bad-token")
    assert before == await door.tables()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 422),
        (ONE_CLICK, "", 422),
        (ONE_CLICK, "text/plain", 422),
        (b'{"List-Unsubscribe": "One-Click"}', "application/json", 422),
        (b"List-Unsubscribe=Two-Clicks", "application/x-www-form-urlencoded", 422),
        (b"list-unsubscribe=One-Click", "application/x-www-form-urlencoded", 422),
        (b"from=page", "application/x-www-form-urlencoded", 422),
        (b"\xff" + ONE_CLICK, "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 11 + ONE_CLICK, "application/x-www-form-urlencoded", 400),
        (PARTS, "multipart/form-data", 400),
        (PARTS, "multipart/form-data; boundary=other", 400),
        (PARTS.replace(b"One-Click", b"\xff"), f"multipart/form-data; boundary={BOUNDARY}", 400),
        (ONE_CLICK + b"&" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_what_is_no_click_stops_nothing(
    door: FrontDoor, ann: str, body: bytes, content_type: str, status: int
) -> None:
    link = (await links(door, ann))["service", "email"]
    before = await door.tables()

    answer = await door.http.post(link, content=body, headers={"Content-Type": content_type})

    assert (status, "application/problem+json") == (
        answer.status_code,
        answer.headers["content-type"],
    )
    assert before == await door.tables()


async def test_a_click_tried_out_keeps_nothing(door: FrontDoor, ann: str) -> None:
    link = (await links(door, ann))["service", "email"]
    before = await door.tables()

    answer = await click(door, f"{link}?dry_run=true")

    assert (200, "true") == (answer.status_code, answer.headers["limber-dry-run"])
    assert before == await door.tables()


async def test_whoever_left_is_not_brought_back_by_anothers_word_or_by_training_on(
    door: FrontDoor, ann: str
) -> None:
    await click(door, (await links(door, ann))["service", "email"])
    left = {("service", "email"): "withdrawn", ("marketing", "email"): "express"}
    token = await door.sign_in("ann@example.org")
    wish: dict[str, Any] = {"consent": {"reminders": True, "marketing": True}}

    await door.book(TEN + 2 * HOUR, **wish)
    assert left == await standing(door, ann)
    # Signed in, but without a word about messages.
    silent = a_wish(TEN + 4 * HOUR)
    del silent["consent"]
    await door.made("/v1/bookings", silent, token=token)
    assert left == await standing(door, ann)

    await door.book(TEN + 5 * HOUR, token=token, **wish)
    assert left | {("service", "email"): "express"} == await standing(door, ann)
