"""A front door that a real browser can reach, and the browser."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.integration.booking.conftest import door, front, home
from tests.integration.booking.front_door import FrontDoor

__all__ = ["door", "front", "home"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

POLICY = "Content Security Policy"

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium, once for all tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        await found.close()


@pytest.fixture
async def address(door: FrontDoor) -> AsyncIterator[str]:
    """Where the front door can be reached."""
    async with served(door.app) as url:
        yield url


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """An application behind a port of this machine, in this process."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def visiting(browser: Browser, address: str, **how: object) -> AsyncIterator[Page]:
    """A page of a new browser; it fails when a script fails or the page breaks its own policy."""
    options = {"viewport": DESKTOP, "locale": "en-CA", "timezone_id": "America/Toronto"} | how
    context: BrowserContext = await browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
    page = await context.new_page()
    told: list[str] = []
    page.on("pageerror", lambda fault: told.append(str(fault)))
    page.on("console", lambda line: told.append(line.text) if POLICY in line.text else None)
    try:
        yield page
    finally:
        await context.close()
    assert [] == told
