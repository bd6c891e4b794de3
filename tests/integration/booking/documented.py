"""Every answer that any test gets is held against the OpenAPI document: status, type, headers."""

from typing import Any

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from shared.openapi import Document

ALWAYS = frozenset({"content-type", "content-length"})
"""Headers that need no telling."""

ANYWHERE = frozenset({405, 500})
"""A wrong method is no operation, and a fault is told by the test that meets it."""


class Documented:
    """An application in whose answers `untold` lists what the document does not tell."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.untold: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._judge(scope, message)
            await send(message)

        await self._app(scope, receive, note)

    def _judge(self, scope: Scope, message: Message) -> None:
        path = getattr(scope.get("route"), "path", None)
        status = message["status"]
        operation = _document_of(self._app)["paths"].get(path, {}).get(scope["method"].lower())
        if operation is None or status in ANYWHERE:
            return
        name = f"{scope['method']} {path} {status}"
        response = told_of(_document_of(self._app), operation, status)
        if response is None:
            self.untold.append(name)
            return
        headers = {key.decode().lower(): value.decode() for key, value in message["headers"]}
        told = {header.lower() for header in response.get("headers", {})}
        self.untold += [f"{name}: {header}" for header in headers.keys() - ALWAYS - told]
        media_type = headers.get("content-type", "").partition(";")[0]
        if media_type not in response.get("content", {"": None}):
            self.untold.append(f"{name}: {media_type or 'no body'}")


def told_of(document: Document, operation: dict[str, Any], status: int) -> dict[str, Any] | None:
    """What the document says of an operation's answer; None when it says nothing."""
    response: dict[str, Any] | None = operation["responses"].get(str(status))
    if response is not None and "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        return dict(document["components"]["responses"][name])
    return response


_documents: dict[str, Document] = {}


def _document_of(app: FastAPI) -> Document:
    # Each module has an application of its own with the same routes; the document takes a while.
    if app.title not in _documents:
        _documents[app.title] = app.openapi()
    return _documents[app.title]
