"""Refusals and bad input as RFC 9457 problems that say what to do next."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.errors import FieldError, Refused, TooMany
from shared.postgres import TRANSIENT

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER_S = 1
"""A fault of the moment is usually over by then: a database restarts in well under a second."""

_TITLES = {
    400: ("malformed-request", "The request cannot be read; check that the body is JSON."),
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take that method; see /openapi.json."),
    413: ("body-too-large", "The body is larger than 64 KiB; send less."),
    415: ("not-json", "Send the body as JSON, with Content-Type: application/json."),
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"field": e.field, "message": e.message} for e in errors]
    return JSONResponse({**(extra or {}), **body}, status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every refusal, bad request and fault with a problem."""

    @app.exception_handler(Refused)
    async def refused(_: Request, no: Refused) -> JSONResponse:
        headers = {}
        if isinstance(no, TooMany):
            headers["Retry-After"] = str(no.retry_after)
        if no.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return problem(
            no.status, no.code, no.detail, errors=no.fields, extra=no.extra, headers=headers
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, wrong: RequestValidationError) -> JSONResponse:
        faults = wrong.errors()
        if any(fault["type"] == "json_invalid" for fault in faults):
            return problem(400, *_TITLES[400])
        # FastAPI leaves a body as it came when it is not announced as JSON.
        if isinstance(wrong.body, bytes):
            return problem(415, *_TITLES[415])
        errors = [_field_error(fault) for fault in faults]
        names = ", ".join(dict.fromkeys(e.field for e in errors))
        return problem(
            422, "invalid", f"Please correct: {names}. Nothing was stored.", errors=errors
        )

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, wrong: HTTPException) -> JSONResponse:
        code, detail = _TITLES.get(wrong.status_code, ("http-error", str(wrong.detail)))
        headers = dict(wrong.headers or {})
        return problem(wrong.status_code, code, detail, headers=headers)

    async def fault_of_the_moment(_: Request, __: Exception) -> JSONResponse:
        return problem(
            503,
            "temporarily-unavailable",
            "Please try again in a moment; a repeated request with the same Idempotency-Key is"
            " carried out once.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )

    for kind in TRANSIENT:
        app.add_exception_handler(kind, fault_of_the_moment)

    @app.exception_handler(Exception)
    async def fault(_: Request, __: Exception) -> JSONResponse:
        return problem(
            500, "internal-error", "The fault is ours and was logged. Please try again later."
        )


def _field_error(fault: dict[str, Any]) -> FieldError:
    # The first part of the place says body, query or path; people know fields by their names.
    where = [str(part) for part in fault["loc"]]
    path = where[1:] if len(where) > 1 else where
    return FieldError(".".join(path), fault["msg"].removeprefix("Value error, "))
