"""Notify's API as staff and providers use it, on a real database."""

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.notify.api.preview import Previews
from services.notify.api.routes import add_routes
from services.notify.writing.company import Company
from services.notify.writing.mail import LetterWriter
from services.notify.writing.short import ShortWriter
from shared import problem
from shared.contracts.contacts import StaffPass
from shared.http import BodyLimit
from shared.outbox import Relay
from shared.postgres import Database
from shared.signatures import new_secret, signed
from tests.integration.notify.post_office import Notify
from tests.unit.notify.builders import NOW, a_contact

STAFF, LEAD = UUID(int=71), UUID(int=72)
TOKEN, LEAD_TOKEN, OLD_TOKEN = "staff-token", "lead-token", "old-token"
COMPANY = Company("Limber", "100 Example Street, Toronto", "hello@limber.example")
TYPES = {"booking.confirmed.v1": "A session is booked.", "message.sent.v1": "It went out."}


@dataclass
class Door:
    """What a caller sees of notify."""

    client: httpx.AsyncClient
    secret: str
    woken: list[str]
    registry: CollectorRegistry

    async def get(self, path: str, token: str | None = TOKEN, **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params, headers=_bearer(token))

    async def post(self, path: str, body: Any = None, token: str | None = TOKEN) -> httpx.Response:
        return await self.client.post(path, json=body, headers=_bearer(token))

    async def report(
        self,
        *told: dict[str, Any],
        provider: str = "mail",
        report_id: str | None = None,
        at_s: float | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        body = json.dumps({"reports": told}).encode()
        at = int(time.time() if at_s is None else at_s)
        proof = signed([self.secret], report_id or str(uuid4()), at, body)
        return await self.client.post(
            f"/v1/callbacks/{provider}",
            content=body,
            headers={"Content-Type": "application/json"} | proof | (headers or {}),
        )


@asynccontextmanager
async def a_door(notify: Notify, db: Database) -> AsyncIterator[Door]:
    """The routes of notify, with staff and a lead who are signed in."""
    writer = LetterWriter(
        sender="Limber <hello@limber.example>", public_url="https://limber.test", company=COMPANY
    )

    app, secret, registry = FastAPI(), new_secret(), CollectorRegistry()
    woken: list[str] = []
    problem.install(app)
    app.add_middleware(BodyLimit)
    add_routes(
        app,
        db=db,
        clock=notify.clock,
        relay=Relay(db, "nowhere:1", source="/limber/notify"),
        registry=registry,
        previews=Previews(writer, ShortWriter(public_url="https://limber.test", company=COMPANY)),
        company=COMPANY,
        callback_secrets={"mail": secret, "sms": secret},
        webhook_types=TYPES,
        webhooks_changed=lambda: woken.append("webhooks"),
        inwards=False,
    )
    await notify.hear(
        a_contact(STAFF, role="staff", email="staff@limber.example", bookings=(), passes=_passes()),
        a_contact(
            LEAD,
            role="lead",
            email="lead@limber.example",
            bookings=(),
            passes=(StaffPass(token_hash=_hash(LEAD_TOKEN), expires_at=NOW + timedelta(days=1)),),
        ),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://notify") as client:
        yield Door(client, secret, woken, registry)


def _passes() -> tuple[StaffPass, ...]:
    return (
        StaffPass(token_hash=_hash(OLD_TOKEN), expires_at=NOW - timedelta(seconds=1)),
        StaffPass(token_hash=_hash(TOKEN), expires_at=NOW + timedelta(days=1)),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}
