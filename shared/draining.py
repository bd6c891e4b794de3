"""A server that leaves without anybody noticing: first not ready, then closed."""

import signal
import time
from collections.abc import Callable
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()


class DrainingServer(uvicorn.Server):
    """Answers on for `drain_s` seconds after SIGTERM, while `/readyz` says no.

    Whoever spreads the requests has that time to see it; only then nothing new is accepted, open
    requests are finished and streams ended. A second signal, or SIGINT, ends the wait.
    """

    def __init__(
        self, config: uvicorn.Config, *, drain_s: float, began: Callable[[], None]
    ) -> None:
        """`began` is called once, when the draining begins."""
        super().__init__(config)
        self._drain_s = drain_s
        self._began = began
        self._leaves_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; uvicorn calls it for each signal."""
        first = self._leaves_at is None
        if first:
            self._began()
            self._leaves_at = time.monotonic() + self._drain_s
        if first and sig == signal.SIGTERM and self._drain_s > 0 and self.started:
            log.info("draining", seconds=self._drain_s)
            return
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to close; uvicorn asks ten times a second."""
        drained = self._leaves_at is not None and time.monotonic() >= self._leaves_at
        if drained and not self.should_exit:
            super().handle_exit(signal.SIGTERM, None)
        return await super().on_tick(counter)


class LettingGo:
    """While the server drains every answer closes its connection, so the next finds another."""

    def __init__(self, app: ASGIApp, draining: Callable[[], bool]) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._draining():
            await self._app(scope, receive, send)
            return

        async def close(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, close)
