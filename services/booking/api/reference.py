"""What /openapi.json says of booking beyond what FastAPI sees: callers, headers, examples."""

from typing import Any, get_args

from fastapi import FastAPI

from services.booking.api import dry_run, examples, unsubscribe
from services.booking.domain.care_team import Purpose
from shared.contracts.progress import Level
from shared.openapi import Document, Operation, amend, operations, tell_refusals

VISITORS_TOO = frozenset(
    {
        "POST /v1/holds",
        "DELETE /v1/holds/{hold_id}",
        "POST /v1/bookings",
        "POST /v1/waitlist",
        "POST /v1/sign-in",
        "POST /v1/sign-in/verify",
        "GET /v1/services",
        "GET /v1/areas/{postal}",
        "GET /v1/trainers",
        "GET /v1/slots",
        "GET /v1/slots/explain",
        "GET /v1/vocabulary",
        "GET /v1/options",
        "GET /v1/push-key",
    }
)
"""Nobody has to sign in for these; every other call needs a token."""

OWN_LINK = frozenset({"GET /v1/bookings/{booking_id}/calendar.ics"})
"""The query carries a token of its own, where calendar programs can send no header."""

FILES = OWN_LINK | {"GET /v1/clients/{client_id}/letter.pdf", "GET /v1/me/export"}
"""Answers with the name of a file."""

VERSIONED = frozenset(
    {
        "POST /v1/bookings/{booking_id}/reschedule",
        "POST /v1/bookings/{booking_id}/cancel",
        "POST /v1/bookings/{booking_id}/complete",
        "POST /v1/bookings/{booking_id}/no-show",
        "PUT /v1/trainers/{trainer_id}/hours",
        "PUT /v1/trainers/{trainer_id}/settings",
        "PATCH /v1/me",
        "PUT /v1/me/preferences",
    }
)
"""What takes If-Match."""

TOLD_VERSION = VERSIONED | {
    "POST /v1/bookings",
    "GET /v1/bookings/{booking_id}",
    "GET /v1/clients/{client_id}/progress",
    "GET /v1/me",
    "GET /v1/me/preferences",
    "GET /v1/trainers/{trainer_id}/hours",
    "GET /v1/trainers/{trainer_id}/settings",
    "GET /v1/vocabulary",
    "GET /v1/options",
}
"""What answers with an ETag."""

CACHED = frozenset({"GET /v1/vocabulary", "GET /v1/options"})
"""What may be kept by whoever asked."""

NOT_STORED = frozenset({"GET /v1/me/export"})
"""What no browser and no proxy may keep."""

NEVER_KEPT = frozenset(
    {"POST /v1/sign-in/verify", "DELETE /v1/me", "DELETE /v1/people/{person_id}"}
)
"""The answer is a secret, or of somebody forgotten: no Idempotency-Key can ask for it again."""

ALSO: dict[str, tuple[int, ...]] = {
    "POST /v1/bookings": (403, 410),
    "DELETE /v1/holds/{hold_id}": (403,),
    "POST /v1/sign-in/verify": (401, 403),
    "GET /v1/push-key": (404,),
    "GET /v1/clients/{client_id}/letter.pdf": (429,),
    "GET /v1/clients/{client_id}/fhir": (429,),
    "GET /v1/me/export": (429,),
}
"""Refusals that follow from nothing an operation takes."""

_OBJECT = {"type": "object"}
_OBJECTS = {"type": "array", "items": _OBJECT}
_OBJECT_OR_NULL = {"type": ["object", "null"]}
_VIEW: dict[str, Any] = {
    "type": "object",
    "description": (
        "The newest view that progress gave. A member of the care team sees the parts that the"
        " client shares, and in `shared` which purposes those are."
    ),
    "required": ["client_id", "version"],
    "properties": {
        "client_id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer"},
        "level": {"enum": list(get_args(Level))},
        "holds": _OBJECTS,
        "screening": _OBJECT_OR_NULL,
        "clearance": _OBJECT_OR_NULL,
        "assessment": _OBJECT_OR_NULL,
        "questionnaires": _OBJECTS,
        "goals": _OBJECT_OR_NULL,
        "plan": _OBJECT_OR_NULL,
        "check_ins": _OBJECTS,
        "trends": _OBJECTS,
        "effects": _OBJECTS,
        "recommendation": _OBJECT_OR_NULL,
        "weights": _OBJECT_OR_NULL,
        "flare": _OBJECT_OR_NULL,
        "milestones": _OBJECTS,
        "next": _OBJECT_OR_NULL,
        "safety": _OBJECT,
        "shared": {"type": "array", "items": {"enum": list(get_args(Purpose))}},
    },
}

ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "GET /v1/bookings/{booking_id}/calendar.ics": ("text/calendar", {"type": "string"}),
    "GET /v1/clients/{client_id}/letter.pdf": (
        "application/pdf",
        {"type": "string", "format": "binary"},
    ),
    "GET /v1/clients/{client_id}/fhir": (
        "application/fhir+json",
        {
            "type": "object",
            "description": "A FHIR R4B Bundle of type `collection`.",
            "required": ["resourceType", "type", "entry"],
        },
    ),
    "GET /v1/clients/{client_id}/stream": ("text/event-stream", {"type": "string"}),
    "GET /v1/clients/{client_id}/progress": ("application/json", _VIEW),
    "POST /v1/sign-in": (
        "application/json",
        {
            "type": "object",
            "required": ["detail"],
            "properties": {"detail": {"type": "string"}},
            "additionalProperties": False,
        },
    ),
}
"""Bodies that no model describes."""

_ONE_CLICK_FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "required": ["List-Unsubscribe"],
        "properties": {"List-Unsubscribe": {"type": "string", "const": "One-Click"}},
    }
}
ONE_CLICK_BODY: dict[str, Any] = {
    "required": True,
    "content": dict.fromkeys(
        ("application/x-www-form-urlencoded", "multipart/form-data"), _ONE_CLICK_FORM
    ),
}
"""What RFC 8058 has a mail program send."""

BEARER: dict[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "description": "From POST /v1/sign-in/verify, or a booking's manage token for that booking.",
}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Makes a repeated request safe: for 24 hours the same key and body give the same answer and"
        " change nothing again."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that the change was decided on; an older one is refused with 412.",
    "schema": {"type": "string", "pattern": '^((W/)?"[0-9]{1,9}"|[*])$'},
    "example": '"1"',
}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


ETAG = {"ETag": _header("The version in quotes, for If-Match or If-None-Match.")}
CACHE_CONTROL = {"Cache-Control": _header("How long the answer may be kept.")}
FILE_NAME = {"Content-Disposition": _header("A name for the file.")}
TRIED_OUT = {dry_run.HEADER: _header("`true` where nothing was kept, because of `dry_run`.")}


def document(app: FastAPI) -> None:
    """Complete the application's OpenAPI document."""
    amend(app, _complete)


def _complete(document: Document) -> None:
    document["components"]["securitySchemes"] = {"bearer": BEARER}
    for method, path, operation in operations(document):
        name = f"{method} {path}"
        if not path.startswith("/v1/"):
            continue
        operation["security"] = [{"bearer": []}]
        if name in VISITORS_TOO or name in OWN_LINK:
            operation["security"].append({})
        parameters = operation.setdefault("parameters", [])
        if method != "GET" and name not in NEVER_KEPT:
            parameters.append(IDEMPOTENCY_KEY)
        if name in VERSIONED:
            parameters.append(IF_MATCH)
        for status in ALSO.get(name, ()):
            operation["responses"].setdefault(str(status), {})
        for answer in _successes(operation):
            answer.setdefault("headers", {}).update(_headers(method, name))
        _show(name, operation)
    document["paths"][unsubscribe.PATH]["post"]["requestBody"] = ONE_CLICK_BODY
    tell_refusals(document)
    _show_pages(document)


def _show_pages(document: Document) -> None:
    """The page behind an unsubscribe link: what people read is no problem document."""
    for method, operation in document["paths"][unsubscribe.PATH].items():
        named = (*unsubscribe.HEADERS, "Content-Encoding", "Vary")
        headers = {name: _header("For the browser.") for name in named}
        page = {"content": {"text/html": {"schema": {"type": "string"}}}, "headers": headers}
        written = {**page, "headers": headers | TRIED_OUT} if method == "post" else page
        operation["responses"]["200"] = {"description": "The page.", **written}
        operation["responses"]["404"] = {"description": "A link of nobody.", **page}


def _successes(operation: Operation) -> list[dict[str, Any]]:
    return [answer for status, answer in operation["responses"].items() if status < "400"]


def _headers(method: str, name: str) -> dict[str, Any]:
    """What the answers of an operation carry beside their bodies."""
    found: dict[str, Any] = {}
    if method != "GET" and name not in NEVER_KEPT:
        found |= TRIED_OUT
    if name in TOLD_VERSION:
        found |= ETAG
    if name in CACHED or name in NOT_STORED:
        found |= CACHE_CONTROL
    if name in FILES:
        found |= FILE_NAME
    return found


def _show(name: str, operation: Operation) -> None:
    """Describe a body that has no model, and give examples of what is sent."""
    if name in ANSWERS:
        media_type, schema = ANSWERS[name]
        status = min(operation["responses"])
        operation["responses"][status]["content"] = {media_type: {"schema": schema}}
    if "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            example = examples.of_body(content["schema"])
            if example is not None:
                content["example"] = example
    for parameter in operation["parameters"]:
        if parameter["name"] in examples.PARAMETERS:
            parameter["example"] = examples.PARAMETERS[parameter["name"]]
