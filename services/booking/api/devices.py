"""Browsers that take notifications (web push), over HTTP."""

import base64
import binascii
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field

from services.booking.api.access import CallerNow, signed_in
from services.booking.api.writing import Answer, Writer
from services.booking.domain.links import LinkSigner
from services.booking.handlers import devices as handlers
from services.booking.handlers.devices import Subscription
from services.booking.store import devices
from services.booking.store.devices import Device
from shared.clock import Clock, rfc3339
from shared.errors import NotFound
from shared.fields import Body, Storable
from shared.paging import PageDocument
from shared.postgres import Database, Transaction

ENDPOINT_MAX_CHARACTERS = 1024
"""The push services of today's browsers give at most about 700."""

POINT_BYTES, UNCOMPRESSED = 65, 4
"""A public key on P-256 as browsers give it (RFC 8291): uncompressed, so it begins with a 4."""

AUTH_BYTES = 16
"""The secret that goes with it (RFC 8291)."""


def _push_service(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        plain = parts.username is None and parts.password is None and parts.port in {None, 443}
    except ValueError:
        plain = False
    host = (parts.hostname or "") if plain else ""
    # Notify posts there: the name has to be one of the public net, not of a machine of ours.
    if not plain or parts.scheme != "https" or parts.fragment or not _is_public_name(host):
        raise ValueError("should be the https address that the browser's push service gave")
    return endpoint


def _is_public_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." in host.strip(".") and host.isascii() and not host.endswith(INSIDE)
    return False


INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
"""Ends of names that lead nowhere outside."""


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _public_key(text: str) -> str:
    raw = _bytes(text.rstrip("="))
    if len(raw) != POINT_BYTES or raw[0] != UNCOMPRESSED:
        raise ValueError("should be the browser's public key (P-256, base64url)")
    return text.rstrip("=")


def _auth(text: str) -> str:
    if len(_bytes(text.rstrip("="))) != AUTH_BYTES:
        raise ValueError("should be the browser's auth secret (16 bytes, base64url)")
    return text.rstrip("=")


class KeysFields(Body):
    """What messages to the browser are encrypted with."""

    p256dh: Annotated[str, Field(max_length=100), AfterValidator(_public_key)]
    auth: Annotated[str, Field(max_length=30), AfterValidator(_auth)]


class DeviceFields(Body):
    """A push subscription as the browser gives it (`PushSubscription.toJSON()`)."""

    endpoint: Annotated[
        str,
        Field(min_length=1, max_length=ENDPOINT_MAX_CHARACTERS),
        Storable,
        AfterValidator(_push_service),
    ]
    keys: KeysFields
    # Browsers send it, always null; what is not known here is refused.
    expiration_time: Annotated[float, Field(strict=True, allow_inf_nan=False)] | None = Field(
        default=None, alias="expirationTime"
    )

    def subscription(self) -> Subscription:
        """The subscription as handlers take it."""
        return Subscription(self.endpoint, self.keys.p256dh, self.keys.auth)


class DeviceDocument(BaseModel):
    """A browser that takes notifications; `service` is the name of its push service."""

    id: UUID
    service: str
    seen_at: str


class PushKeyDocument(BaseModel):
    """The key that browsers subscribe with (`applicationServerKey`, base64url)."""

    key: str


def routes(
    db: Database, clock: Clock, writer: Writer, signer: LinkSigner, push_key: str | None
) -> APIRouter:
    """One's own browsers, and the key they need."""
    router = APIRouter(prefix="/v1", tags=["preferences"])

    @router.get("/push-key")
    async def key() -> PushKeyDocument:
        """The key that browsers subscribe with."""
        if push_key is None:
            raise NotFound("no-push", "Notifications on devices are not set up here.")
        return PushKeyDocument(key=push_key)

    @router.get("/me/devices")
    async def listed(caller: CallerNow) -> PageDocument[DeviceDocument]:
        """One's browsers, the one seen last first; all on one page."""
        person_id = signed_in(caller)
        async with db.reading() as connection:
            found = await devices.of_person(connection, person_id)
        return PageDocument(items=[DeviceDocument(**_device(one)) for one in found], next=None)

    @router.post(
        "/me/devices",
        status_code=201,
        response_model=DeviceDocument,
        responses={200: {"model": DeviceDocument, "description": "It was known already."}},
    )
    async def add(body: DeviceFields, request: Request, caller: CallerNow) -> Response:
        """Allow notifications on this browser."""
        person_id = signed_in(caller)

        async def work(tx: Transaction) -> Answer:
            device, is_new = await handlers.add(
                tx, person_id, body.subscription(), signer=signer, now=clock()
            )
            return Answer(201 if is_new else 200, _device(device))

        return await writer.commit(request, caller, work)

    @router.delete("/me/devices/{device_id}", status_code=204, response_class=Response)
    async def remove(device_id: UUID, request: Request, caller: CallerNow) -> Response:
        """Send nothing to a browser any more."""
        person_id = signed_in(caller)

        async def work(tx: Transaction) -> Answer:
            await handlers.remove(tx, person_id, device_id, signer=signer, now=clock())
            return Answer(204)

        return await writer.commit(request, caller, work)

    return router


def _device(device: Device) -> dict[str, Any]:
    return {
        "id": str(device.id),
        "service": urlsplit(device.endpoint).hostname,
        "seen_at": rfc3339(device.seen_at),
    }
