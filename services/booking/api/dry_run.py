"""Trying a change out: `?dry_run=true` runs all of it, tells the answer and keeps nothing."""

from typing import Any

from fastapi import FastAPI, Request

from shared.errors import Invalid

HEADER = "Limber-Dry-Run"
"""Says of an answer that nothing of it was kept."""

METHODS = frozenset({"post", "put", "patch", "delete"})

WITHOUT = frozenset({"/v1/sign-in/verify"})
"""A try that leaves no trace would let a guesser try every code."""

PARAMETER: dict[str, Any] = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": (
        "`true` runs the change, answers as ever and keeps nothing: the answer has the header"
        f" `{HEADER}: true`, and the ids in it lead nowhere. An Idempotency-Key does not count."
    ),
    "schema": {"type": "boolean", "default": False},
}


def wanted(request: Request) -> bool:
    """Whether a change is only tried out.

    Raises:
        Invalid: the parameter is neither `true` nor `false`, or the route does not take it.
    """
    given = request.query_params.get("dry_run", "false")
    if given not in {"true", "false"}:
        raise Invalid.field("dry_run", "should be true or false")
    if given == "true" and request.url.path in WITHOUT:
        raise Invalid.field("dry_run", "is not offered here")
    return given == "true"


def document(app: FastAPI) -> None:
    """Put the parameter on every write in the OpenAPI document."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path, item in plain()["paths"].items():
                for method in METHODS & item.keys() if path not in WITHOUT else ():
                    item[method].setdefault("parameters", []).append(PARAMETER)
        return plain()

    # FastAPI's own way to change the document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]
