"""How a test reaches a running stack: over HTTP and by the `limber` command."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

EVENTUALLY_S = 20.0
"""Longer than anything that happens by itself should take; a hang is told from a slow machine."""


@dataclass(frozen=True)
class Reach:
    """A running stack. `command` begins every call of `limber`, wherever that runs."""

    base_url: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)

    async def limber(self, *arguments: str) -> str:
        """What a `limber` command printed.

        Raises:
            RuntimeError: it failed.
        """
        process = await asyncio.create_subprocess_exec(
            *self.command,
            *arguments,
            env=self.environment or None,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"limber {' '.join(arguments)}: {err.decode()}")
        return out.decode()

    async def lines(self, *arguments: str) -> list[Any]:
        """The JSON lines a `limber` command printed."""
        return [json.loads(line) for line in (await self.limber(*arguments)).splitlines()]

    async def token(self, email: str) -> str:
        """A bearer token for somebody."""
        return (await self.limber("token", email)).strip()

    async def mails_to(self, address: str) -> list[dict[str, Any]]:
        """Mails to an address, oldest first."""
        return [m for m in await self.lines("inbox", "--json") if address in str(m["to"])]

    def http(self, token: str | None = None) -> httpx.AsyncClient:
        """A client of the front door."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=15)


async def eventually(
    look: Callable[[], Awaitable[T | None]], what: str, *, within_s: float = EVENTUALLY_S
) -> T:
    """What `look` gives as soon as it gives something.

    Raises:
        AssertionError: it gave nothing in time.
    """
    deadline = time.monotonic() + within_s
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not seen within {within_s:.0f} s: {what}"
        await asyncio.sleep(0.1)
