"""Scripts, styles and pictures: read once, compressed once, kept by browsers for ever."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.errors import NotFound

KEPT_BY_BROWSERS = "public, max-age=31536000, immutable"
"""A year: an address names its content, so a changed file has another address."""

MARK_CHARACTERS = 12


@dataclass(frozen=True)
class Asset:
    """A file as it is sent, plain and compressed."""

    url: str
    media_type: str
    plain: bytes
    compressed: bytes


class Assets:
    """All files beside the pages, by name such as `limber.css`."""

    def __init__(self) -> None:
        root = resources.files(__package__) / "static"
        self._by_name = {name: _asset(name, file) for name, file in _files(root)}
        self._by_url = {asset.url: asset for asset in self._by_name.values()}

    def url(self, name: str) -> str:
        """Where a file is found; the address changes with its content."""
        return self._by_name[name].url

    def plain(self, name: str) -> bytes:
        """What is in a file, for the one that has to stand at an address of its own."""
        return self._by_name[name].plain

    def routes(self) -> APIRouter:
        """The route that serves them."""
        router = APIRouter(include_in_schema=False)

        @router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
        async def asset(request: Request) -> Response:
            found = self._by_url.get(request.url.path)
            if found is None:
                raise NotFound("not-found", "There is nothing at this address.")
            headers = {"Cache-Control": KEPT_BY_BROWSERS, "Vary": "Accept-Encoding"}
            if compresses(request):
                headers["Content-Encoding"] = "gzip"
                return Response(found.compressed, media_type=found.media_type, headers=headers)
            return Response(found.plain, media_type=found.media_type, headers=headers)

        return router


def compresses(request: Request) -> bool:
    """Whether the browser takes a compressed answer."""
    return "gzip" in request.headers.get("accept-encoding", "")


def _files(root: Traversable, under: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in sorted(root.iterdir(), key=lambda one: one.name):
        name = f"{under}{entry.name}"
        found += _files(entry, f"{name}/") if entry.is_dir() else [(name, entry)]
    return found


def _asset(name: str, file: Traversable) -> Asset:
    content = file.read_bytes()
    mark = hashlib.sha256(content).hexdigest()[:MARK_CHARACTERS]
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".js"):
        media_type = "text/javascript"
    return Asset(f"/static/{mark}/{name}", media_type, content, gzip.compress(content, 9, mtime=0))
