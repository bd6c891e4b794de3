"""The public API as the simulated people use it: bounded, counted, nothing unexpected unseen."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiohttp

ANSWER_WITHIN_S = 60.0
"""Far beyond any answer of a busy machine; what takes longer hangs."""

WATCH_EVERY_S = 0.01
"""How often an answer that is timed is asked for."""

MOST_KEPT = 200
"""Unexpected answers that are listed; all are counted."""


class Astray(Exception):  # noqa: N818
    """An answer that nobody expected; it is on record, and what was being done ends."""


@dataclass(frozen=True)
class Reply:
    """An answer: its status, body, and the code of the refusal where it is one."""

    status: int
    body: Any
    refusal: str = ""


@dataclass
class Account:
    """What was asked and answered."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    astray: int = 0
    requests: int = 0
    level_s: list[float] = field(default_factory=list)

    def wonder(self, what: str) -> None:
        """Put something unexpected on record."""
        self.astray += 1
        if len(self.unexpected) < MOST_KEPT:
            self.unexpected.append(what)


class Door:
    """Sends requests, so many at once. Use as a context manager."""

    def __init__(self, base_url: str, *, at_once: int, account: Account) -> None:
        self._base_url = base_url
        self._room = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self.account = account
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Door":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._at_once),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        name: str,
        path: str,
        *,
        token: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """GET; see `send`."""
        return await self.send(name, "GET", path, token=token, query=query)

    async def send(
        self,
        name: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        key: str | None = None,
        version: int | None = None,
        also: tuple[str, ...] = (),
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """An answer that went well, or a refusal that `also` names by its code.

        Raises:
            Astray: any other answer, or none.
        """
        if self._session is None:
            raise RuntimeError("the door is closed")
        headers = {
            name: value
            for name, value in (
                ("Authorization", f"Bearer {token}" if token else None),
                ("Idempotency-Key", key),
                ("If-Match", None if version is None else f'"{version}"'),
            )
            if value is not None
        }
        async with self._room:
            self.account.requests += 1
            try:
                async with self._session.request(
                    method, self._base_url + path, json=body, params=query, headers=headers
                ) as answer:
                    status = answer.status
                    found = await answer.json(content_type=None) if status != 204 else None
            except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
                self.account.answers[name, type(fault).__name__] += 1
                self.account.wonder(f"{name}: {type(fault).__name__}")
                raise Astray(name) from fault
        if status < 400:
            self.account.answers[name, str(status)] += 1
            return Reply(status, found)
        refusal = str(found.get("type", "")).rpartition("/")[2] if isinstance(found, dict) else ""
        self.account.answers[name, f"{status} {refusal}"] += 1
        if refusal in also:
            return Reply(status, found, refusal)
        self.account.wonder(f"{name}: {status} {refusal}{_fields(found)}")
        raise Astray(name)

    async def watch(self, url: str, token: str) -> None:
        """Ask for the answer to a report until it is there, and note how long that took."""
        began = time.perf_counter()
        while True:
            reply = await self.ask("watch an answer", url, token=token)
            took = time.perf_counter() - began
            if reply.body["status"] != "pending":
                self.account.level_s.append(took)
                return
            if took > ANSWER_WITHIN_S:
                self.account.wonder("watch an answer: none")
                raise Astray("watch an answer")
            await asyncio.sleep(WATCH_EVERY_S)


def _fields(found: Any) -> str:  # noqa: ANN401 - whatever was answered
    """What the refusal says of fields; of people it says nothing."""
    if not isinstance(found, dict):
        return ""
    wrong = [f"{one.get('field')} {one.get('message')}" for one in found.get("errors", ())]
    return f" ({'; '.join(wrong)})" if wrong else f" ({found.get('detail', '')})"
