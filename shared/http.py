"""The HTTP shell of every service: body limit, request metrics, problems, health."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import openapi, problem
from shared.contracts import asyncapi, page
from shared.draining import LettingGo
from shared.health import Excludable, Health
from shared.telemetry import Metrics
from shared.tracing import OFF, Tracing, caused_by, method_name

MAX_BODY_BYTES = 64 * 1024
"""No request of ours needs more; a larger one is refused before it is read to the end."""

MAX_LENGTH_DIGITS = 20
"""Of an announced length; HTTP servers take no larger number."""

PROBES = frozenset({"/livez", "/readyz"})
"""A probe that says no is an answer, not a fault to log every few seconds."""

UNFOLLOWED = PROBES | {"/metrics"}
"""What asks every few seconds would bury the traces of people's requests."""

_FAULTS = {
    "type": "object",
    "required": ["ok", "faults"],
    "properties": {
        "ok": {"type": "boolean"},
        "faults": {"type": "array", "items": {"type": "string"}},
    },
}

log = structlog.get_logger()


class BodyLimit:
    """Refuses bodies over `MAX_BODY_BYTES`, announced or not, with a 413 problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit():
            answer = problem.problem(400, "malformed-request", "Content-Length is not a number.")
            await answer(scope, receive, send)
            return
        # Python refuses to read a number of thousands of digits, and nobody needs to know it.
        too_large = len(announced) > MAX_LENGTH_DIGITS or int(announced) > MAX_BODY_BYTES
        # Read here, so that a body that only turns out to be too large is refused whole.
        parts, size, more = [], 0, True
        while more and size <= MAX_BODY_BYTES and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
        if size > MAX_BODY_BYTES or too_large:
            answer = problem.problem(
                413, "body-too-large", f"The body is larger than {MAX_BODY_BYTES} bytes; send less."
            )
            await answer(scope, receive, send)
            return
        body: Message | None = {"type": "http.request", "body": b"".join(parts)}

        async def receive_read() -> Message:
            nonlocal body
            if body is not None:
                message, body = body, None
                return message
            return await receive()

        await self._app(scope, receive_read, send)


class Observed:
    """Counts, times and follows requests by route; logs faults by kind, never by content."""

    def __init__(self, app: ASGIApp, metrics: Metrics, tracing: Tracing) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        method = method_name(scope["method"])
        # A trace begins here: what a visitor claims to continue is not believed.
        followed = self._tracing.on and scope["path"] not in UNFOLLOWED
        span = self._tracing.begin("server", method) if followed else None

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with caused_by(None if span is None else span.traceparent):
                await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.requests.labels(method, route, str(status)).observe(
                time.perf_counter() - began
            )
            if span is not None:
                span.end(
                    name=f"{method} {route}",
                    fault=str(status) if status >= 500 else None,
                    attributes={
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": status,
                    },
                )
            if status >= 500 and route not in PROBES:
                log.error("request-failed", method=method, route=route, status=status)


def create_app(
    service: str,
    *,
    metrics: Metrics,
    health: Health,
    description: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    tracing: Tracing = OFF,
) -> FastAPI:
    """A FastAPI application with what every service answers."""
    app = FastAPI(
        title=f"Limber {service}",
        version="1",
        description=description,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.metrics = metrics
    problem.install(app)
    app.state.health = health
    app.add_middleware(BodyLimit)
    app.add_middleware(Observed, metrics=metrics, tracing=tracing)
    app.add_middleware(LettingGo, draining=health.draining)

    probe: dict[int | str, dict[str, Any]] = {
        200: {"description": "Yes.", **_content("application/json", _FAULTS)},
        503: {"description": "No: see `faults`.", **_content("application/json", _FAULTS)},
    }
    text = {"type": "string"}

    @app.get("/livez", tags=["health"], summary="Does the process work?", responses=probe)
    async def livez() -> JSONResponse:
        faults = health.dead()
        return JSONResponse({"ok": not faults, "faults": faults}, 503 if faults else 200)

    @app.get("/readyz", tags=["health"], summary="Can it do its work now?", responses=probe)
    async def readyz(exclude: Annotated[tuple[Excludable, ...], Query()] = ()) -> JSONResponse:
        faults = await health.unready(exclude=exclude)
        return JSONResponse({"ok": not faults, "faults": faults}, 503 if faults else 200)

    @app.get(
        "/metrics",
        tags=["health"],
        summary="Prometheus metrics",
        response_class=Response,
        responses={200: _content("text/plain", text)},
    )
    async def prometheus() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get(
        "/asyncapi.yaml",
        tags=["health"],
        summary="The events, as AsyncAPI 3",
        response_class=Response,
        responses={200: _content("application/yaml", {"type": "object"})},
    )
    async def events() -> PlainTextResponse:
        return PlainTextResponse(asyncapi.text(), media_type="application/yaml")

    @app.get(
        "/asyncapi.html",
        tags=["health"],
        summary="The events, as a page for people",
        response_class=Response,
        responses={200: _content("text/html", text) | _headers(page.HEADERS)},
    )
    async def events_page() -> HTMLResponse:
        return HTMLResponse(page.render(), headers=page.HEADERS)

    openapi.amend(app, openapi.tell_refusals)
    return app


def _headers(given: Mapping[str, str]) -> dict[str, Any]:
    return {"headers": {name: {"schema": {"const": value}} for name, value in given.items()}}


def _content(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}
