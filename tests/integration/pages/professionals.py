"""Trainers, clinicians and staff in browsers without scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.booking.api.access import SESSION_COOKIE
from shared.contracts.progress import SubmissionAnswered
from tests.integration.booking.front_door import FrontDoor
from tests.integration.pages.clients import OURS, Client
from tests.integration.pages.visiting import Page, Visitor, a_browser

TRAINER, OTHER_TRAINER = "trainer01@limber.example", "trainer02@limber.example"

DOCTOR = "doc@example.org"


@dataclass
class Professional:
    """Somebody who works with clients, signed in."""

    visitor: Visitor
    door: FrontDoor

    async def open(self, path: str) -> Page:
        """Go to an address."""
        return await self.visitor.open(path)

    async def post(self, path: str, **fields: Any) -> Page:
        """Send a form with these fields; lists are boxes of one name."""
        answer = await self.visitor.http.post(
            path, data=fields, headers=OURS, follow_redirects=True
        )
        return Page(answer)

    async def sent(self) -> list[Any]:
        """What was handed to progress, oldest first."""
        return [one.data for one in await self.door.published(topic="booking.submissions")]

    async def answered(self, client: str, report: str, **answer: Any) -> None:
        """Progress has answered a report."""
        await self.door.hear(
            SubmissionAnswered.model_validate(
                {"client_id": client, "submission_id": report, "actions": [], "level": "go"}
                | answer
            )
        )

    async def looks(self, client: str) -> list[str]:
        """What was seen of a client, oldest first."""
        found: list[str] = await self.door.value(
            "select coalesce(array_agg(what order by id), '{}') from access_log"
            " where client_id = $1 or clients @> array[$1::uuid]",
            UUID(client),
        )
        return found


@asynccontextmanager
async def at_work(door: FrontDoor, email: str = TRAINER) -> AsyncIterator[Professional]:
    """Somebody who is known by that address."""
    async with a_browser(door) as http:
        http.cookies.set(SESSION_COOKIE, await door.sign_in(email))
        yield Professional(Visitor(http), door)


@asynccontextmanager
async def a_clinician(
    ann: Client, *share: str, role: str = "physician"
) -> AsyncIterator[Professional]:
    """Somebody with whom Ann shares, signed in."""
    await ann.post("/me/sharing", email=DOCTOR, role=role, share=list(share))
    async with at_work(ann.door, DOCTOR) as clinician:
        yield clinician
