"""A client in a browser without scripts, of whom a test says what progress knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx

from services.booking.api.access import SESSION_COOKIE
from services.booking.pages import me_reports
from shared.contracts.progress import Action, SubmissionAnswered, ViewUpdated
from tests.integration.booking.care_view import a_document, on
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.visiting import Page, Visitor, a_browser

OURS = {"Sec-Fetch-Site": "same-origin"}
MARKUP = "\"><script>alert(1)</script><b x='"


@dataclass
class Client:
    """Somebody with one booking, signed in."""

    id: str
    booking: str
    visitor: Visitor
    door: FrontDoor

    async def open(self, path: str, **headers: str) -> Page:
        """Go to an address."""
        return await self.visitor.open(path, **headers)

    async def post(self, path: str, **fields: Any) -> Page:
        """Send a form with these fields; lists are boxes of one name."""
        answer = await self.visitor.http.post(
            path, data=fields, headers=OURS, follow_redirects=True
        )
        return Page(answer)

    async def sent(self) -> list[Any]:
        """What was handed to progress, oldest first."""
        published = await self.door.published(topic="booking.submissions")
        return [one.data for one in published]

    async def known(self, **parts: Any) -> None:
        """Progress says these parts of the view, beside a full one."""
        document = whole(self.id) | parts
        await self.door.hear(
            ViewUpdated(
                client_id=UUID(self.id),
                version=document["version"],
                level=document["level"],
                document=document,
            )
        )

    async def answered(self, report: str, level: str = "go", *actions: Action) -> None:
        """Progress has answered a report."""
        await self.door.hear(
            SubmissionAnswered.model_validate(
                {
                    "client_id": self.id,
                    "submission_id": report,
                    "status": "done",
                    "level": level,
                    "actions": actions,
                }
            )
        )


@asynccontextmanager
async def a_client(
    door: FrontDoor, email: str = "ann@example.org", **wish: Any
) -> AsyncIterator[Client]:
    """A client who has booked one session and is signed in."""
    booking = await door.book(email=email, **wish)
    # Nobody answers while a page waits, unless a test says so.
    with patch.object(me_reports, "PATIENCE_S", 0.0):
        async with a_browser(door) as http:
            http.cookies.set(SESSION_COOKIE, await door.sign_in(email))
            yield Client(booking["client_id"], booking["id"], Visitor(http), door)


def whole(client: str) -> dict[str, Any]:
    """A view with something in every part, as progress writes it."""
    return a_document(client) | {
        "effects": [
            an_effect("knee-rolls", mean=-1.4, low=-2.1, high=-0.7),
            an_effect("easy-walk", mean=-0.9, low=-1.6, high=0.3),
        ],
        "milestones": [
            {"code": "first-session", "kind": "habit", "at": on(8)},
            {"code": "steady-weeks", "kind": "habit", "at": on(40)},
        ],
        "safety": {"rules": [a_rule()], "gates": []},
    }


def an_effect(option: str, **figures: Any) -> dict[str, Any]:
    """What an option did, by the session's end."""
    return {"option": option, "after": "session", "n": 9, "best": False, **figures}


def a_rule(**other: Any) -> dict[str, Any]:
    """A rule in force, as the view tells it."""
    return {
        "rule": "P2",
        "version": "2.0.0",
        "level": "modify",
        "action": "Do about 30 percent less today, and nothing new.",
        "code": "reduce-dose",
        "detail": "Your pain is 6 or 7.",
        "inputs": {"pain": 6},
        **other,
    }


def report_of(page: Page) -> str:
    """The id of the report whose answer a page waits for."""
    assert "/me/reports/" in page.url, page.url
    return httpx.URL(page.url).path.rpartition("/")[2]
