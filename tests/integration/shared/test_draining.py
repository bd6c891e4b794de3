"""A server that was told to stop: not ready at once, answering for a while, then gone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from deploy.embedded.ready import says_ok, wait_until
from tests.servers import free_port

SERVER = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from shared.draining import DrainingServer, LettingGo

leaving = []
async def ready(request):
    return PlainTextResponse("", 503 if leaving else 200)
async def work(request):
    return PlainTextResponse("done")
app = LettingGo(Starlette(routes=[Route("/readyz", ready), Route("/work", work)]),
                draining=lambda: bool(leaving))
config = uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
DrainingServer(config, drain_s=float(sys.argv[2]), began=lambda: leaving.append(1)).run()
"""
LONG_S, GONE_WITHIN_S = 60.0, 20.0


@asynccontextmanager
async def served(
    drain_s: float,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, str(port), str(drain_s)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        await wait_until(lambda: says_ok(port, "/readyz"), seconds=30, what="the server")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as visitor:
            yield process, visitor
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def refused(visitor: httpx.AsyncClient) -> bool:
    """Whether the door says that it is not ready."""
    return (await visitor.get("/readyz")).status_code == 503


async def test_a_draining_server_is_not_ready_but_answers_and_lets_each_connection_go() -> None:
    async with served(LONG_S) as (process, visitor):
        before = await visitor.get("/work")
        process.send_signal(signal.SIGTERM)
        await wait_until(lambda: refused(visitor), seconds=GONE_WITHIN_S, what="the refusal")
        after = await visitor.get("/work")

        assert (200, None) == (before.status_code, before.headers.get("connection"))
        assert (200, "close") == (after.status_code, after.headers["connection"])
        assert process.returncode is None


async def test_a_drained_server_ends_by_itself() -> None:
    async with served(0.2) as (process, _):
        process.send_signal(signal.SIGTERM)

        assert -signal.SIGTERM == await asyncio.wait_for(process.wait(), GONE_WITHIN_S)


async def test_a_second_signal_ends_the_wait() -> None:
    async with served(LONG_S) as (process, visitor):
        process.send_signal(signal.SIGTERM)
        await wait_until(lambda: refused(visitor), seconds=GONE_WITHIN_S, what="the refusal")
        process.send_signal(signal.SIGTERM)

        assert -signal.SIGTERM == await asyncio.wait_for(process.wait(), GONE_WITHIN_S)
