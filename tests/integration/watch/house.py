"""The three services in this process, on a real database and a real broker, with a mail server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.topics import TopicSettings, make_topics
from services.booking import app as booking
from services.booking import demo
from services.booking.domain.links import LinkSigner
from services.booking.handlers.sign_in import open_session
from services.booking.settings import BookingSettings
from services.booking.store import people
from services.notify import app as notify
from services.notify.settings import NotifySettings
from services.progress import app as progress
from services.progress.settings import ProgressSettings
from shared.postgres import Database
from tests.conftest import MigratedDatabase
from tests.e2e.reach import eventually
from tests.integration.notify.post_office import PostOffice

SECRET = "s" * 32
KEY = "a2V5cy1rZXlzLWtleXMta2V5cy1rZXlzLWtleXMta2U"
"""32 bytes, base64url."""

SERVICES = ("booking", "notify", "progress")


@dataclass(frozen=True)
class House:
    """The running services: their doors, and booking's database."""

    doors: Mapping[str, httpx.AsyncClient]
    apps: Mapping[str, FastAPI]
    db: Database

    async def book(self, **client: str) -> Any:
        """The answer to a first workout by video, at the first time there is."""
        first = (datetime.now(UTC) + timedelta(days=3)).date()
        door = self.doors["booking"]
        wish = {"service": "first-workout", "mode": "virtual"}
        dates = {"from": str(first), "to": str(first + timedelta(days=4)), "tz": "America/Toronto"}
        found = await door.get("/v1/slots", params={**wish, **dates})
        body = {
            **wish,
            "start": found.json()["slots"][0]["start"],
            "client": {"tz": "America/Toronto", **client},
            "consent": {"reminders": True, "marketing": False},
        }
        made = await door.post("/v1/bookings", json=body)
        assert 201 == made.status_code, made.text
        return made.json()

    async def check_in(self, email: str, client_id: str, **body: Any) -> None:
        """Report as a client."""
        async with self.db.transaction() as tx:
            person = await people.lock_person_by_email(tx, email)
            assert person is not None
            signer = LinkSigner(SECRET.encode())
            session = await open_session(tx, person, signer=signer, now=datetime.now(UTC))
        sent = await self.doors["booking"].post(
            f"/v1/clients/{client_id}/check-ins",
            json=body,
            headers={"Authorization": f"Bearer {session.token}"},
        )
        assert 202 == sent.status_code, sent.text

    async def metrics(self, service: str) -> str:
        """What a service tells Prometheus."""
        return (await self.doors[service].get("/metrics")).text


@asynccontextmanager
async def opened(
    database: MigratedDatabase,
    kafka_bootstrap: str,
    office: PostOffice,
    patch: pytest.MonkeyPatch,
    **environment: str,
) -> AsyncIterator[House]:
    """The house while the block runs; `environment` is for all services."""
    await make_topics(TopicSettings(kafka_bootstrap=kafka_bootstrap))
    for service in SERVICES:
        for name, value in {
            "PORT": "1",
            "DATABASE_URL": database.url(service),
            "KAFKA_BOOTSTRAP": kafka_bootstrap,
            "PUBLIC_URL": "http://limber.test",
        }.items():
            patch.setenv(f"{service.upper()}_{name}", value)
    own = {
        "BOOKING_SECRET": SECRET,
        "BOOKING_KEY_ENCRYPTION_KEY": KEY,
        "NOTIFY_SMTP_URLS": f"smtp://127.0.0.1:{office.port}",
        "NOTIFY_FROM": "Limber <hello@limber.example>",
    }
    for name, value in (own | environment).items():
        patch.setenv(name, value)
    apps = {
        "booking": booking.build(BookingSettings()),
        "notify": notify.build(NotifySettings()),
        "progress": progress.build(ProgressSettings()),
    }
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database(database.url("booking"), "booking").opened())
        async with db.transaction() as tx:
            signer = LinkSigner(SECRET.encode())
            await demo.add_missing(tx, signer, now=datetime.now(UTC))
        doors = {}
        for service, app in apps.items():
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app)
            doors[service] = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://limber.test")
            )

        async def ready() -> bool:
            answers = [await door.get("/readyz") for door in doors.values()]
            return all(answer.status_code == 200 for answer in answers)

        await eventually(ready, "three services that are ready", within_s=60)
        yield House(doors, apps, db)
