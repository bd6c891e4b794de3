"""A scripted HTTP server: a company that takes texts, a push service, or a partner's webhook."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Heard:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Says:
    """What the server answers once."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Partner:
    """A server on a free port. Each entry of `script` decides one answer, then `otherwise` does.

    "drop" closes the connection without an answer; "hang" never answers; "gate" answers 200 once
    `gate` is set.
    """

    script: list[Says | str] = field(default_factory=list)
    otherwise: Says | str = field(default_factory=Says)
    heard: list[Heard] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _runner: web.AppRunner | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Partner":
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, shutdown_timeout=0.05)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def has_heard(self, count: int, *, within_s: float = 20.0) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(within_s):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            body = await request.read()
            self.heard.append(Heard(request.path_qs, request.headers.copy(), body))
            self._news.set()
            said = self.script.pop(0) if self.script else self.otherwise
            if said == "hang":
                await asyncio.Event().wait()
            if said == "gate":
                await self.gate.wait()
            if said == "drop" and request.transport is not None:
                request.transport.abort()
            answer = said if isinstance(said, Says) else Says()
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        finally:
            self.at_once -= 1
