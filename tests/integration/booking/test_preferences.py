"""What somebody set: what may come, when, and on which devices; told at once, stored whole."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.booking.api import devices, examples
from services.booking.handlers.devices import MOST_DEVICES
from tests.integration.booking.front_door import (
    PUBLIC_URL,
    SIGNER,
    FrontDoor,
    a_client,
    a_wish,
    problem,
)

PATH, DEVICES = "/v1/me/preferences", "/v1/me/devices"
PLAIN: dict[str, Any] = {"grants": [], "digest": False}
DEVICE = examples.BODIES["DeviceFields"]


def grant(message_class: str, channel: str, granted: bool = True) -> dict[str, Any]:
    """An answer."""
    return {"message_class": message_class, "channel": channel, "granted": granted}


def a_device(number: int) -> dict[str, Any]:
    """A browser's subscription."""
    return DEVICE | {"endpoint": f"https://push.example.org/send/{number}"}


@pytest.fixture
async def ann(door: FrontDoor) -> str:
    """The token of a client who gave no word about messages."""
    wish = a_wish()
    del wish["consent"]
    await door.made("/v1/bookings", wish)
    return await door.sign_in("ann@example.org")


async def told(door: FrontDoor) -> Any:
    """The document that was told last."""
    return (await door.published(topic="booking.contacts"))[-1].data


def granted(document: Any) -> set[tuple[str, str, str]]:
    """What is granted, and on which ground."""
    return {
        (one["message_class"], one["channel"], one["basis"])
        for one in document["grants"]
        if one["granted"]
    }


async def test_before_a_word_reminders_follow_from_the_booking(door: FrontDoor, ann: str) -> None:
    answer = await door.ask("GET", PATH, token=ann)

    found = answer.json()
    assert f'"{found["version"]}"' == answer.headers["etag"]
    assert {("service", "email", "implied")} == granted(found)
    assert "2028-05-03T12:00:00Z" == found["grants"][0]["expires_at"]
    assert 6 == len(found["grants"])
    assert {"quiet": None, "windows": [], "digest": False, "per_day": None} == {
        name: found[name] for name in ("quiet", "windows", "digest", "per_day")
    }


async def test_what_is_set_is_kept_and_told_whole(door: FrontDoor, ann: str) -> None:
    body = examples.BODIES["PreferencesFields"] | {"language": "fr", "tz": "America/Vancouver"}
    body["grants"] = [grant("service", "sms"), grant("marketing", "email")]

    answer = await door.ask("PUT", PATH, body, token=ann, version='"1"')

    assert (200, '"2"') == (answer.status_code, answer.headers["etag"])
    assert (await door.ask("GET", PATH, token=ann)).json() == answer.json()
    document = await told(door)
    assert granted(answer.json()) == granted(document)
    assert {
        ("service", "email", "implied"),
        ("service", "sms", "express"),
        ("marketing", "email", "express"),
    } == granted(document)
    assert {
        "quiet": {"start": "20:30", "end": "08:30"},
        "windows": [{"day": 0, "start": "09:00", "end": "12:00"}],
        "digest": True,
        "per_day": 2,
    } == document["preferences"]
    assert ("fr", "America/Vancouver", "+14165550123", 2) == tuple(
        document[name] for name in ("language", "tz", "phone", "version")
    )


async def test_what_is_no_news_changes_nothing(door: FrontDoor, ann: str) -> None:
    shown = (await door.ask("GET", PATH, token=ann)).json()
    same = [{n: one[n] for n in ("message_class", "channel", "granted")} for one in shown["grants"]]
    before = await door.tables()

    for body in (PLAIN, PLAIN | {"grants": same, "language": "en", "phone": None, "windows": []}):
        answer = await door.ask("PUT", PATH, body, token=ann)
        assert (200, shown) == (answer.status_code, answer.json())
    assert before == await door.tables()


async def test_a_page_read_before_a_click_grants_nothing_again(door: FrontDoor, ann: str) -> None:
    version = (await door.ask("GET", PATH, token=ann)).headers["etag"]
    link = (await told(door))["unsubscribe"][0]["token"]
    await door.http.post(f"/unsubscribe/{link}", data={"List-Unsubscribe": "One-Click"})
    before = await door.tables()

    body = PLAIN | {"grants": [grant("service", "email")]}
    stale = await door.ask("PUT", PATH, body, token=ann, version=version)

    problem(stale, 412, "stale-version")
    assert before == await door.tables()


async def test_texts_need_a_number_and_end_with_it(door: FrontDoor, ann: str) -> None:
    texts = PLAIN | {"grants": [grant("service", "sms"), grant("marketing", "sms")]}
    before = await door.tables()

    for body in (texts, texts | {"phone": None}):
        refused = problem(await door.ask("PUT", PATH, body, token=ann), 422, "invalid")
        assert ["phone"] == [one["field"] for one in refused["errors"]]
    assert before == await door.tables()

    number = texts | {"phone": "416 555 0123"}
    assert 200 == (await door.ask("PUT", PATH, number, token=ann)).status_code
    assert {"email", "sms"} == {channel for _, channel, _ in granted(await told(door))}
    # A number that is forgotten takes its consent along: the next one is asked for anew.
    await door.ask("PATCH", "/v1/me", {"phone": None}, token=ann)
    await door.ask("PATCH", "/v1/me", {"phone": "+14165550199"}, token=ann)
    assert {("service", "email", "implied")} == granted(await told(door))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grants": None}, "grants"), ({"digest": None}, "digest"), ({"digest": 1}, "digest"),
        ({"grants": [grant("service", "email"), grant("service", "email", granted=False)]},
         "grants"),
        ({"grants": [grant("essential", "email")]}, "grants.0.message_class"),
        ({"grants": [grant("service", "fax")]}, "grants.0.channel"),
        ({"grants": [grant("service", "email") | {"granted": "yes"}]}, "grants.0.granted"),
        ({"grants": [grant("service", "email") | {"basis": "express"}]}, "grants.0.basis"),
        ({"quiet": {"start": "21:00"}}, "quiet.end"),
        ({"quiet": {"start": "24:00", "end": "08:00"}}, "quiet.start"),
        ({"quiet": {"start": "9:00", "end": "08:00"}}, "quiet.start"),
        ({"quiet": {"start": "09:00", "end": "09:00"}}, "quiet"),
        ({"windows": [{"day": "fri", "start": "22:00", "end": "23:00"}]}, "windows"),
        ({"windows": [{"day": 0, "start": "09:00", "end": "12:00"}]}, "windows.0.day"),
        ({"windows": [{"day": "mon", "start": "09:00", "end": "12:00"}] * 22}, "windows"),
        ({"per_day": 0}, "per_day"), ({"per_day": 21}, "per_day"), ({"per_day": "2"}, "per_day"),
        ({"language": None}, "language"), ({"tz": "Mars/Olympus"}, "tz"), ({"phone": "x"}, "phone"),
        ({"reminders": True}, "reminders"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    door: FrontDoor, ann: str, change: dict[str, Any], field: str
) -> None:
    before = await door.tables()

    refused = await door.ask("PUT", PATH, PLAIN | change, token=ann)

    assert [field] == [one["field"] for one in problem(refused, 422, "invalid")["errors"]]
    assert before == await door.tables()


async def test_preferences_are_ones_own_alone(door: FrontDoor, ann: str) -> None:
    link = (await told(door))["bookings"][0]["manage_token"]
    for token in (None, link):
        problem(await door.ask("GET", PATH, token=token), 401, "sign-in-first")
        problem(await door.ask("PUT", PATH, PLAIN, token=token), 401, "sign-in-first")
        problem(await door.ask("GET", "/v1/me/consents", token=token), 401, "sign-in-first")
        problem(await door.post(DEVICES, DEVICE, token=token), 401, "sign-in-first")
    assert 200 == (await door.ask("GET", PATH, token=ann)).status_code


async def test_a_device_is_taken_in_once_told_and_forgotten(door: FrontDoor, ann: str) -> None:
    made = await door.post(DEVICES, DEVICE | {"expirationTime": None}, token=ann)
    before = await door.tables()
    again = await door.post(DEVICES, DEVICE, token=ann)

    assert (201, 200, made.json()) == (made.status_code, again.status_code, again.json())
    assert before == await door.tables()
    document = await told(door)
    keys = DEVICE["keys"]
    assert [{"id": made.json()["id"], "endpoint": DEVICE["endpoint"], **keys}] == (
        document["devices"]
    )
    assert ("service", "push", "express") in granted(document)
    one = f"{DEVICES}/{made.json()['id']}"
    assert 204 == (await door.ask("DELETE", one, token=ann)).status_code
    assert [] == (await told(door))["devices"]
    problem(await door.ask("DELETE", one, token=ann), 404, "no-such-device")
    assert [] == (await door.ask("GET", DEVICES, token=ann)).json()["items"]


async def test_of_many_devices_the_newest_stay(door: FrontDoor, ann: str) -> None:
    for number in range(MOST_DEVICES + 2):
        door.clock.advance(minutes=1)
        await door.made(DEVICES, a_device(number), token=ann)

    ends = [one["endpoint"].rpartition("/")[2] for one in (await told(door))["devices"]]
    assert {str(n) for n in range(2, MOST_DEVICES + 2)} == set(ends)
    assert MOST_DEVICES == len((await door.ask("GET", DEVICES, token=ann)).json()["items"])


async def test_a_browser_belongs_to_who_used_it_last(door: FrontDoor, ann: str) -> None:
    await door.made("/v1/bookings", a_wish(trainer=None) | {"client": a_client("ben@example.org")})
    ben = await door.sign_in("ben@example.org")
    first = await door.made(DEVICES, DEVICE, token=ann)

    second = await door.made(DEVICES, DEVICE, token=ben)

    assert first["id"] != second["id"]
    *_, anns, bens = [e.data for e in await door.published(topic="booking.contacts")]
    assert ("ann@example.org", []) == (anns["email"], anns["devices"])
    assert ("ben@example.org", [second["id"]]) == (
        bens["email"],
        [d["id"] for d in bens["devices"]],
    )
    path = f"{DEVICES}/{second['id']}"
    problem(await door.ask("DELETE", path, token=ann), 404, "no-such-device")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "http://push.example.org/x"}, "endpoint"),
        ({"endpoint": "https://127.0.0.1/x"}, "endpoint"),
        ({"endpoint": "https://[::1]/x"}, "endpoint"),
        ({"endpoint": "https://[::1/x"}, "endpoint"),
        ({"endpoint": "https://localhost/x"}, "endpoint"),
        ({"endpoint": "https://kafka.internal/x"}, "endpoint"),
        ({"endpoint": "https://push.example.org:9092/x"}, "endpoint"),
        ({"endpoint": "https://me:secret@push.example.org/x"}, "endpoint"),
        ({"endpoint": "https://push.example.org/x#y"}, "endpoint"),
        ({"endpoint": "https://push.example.org/" + "x" * 1000}, "endpoint"),
        ({"endpoint": "https://push.example.org/\0"}, "endpoint"),
        ({"keys": {"auth": DEVICE["keys"]["auth"]}}, "keys.p256dh"),
        ({"keys": DEVICE["keys"] | {"p256dh": "AAAA"}}, "keys.p256dh"),
        ({"keys": DEVICE["keys"] | {"p256dh": "é"}}, "keys.p256dh"),
        ({"keys": DEVICE["keys"] | {"auth": "AAAA"}}, "keys.auth"),
        ({"keys": DEVICE["keys"] | {"more": "x"}}, "keys.more"),
        ({"expirationTime": "soon"}, "expirationTime"),
    ],
)  # fmt: skip
async def test_what_no_browser_sends_is_named(
    door: FrontDoor, ann: str, change: dict[str, Any], field: str
) -> None:
    before = await door.tables()

    refused = await door.post(DEVICES, DEVICE | change, token=ann)

    assert [field] == [one["field"] for one in problem(refused, 422, "invalid")["errors"]]
    assert before == await door.tables()


async def test_browsers_are_told_the_key_where_push_is_set_up(door: FrontDoor) -> None:
    problem(await door.ask("GET", "/v1/push-key"), 404, "no-push")

    app = FastAPI()
    app.include_router(devices.routes(door.db, door.clock, door.writer, SIGNER, "a-key"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        assert {"key": "a-key"} == (await http.get("/v1/push-key")).json()
