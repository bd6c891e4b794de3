"""Mails in a real inbox: one of every nature, and what one click on a reminder stops."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import httpx

from tests.e2e.reach import Reach, eventually

ONE_OF_EACH = {
    "booking-confirmed": "announcement",
    "sign-in-code": "code",
    "reminder-24h": "reminder",
    "safety-alert": "alert",
    "waitlist-offer": "offer",
}

DAYTIME = range(11, 18)
"""Local hours at which neither reminder of a session falls into quiet hours."""

TORONTO = "America/Toronto"

REMINDER = """
select state from notify.deliveries
where booking_id = $1::text::uuid and template = 'reminder-2h' and channel = 'email'
"""


async def arrive(reach: Reach) -> None:
    """After the journey: the kinds of mail that it left out, and a recipient who leaves."""
    async with reach.http() as visitor:
        times = await daytimes(visitor)
        await somebody_waits(reach, visitor, *next(times))
        await one_click_stops_what_is_not_essential(reach, visitor, *next(times))
    seen = {template(mail) for mail in await reach.lines("inbox", "--json")}
    assert set() == ONE_OF_EACH.keys() - seen


async def one_click_stops_what_is_not_essential(
    reach: Reach, visitor: httpx.AsyncClient, start: str, trainer: str
) -> None:
    email = f"leaving.{uuid4().hex[:8]}@example.org"
    booking = await book(visitor, email, start, trainer)
    begins = datetime.fromisoformat(start)
    await advance_to(reach, begins - timedelta(hours=24))
    reminder = await mail_to(reach, email, "reminder-24h")
    headers = headers_of(reminder)
    assert "List-Unsubscribe=One-Click" == headers["list-unsubscribe-post"]
    found = re.search(r"<(https?://[^>]+)>", headers["list-unsubscribe"])
    assert found

    assert 200 == (await visitor.get(found[1])).status_code
    clicked = await visitor.post(found[1], data={"List-Unsubscribe": "One-Click"})
    assert 200 == clicked.status_code, clicked.text
    # The code comes by the same document as the wish, so notify knows both when it is there.
    await visitor.post("/v1/sign-in", json={"email": email})
    await mail_to(reach, email, "sign-in-code")
    await advance_to(reach, begins - timedelta(hours=2))
    await eventually(lambda: reminder_ended(reach, booking["id"]), "the end of the other reminder")
    link = {"Authorization": f"Bearer {booking['manage_token']}"}
    cancelled = await visitor.post(f"/v1/bookings/{booking['id']}/cancel", headers=link)
    assert 200 == cancelled.status_code, cancelled.text
    essential = await mail_to(reach, email, "booking-cancelled")

    assert "list-unsubscribe" not in headers_of(essential)
    assert {"booking-confirmed", "reminder-24h", "sign-in-code", "booking-cancelled"} == {
        template(mail) for mail in await reach.mails_to(email)
    }


async def somebody_waits(
    reach: Reach, visitor: httpx.AsyncClient, start: str, trainer: str
) -> None:
    """A freed time is offered to who waits for that day."""
    booking = await book(visitor, f"leaving.{uuid4().hex[:8]}@example.org", start, trainer)
    waiting = f"waiting.{uuid4().hex[:8]}@example.org"
    day = str(datetime.fromisoformat(start).astimezone(ZoneInfo(TORONTO)).date())
    wish = wish_of(trainer) | {"from": day, "to": day, "client": client(waiting)}
    joined = await visitor.post("/v1/waitlist", json=wish)
    assert 201 == joined.status_code, joined.text
    link = {"Authorization": f"Bearer {booking['manage_token']}"}
    await visitor.post(f"/v1/bookings/{booking['id']}/cancel", headers=link)
    await mail_to(reach, waiting, "waitlist-offer")


async def daytimes(visitor: httpx.AsyncClient) -> Any:
    """(start, trainer) by day, a day and a trainer once each, some days ahead."""
    first = datetime.now(UTC).date() + timedelta(days=4)
    answer = await visitor.get(
        "/v1/slots",
        params={
            "service": "first-workout",
            "mode": "virtual",
            "from": str(first),
            "to": str(first + timedelta(days=6)),
            "tz": TORONTO,
        },
    )
    assert 200 == answer.status_code, answer.text
    by_day: dict[str, tuple[str, str]] = {}
    for slot in answer.json()["slots"]:
        local = datetime.fromisoformat(slot["local"])
        if local.hour in DAYTIME:
            by_day.setdefault(str(local.date()), (slot["start"], slot["trainers"][0]["id"]))
    return iter(by_day.values())


async def book(visitor: httpx.AsyncClient, email: str, start: str, trainer: str) -> dict[str, Any]:
    wish = wish_of(trainer) | {"start": start, "client": client(email)}
    consent = {"reminders": True, "marketing": False}
    answer = await visitor.post("/v1/bookings", json=wish | {"consent": consent})
    assert 201 == answer.status_code, answer.text
    made: dict[str, Any] = answer.json()
    return made


def wish_of(trainer: str) -> dict[str, Any]:
    return {"service": "first-workout", "mode": "virtual", "trainer": trainer}


def client(email: str) -> dict[str, str]:
    return {"name": "Ada Sample", "email": email, "tz": TORONTO}


async def advance_to(reach: Reach, to: datetime) -> None:
    """Move the stack's clock just past a moment."""
    shown = datetime.fromisoformat((await reach.limber("clock", "show")).strip())
    await reach.limber("clock", "advance", f"{int((to - shown).total_seconds()) + 5}s")


async def mail_to(reach: Reach, email: str, name: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        mails = await reach.mails_to(email)
        return next((mail for mail in mails if template(mail) == name), None)

    return await eventually(look, f"the mail {name}")


async def reminder_ended(reach: Reach, booking_id: str) -> bool:
    environment = dict(line.split("=", 1) for line in (await reach.limber("env")).splitlines())
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    try:
        return bool(await connection.fetchval(REMINDER, booking_id) == "cancelled")
    finally:
        await connection.close()


def template(mail: dict[str, Any]) -> str:
    return headers_of(mail).get("x-limber-template", "")


def headers_of(mail: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in dict(mail["headers"]).items()}
