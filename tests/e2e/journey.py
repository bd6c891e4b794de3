"""One client's whole journey by the public names, the same on every way to run Limber."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from icalendar import Calendar

from tests.e2e.reach import Reach, eventually

TORONTO = "M5V 2T6"


async def walk(reach: Reach) -> None:
    """From the first look at the services to the level on the client's page."""
    email = f"ada.{uuid4().hex[:8]}@example.org"
    async with reach.http() as visitor:
        await look_around(visitor)
        booking = await book_first_workout(visitor, email)
        await free_workout_is_used_once(visitor, email)
    await confirmation_arrives(reach, email, booking)
    token = await sign_in(reach, email)
    async with reach.http(token) as client:
        await checks_in(client, booking)
        moved = await moves(reach, client, booking, email)
        await raises_a_red_flag(reach, client, moved)
        cancelled = await cancels(reach, client, booking["id"], email)
    await events_tell_it_in_order(reach, booking, cancelled["version"])


async def look_around(visitor: httpx.AsyncClient) -> None:
    services = (await visitor.get("/v1/services")).json()
    assert ["first-workout", "assessment", "training"] == [s["id"] for s in services]
    area = (await visitor.get("/v1/areas/m5v2t6")).json()
    assert {
        "postal": TORONTO,
        "area": "toronto",
        "city": "Toronto",
        "modes": ["in-person", "virtual"],
    } == area
    trainers = (await visitor.get("/v1/trainers", params={"area": "toronto"})).json()
    assert trainers
    bad = await visitor.get("/v1/areas/12345")
    assert (422, "application/problem+json") == (bad.status_code, bad.headers["content-type"])


async def slots(visitor: httpx.AsyncClient, **more: str) -> list[dict[str, Any]]:
    start = datetime.now(UTC).date() + timedelta(days=3)
    answer = await visitor.get(
        "/v1/slots",
        params={
            "service": "first-workout",
            "mode": "in-person",
            "postal": TORONTO,
            "from": str(start),
            "to": str(start + timedelta(days=2)),
            "tz": "America/Toronto",
            **more,
        },
    )
    assert 200 == answer.status_code, answer.text
    found: list[dict[str, Any]] = answer.json()["slots"]
    return found


async def book_first_workout(visitor: httpx.AsyncClient, email: str) -> dict[str, Any]:
    slot = (await slots(visitor))[5]
    trainer = slot["trainers"][0]["id"]
    wish = {
        "service": "first-workout",
        "mode": "in-person",
        "start": slot["start"],
        "trainer": trainer,
        "postal": TORONTO,
    }
    held = await visitor.post("/v1/holds", json=wish)
    assert 201 == held.status_code, held.text
    hold = held.json()
    rival = await visitor.post("/v1/holds", json=wish)
    assert (409, "/problems/slot-taken", 3) == (
        rival.status_code,
        rival.json()["type"],
        len(rival.json()["alternatives"]),
    )
    body = {
        "hold": hold["id"],
        "client": {"name": "Ada Sample", "email": email, "tz": "America/Toronto"},
        "address": {"street": "1 Front Street West", "postal": TORONTO},
        "conditions": ["back-pain"],
        "goal": "to garden again",
        "consent": {"reminders": True, "marketing": False},
    }
    key = {"Idempotency-Key": uuid4().hex}
    first = await visitor.post("/v1/bookings", json=body, headers=key)
    again = await visitor.post("/v1/bookings", json=body, headers=key)
    assert (201, 201) == (first.status_code, again.status_code), first.text
    assert first.json() == again.json()
    other = await visitor.post("/v1/bookings", json={**body, "goal": "to swim"}, headers=key)
    assert (422, "/problems/idempotency-mismatch") == (other.status_code, other.json()["type"])
    booking: dict[str, Any] = first.json()
    assert (1, "confirmed", slot["start"], trainer) == (
        booking["version"],
        booking["status"],
        booking["start"],
        booking["trainer"]["id"],
    )
    link = {"Authorization": f"Bearer {booking['manage_token']}"}
    read = await visitor.get(f"/v1/bookings/{booking['id']}", headers=link)
    assert (booking, '"1"') == (read.json(), read.headers["etag"])
    assert 401 == (await visitor.get(f"/v1/bookings/{booking['id']}")).status_code
    calendar = await visitor.get(booking["calendar_url"])
    event: Any = Calendar.from_ical(calendar.content).walk("VEVENT")[0]
    assert (1, slot["start"]) == (int(event["SEQUENCE"]), utc(event.start))
    return booking


async def free_workout_is_used_once(visitor: httpx.AsyncClient, email: str) -> None:
    slot = (await slots(visitor))[20]
    second = await visitor.post(
        "/v1/bookings",
        json={
            "service": "first-workout",
            "mode": "in-person",
            "start": slot["start"],
            "postal": TORONTO,
            "client": {"name": "Ada", "email": email.upper(), "tz": "America/Toronto"},
        },
    )
    assert (409, "/problems/free-workout-used") == (second.status_code, second.json()["type"])


async def confirmation_arrives(reach: Reach, email: str, booking: dict[str, Any]) -> None:
    async def look() -> dict[str, Any] | None:
        return await mail_about(reach, email, booking["id"], "REQUEST")

    mail = await eventually(look, "the confirmation mail")
    assert booking["manage_token"] in mail["text"]
    assert booking["trainer"]["name"] in mail["text"]
    assert mail["html"]
    event = calendar_in(mail)
    assert (1, booking["start"]) == (int(event["SEQUENCE"]), utc(event.start))


async def sign_in(reach: Reach, email: str) -> str:
    async with reach.http() as visitor:
        unknown = await visitor.post("/v1/sign-in", json={"email": "nobody@example.org"})
        asked = await visitor.post("/v1/sign-in", json={"email": email})
        assert (202, 202) == (unknown.status_code, asked.status_code)

        async def look() -> str | None:
            for mail in await reach.mails_to(email):
                if found := re.search(r"\b(\d{6})\b", mail["text"]):
                    return found[1]
            return None

        code = await eventually(look, "the sign-in code")
        wrong = await visitor.post(
            "/v1/sign-in/verify", json={"email": email, "code": f"{(int(code) + 1) % 10**6:06}"}
        )
        assert (401, "/problems/wrong-code") == (wrong.status_code, wrong.json()["type"])
        right = await visitor.post("/v1/sign-in/verify", json={"email": email, "code": code})
        assert (200, "client") == (right.status_code, right.json()["role"]), right.text
        token: str = right.json()["token"]
        return token


async def report(client: httpx.AsyncClient, client_id: str, body: dict[str, Any]) -> Any:
    """Send a check-in and wait for what progress says."""
    sent = await client.post(f"/v1/clients/{client_id}/check-ins", json=body)
    assert 202 == sent.status_code, sent.text

    async def look() -> Any:
        answer = (await client.get(sent.json()["url"])).json()
        return None if answer["status"] == "pending" else answer

    return await eventually(look, "the answer to the check-in")


async def checks_in(client: httpx.AsyncClient, booking: dict[str, Any]) -> None:
    """The stream is open before the check-in, and brings the new view without asking."""
    person = booking["client_id"]
    async with client.stream("GET", f"/v1/clients/{person}/stream") as stream:
        events = sse(stream)
        _, before = await asyncio.wait_for(anext(events), 10)
        answer = await report(
            client, person, {"kind": "pre", "booking": booking["id"], "pain": 7, "mood": 5}
        )
        told, view = await told_and_read(client, person, events, version=before["version"])
    assert ("done", "modify", ["P2"], ["reduce-dose"]) == (
        answer["status"],
        answer["level"],
        [a["rule"] for a in answer["actions"]],
        [a["code"] for a in answer["actions"]],
    )
    assert ("modify", 7) == (view["level"], view["check_ins"][0]["pain"])
    assert view == told
    wrong = await client.post(
        f"/v1/clients/{person}/check-ins", json={"kind": "pre", "pain": 11, "red_flags": ["?"]}
    )
    fields = [e["field"] for e in wrong.json()["errors"]]
    assert (422, ["pain", "red_flags.0"]) == (wrong.status_code, fields)
    stranger = await client.get(f"/v1/clients/{uuid4()}/progress")
    assert 403 == stranger.status_code


async def told_and_read(
    client: httpx.AsyncClient, person: str, events: Any, *, version: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first view with a check-in that the stream tells and the page reads as the same one.

    Answer and view come by topics of their own, and more than the check-in may change the view.
    """
    async with asyncio.timeout(10):
        async for _, told in events:
            assert told["version"] > version, "a stream only goes on"
            version = told["version"]
            view = (await client.get(f"/v1/clients/{person}/progress")).json()
            if told["check_ins"] and told["version"] == view["version"]:
                return told, view
    raise AssertionError("the stream ended")


async def moves(
    reach: Reach, client: httpx.AsyncClient, booking: dict[str, Any], email: str
) -> dict[str, Any]:
    slot = (await slots(client, trainer=booking["trainer"]["id"]))[-1]
    where = f"/v1/bookings/{booking['id']}/reschedule"
    stale = await client.post(where, json={"start": slot["start"]}, headers={"If-Match": '"7"'})
    assert (412, "/problems/stale-version") == (stale.status_code, stale.json()["type"])
    answer = await client.post(where, json={"start": slot["start"]}, headers={"If-Match": '"1"'})
    assert (200, 2, slot["start"]) == (
        answer.status_code,
        answer.json()["version"],
        answer.json()["start"],
    )

    async def look() -> dict[str, Any] | None:
        return await mail_about(reach, email, booking["id"], "REQUEST", sequence=2)

    mail = await eventually(look, "the mail about the move")
    assert slot["start"] == utc(calendar_in(mail).start)
    moved: dict[str, Any] = answer.json()
    return moved


async def raises_a_red_flag(
    reach: Reach, client: httpx.AsyncClient, booking: dict[str, Any]
) -> None:
    """An emergency freezes what is booked until a trainer has spoken with the client."""
    person, where = booking["client_id"], f"/v1/bookings/{booking['id']}"
    answer = await report(
        client, person, {"kind": "daily", "pain": 4, "red_flags": ["saddle-numbness"]}
    )
    assert ("emergency", "R1", "emergency-number") == (
        answer["level"],
        answer["actions"][0]["rule"],
        answer["actions"][0]["code"],
    )

    async def status(wanted: str) -> bool | None:
        return bool((await client.get(where)).json()["status"] == wanted) or None

    await eventually(lambda: status("frozen"), "the frozen booking")

    async def held() -> dict[str, Any] | None:
        view: dict[str, Any] = (await client.get(f"/v1/clients/{person}/progress")).json()
        return view if view["holds"] else None

    # The view comes by a topic of its own, maybe later.
    view = await eventually(held, "the hold in the view")
    [hold] = view["holds"]
    assert ("emergency", "session", "R1") == (view["level"], hold["kind"], hold["rule"])
    lift = f"/v1/clients/{person}/safety-holds/{hold['id']}/lift"
    assert 403 == (await client.post(lift, json={"reason": "I feel fine"})).status_code
    staff_token = await reach.token("staff@limber.example")
    async with reach.http(staff_token) as staff:
        lifted = await staff.post(lift, json={"reason": "Seen at the hospital, cleared."})
        assert 202 == lifted.status_code, lifted.text
    await eventually(lambda: status("confirmed"), "the booking taking place again")


async def cancels(
    reach: Reach, client: httpx.AsyncClient, booking_id: str, email: str
) -> dict[str, Any]:
    answer = await client.post(f"/v1/bookings/{booking_id}/cancel")
    assert (200, "cancelled") == (answer.status_code, answer.json()["status"])
    again = await client.post(f"/v1/bookings/{booking_id}/cancel", json={"reason": "rain"})
    assert answer.json() == again.json()

    async def look() -> dict[str, Any] | None:
        return await mail_about(reach, email, booking_id, "CANCEL")

    mail = await eventually(look, "the mail about the cancellation")
    assert answer.json()["version"] == int(calendar_in(mail)["SEQUENCE"])
    cancelled: dict[str, Any] = answer.json()
    return cancelled


async def events_tell_it_in_order(reach: Reach, booking: dict[str, Any], versions: int) -> None:
    async def look() -> list[Any] | None:
        records = await reach.lines("events", "booking.events", "--from-beginning", "--max", "500")
        mine = {
            r["headers"]["ce_id"]: r
            for r in records
            if json.loads(json.dumps(r["value"])).get("booking_id") == booking["id"]
        }
        return list(mine.values()) if len(mine) >= versions else None

    records = await eventually(look, "all events of the booking")
    assert list(range(1, versions + 1)) == [r["value"]["version"] for r in records]
    assert [
        "booking.confirmed.v1",
        "booking.rescheduled.v1",
        "booking.frozen.v1",
        "booking.unfrozen.v1",
        "booking.cancelled.v1",
    ] == [r["headers"]["ce_type"] for r in records]
    assert {booking["client_id"]} == {r["key"] for r in records}


async def mail_about(
    reach: Reach, email: str, booking_id: str, method: str, *, sequence: int | None = None
) -> dict[str, Any] | None:
    """The mail about a booking whose calendar part has that method and sequence."""
    for mail in await reach.mails_to(email):
        headers = {name.lower(): value for name, value in dict(mail["headers"]).items()}
        if headers.get("x-limber-booking") != booking_id or not mail["attachments"]:
            continue
        calendar = Calendar.from_ical(calendar_text(mail))
        event: Any = calendar.walk("VEVENT")[0]
        if calendar["METHOD"] == method and sequence in {None, int(event["SEQUENCE"])}:
            found: dict[str, Any] = mail
            return found
    return None


def calendar_text(mail: dict[str, Any]) -> str:
    """The text of the calendar part."""
    texts = [a["content"] for a in mail["attachments"]]
    text = next(text for text in texts if text.startswith("BEGIN:VCALENDAR"))
    return str(text)


def calendar_in(mail: dict[str, Any]) -> Any:
    """The event of the calendar part."""
    [event] = Calendar.from_ical(calendar_text(mail)).walk("VEVENT")
    return event


def utc(at: datetime) -> str:
    """An instant as the API writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def sse(stream: httpx.Response) -> Any:
    """Events of a stream as (name, data)."""
    name = ""
    async for line in stream.aiter_lines():
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:") and name == "progress":
            yield name, json.loads(line.removeprefix("data:"))
