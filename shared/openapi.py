"""The OpenAPI document, told in full: what an operation may refuse follows from what it takes."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fastapi import FastAPI

PROBLEM_TYPE = "application/problem+json"

METHODS = frozenset({"get", "put", "post", "delete", "patch"})

Document = dict[str, Any]
Operation = dict[str, Any]

_RETRY = {"Retry-After": "Seconds to wait."}
_CHALLENGE = {"WWW-Authenticate": "`Bearer`."}


class _Refusal(NamedTuple):
    """What a status means on every operation that can answer it."""

    name: str
    meaning: str
    headers: dict[str, str] | None = None


REFUSALS: dict[int, _Refusal] = {
    400: _Refusal("Malformed", "The body is not JSON, or a header cannot be read."),
    401: _Refusal("Unauthorised", "No bearer token, or one that is not valid.", _CHALLENGE),
    403: _Refusal("Forbidden", "The caller is known and may not do that."),
    404: _Refusal("NotFound", "There is no such thing."),
    409: _Refusal("Conflict", "The world has moved on; the code and its fields say how."),
    410: _Refusal("Gone", "It was there, and has ended."),
    412: _Refusal("StaleVersion", "If-Match names an older version; read again."),
    413: _Refusal("TooLarge", "The body is larger than 64 KiB."),
    415: _Refusal("NotJson", "The body's Content-Type is not application/json."),
    422: _Refusal("Invalid", "The wish itself is wrong; `errors` names the fields."),
    429: _Refusal("TooMany", "Too many wishes in a short time.", _RETRY),
    503: _Refusal("Unavailable", "A fault of the moment; try again.", _RETRY),
}

_TEXT = {"type": "string"}
PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": (
        "RFC 9457: what went wrong and what helps next. Some codes add fields of their own, such"
        " as `alternatives` (free times) with `slot-taken`, or `version` with `stale-version`."
    ),
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT | {"description": "`/problems/<code>`; the code is stable."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT | {"description": "A sentence for people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": _TEXT, "message": _TEXT},
            },
        },
    },
    "examples": [
        {
            "type": "/problems/invalid",
            "title": "Invalid",
            "status": 422,
            "detail": "Please correct: start. Nothing was stored.",
            "errors": [{"field": "start", "message": "should be an instant with its offset"}],
        }
    ],
}


def amend(app: FastAPI, change: Callable[[Document], None]) -> None:
    """Have `change` complete the application's document, each time it is made anew.

    What was asked for last runs last.
    """
    plain = app.openapi
    amended: Document | None = None

    def openapi() -> Document:
        nonlocal amended
        document = plain()
        if document is not amended:
            change(document)
            amended = document
        return document

    # FastAPI's own way to change the document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: Document) -> Iterator[tuple[str, str, Operation]]:
    """Method in capitals, path and operation of all there are."""
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


def tell_refusals(document: Document) -> None:
    """Give every operation the problems it may answer; a second time changes nothing."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    # FastAPI's own form of a 422, which no service of ours ever sends.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["responses"] = {one.name: _response(one) for one in REFUSALS.values()}
    for method, _, operation in operations(document):
        answers = operation["responses"]
        answers.pop("422", None)
        # A probe's 503 is its own answer.
        its_own = {503} if "health" in operation.get("tags", ()) else set()
        for status in sorted(_refusals(method, operation) - its_own):
            answers[str(status)] = {"$ref": f"#/components/responses/{REFUSALS[status].name}"}
        operation["responses"] = dict(sorted(answers.items()))


def _refusals(method: str, operation: Operation) -> set[int]:
    """The statuses of 400 and above that follow from what an operation takes."""
    parameters = operation.get("parameters", [])
    takes = {(p["in"], p["name"]) for p in parameters}
    found = {503} | {status for status in REFUSALS if str(status) in operation["responses"]}
    if takes:
        found |= {422}
    if any(p["in"] == "path" and p["schema"].get("format") == "uuid" for p in parameters):
        found |= {404}
    if "requestBody" in operation:
        found |= {400, 413, 415, 422}
    if method == "POST":
        found |= {429}
    if ("header", "Idempotency-Key") in takes:
        found |= {400, 409, 422}
    if ("header", "If-Match") in takes:
        found |= {400, 412}
    security = operation.get("security", [])
    if security:
        found |= {401}
        if {} not in security:
            found |= {403}
    return found


def _response(one: _Refusal) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": one.meaning,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if one.headers:
        response["headers"] = {
            name: {"description": text, "schema": _TEXT} for name, text in one.headers.items()
        }
    return response
