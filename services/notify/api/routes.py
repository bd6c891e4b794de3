"""All routes of notify beside health, and what /openapi.json says of who may call them."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Depends, FastAPI
from prometheus_client import CollectorRegistry

from services.notify.api import callbacks, messages, suppressions, webhooks
from services.notify.api.access import StaffAccess
from services.notify.api.callbacks import CallbackMetrics
from services.notify.api.preview import Previews
from services.notify.writing.company import Company
from shared.clock import Clock
from shared.openapi import Document, amend, operations, tell_refusals
from shared.outbox import Relay
from shared.postgres import Database

BEARER: dict[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "description": "The token of a staff member or lead, from booking's sign-in.",
}

CALLBACK = "POST /v1/callbacks/{provider}"

SIGNED = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "description": meaning,
        "schema": {"type": "string"},
    }
    for name, meaning in (
        ("webhook-id", "The report's own id; a second request of that id changes nothing."),
        ("webhook-timestamp", "Seconds since 1970; at most five minutes from now."),
        ("webhook-signature", "`v1,` and the HMAC-SHA256 of id, time and body, in base64."),
    )
]

ALSO: dict[str, tuple[int, ...]] = {
    "GET /v1/messages/{message_id}/preview": (403, 409),
    "POST /v1/messages/{message_id}/cancel": (409,),
    "POST /v1/webhooks": (409,),
    CALLBACK: (401, 404),
}
"""Refusals beyond those that follow from what an operation takes."""


def add_routes(
    app: FastAPI,
    *,
    db: Database,
    clock: Clock,
    relay: Relay,
    registry: CollectorRegistry,
    previews: Previews,
    company: Company,
    callback_secrets: Mapping[str, str],
    webhook_types: Mapping[str, str],
    webhooks_changed: Callable[[], None],
    inwards: bool,
) -> None:
    """Everything notify answers beside health."""
    staff = [Depends(StaffAccess(db, clock))]
    app.include_router(messages.routes(db, clock, relay, previews), dependencies=staff)
    app.include_router(suppressions.routes(db, clock, relay), dependencies=staff)
    app.include_router(
        webhooks.routes(db, clock, webhooks_changed, webhook_types, inwards=inwards),
        dependencies=staff,
    )
    metrics = CallbackMetrics(registry)
    app.include_router(callbacks.routes(db, clock, relay, callback_secrets, company, metrics))
    amend(app, _complete)


def _complete(document: Document) -> None:
    document["components"]["securitySchemes"] = {"bearer": BEARER}
    for method, path, operation in operations(document):
        if not path.startswith("/v1/"):
            continue
        name = f"{method} {path}"
        if name == CALLBACK:
            operation.setdefault("parameters", []).extend(SIGNED)
        else:
            operation["security"] = [{"bearer": []}]
        for status in ALSO.get(name, ()):
            operation["responses"].setdefault(str(status), {})
    tell_refusals(document)
