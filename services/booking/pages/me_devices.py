"""Notifications on the client's devices: allowed from the settings, and ended there."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from services.booking.api.access import caller_of
from services.booking.api.devices import DeviceFields
from services.booking.api.limits import Limits
from services.booking.api.writing import Answer, Writer
from services.booking.domain import limits as figures
from services.booking.domain.links import LinkSigner
from services.booking.handlers import devices as handlers
from services.booking.pages.book import form_of
from services.booking.pages.language import Tongue
from services.booking.pages.me import whose
from services.booking.pages.shell import Shell, unreadable
from services.booking.store.devices import Device
from shared.clock import Clock
from shared.errors import NotFound
from shared.postgres import Transaction
from shared.zones import zone


@dataclass(frozen=True)
class Shown:
    """A browser as the page names it; by `mark` the browser itself knows that it is meant."""

    id: UUID
    service: str
    seen: str
    mark: str


def shown(devices: list[Device], words: Tongue, tz: str) -> list[Shown]:
    """Somebody's browsers, for their settings."""
    return [
        Shown(one.id, _service(one), _day(one.seen_at, words, tz), _mark(one)) for one in devices
    ]


def routes(
    shell: Shell,
    clock: Clock,
    writer: Writer,
    signer: LinkSigner,
    limits: Limits,
    push_key: str | None,
) -> APIRouter:
    """The forms of the settings page, and the worker that shows what arrives."""
    router = shell.router()

    @router.post("/me/devices")
    async def add(request: Request) -> Response:
        """Allow notifications on the browser that sends this."""
        client_id, caller, form = whose(request), caller_of(request), await form_of(request)
        if push_key is None:
            raise NotFound("no-push", "Notifications on devices are not set up here.")
        await limits.check(request, (figures.DEVICES_PER_PERSON, caller.name))
        given = {name: str(form.get(name) or "") for name in ("endpoint", "p256dh", "auth")}
        try:
            fields = DeviceFields.model_validate({"endpoint": given.pop("endpoint"), "keys": given})
        except ValidationError:
            raise unreadable() from None

        async def work(tx: Transaction) -> Answer:
            await handlers.add(tx, client_id, fields.subscription(), signer=signer, now=clock())
            return Answer(200, {})

        await writer.done(caller, work)
        return shell.see("/me/settings", saved="1")

    @router.post("/me/devices/{device_id}/remove")
    async def remove(device_id: UUID, request: Request) -> Response:
        """Send nothing to a browser any more."""
        client_id, caller = whose(request), caller_of(request)

        async def work(tx: Transaction) -> Answer:
            await handlers.remove(tx, client_id, device_id, signer=signer, now=clock())
            return Answer(200, {})

        await writer.done(caller, work)
        return shell.see("/me/settings", saved="1")

    @router.get("/me/worker.js")
    async def worker() -> Response:
        """The worker's file."""
        return shell.worker("push-worker.js")

    return router


def _service(device: Device) -> str:
    return urlsplit(device.endpoint).hostname or ""


def _day(at: datetime, words: Tongue, tz: str) -> str:
    return words.day(at.astimezone(zone(tz)).date())


def _mark(device: Device) -> str:
    """A digest, so that the page does not carry the address itself."""
    return hashlib.sha256(device.endpoint.encode()).hexdigest()
