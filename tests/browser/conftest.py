"""One front door that a real browser can reach, and one browser, for all tests of a run."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from services.booking.api.access import SESSION_COOKIE
from shared.runtime import GRACE_S
from tests.integration.booking import front_door
from tests.integration.booking.conftest import door
from tests.integration.booking.front_door import FrontDoor, Home

__all__ = ["door"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

SWITCHES = ("--no-sandbox", "--disable-gpu")
"""Containers have neither a sandbox of their own nor a graphics card."""

POLICY = "Content Security Policy"

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
async def home(database_url: str, migrated_template: str) -> AsyncIterator[Home]:
    """The database of all tests in a browser; `door` clears it for each."""
    async with front_door.fresh_database(database_url, migrated_template) as found:
        yield found


@pytest.fixture(scope="session")
async def front(home: Home) -> AsyncIterator[FrontDoor]:
    """The front door of all tests in a browser."""
    async with front_door.opened(home.db, checked=True) as opened:
        yield opened


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium, once for all tests."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield found
        await found.close()


@pytest.fixture(scope="session")
async def address(front: FrontDoor) -> AsyncIterator[str]:
    """Where the front door can be reached; pages that follow the stream hear what happens."""
    listens = asyncio.create_task(front.wakeups.listen())
    async with served(front.app) as url:
        yield url
    listens.cancel()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """An application behind a port of this machine, in this process."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=GRACE_S)
    )
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


async def sign_in(page: Page, front: FrontDoor, address: str, email: str) -> None:
    """The session of somebody known is in the browser, instead of whoever was there."""
    token = await front.sign_in(email)
    await page.context.clear_cookies(name=SESSION_COOKIE)
    await page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
