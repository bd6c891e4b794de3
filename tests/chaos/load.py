"""A steady load: bookings and check-ins at a fixed rate, each asked for once and never again."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from services.booking.domain.links import LinkSigner
from services.booking.handlers.sign_in import open_session
from services.booking.store.people import lock_person_by_email
from shared.clock import OffsetClock
from shared.postgres import prepare, session_settings
from tests.bench.journeys import free_times
from tests.chaos.system import System

PEOPLE = 24
"""Clients who check in, each in turn: few enough to prepare, enough that none waits for itself."""

ANSWER_WITHIN_S = 45.0
"""A check-in that is not answered by then is counted as never answered."""

ASK_AGAIN_S = 0.05
REQUEST_TIMEOUT_S = 30.0
BUCKET_S = 1.0
KEPT = 20
IDLE_S = 5.0
"""Connections kept between requests, and how long."""

DRAIN_S = IDLE_S + 1.0
"""A replica that leaves answers on until nobody keeps an idle connection to it."""

SHOWN = 40
OK = frozenset({200, 201, 202})


@dataclass(frozen=True)
class Asked:
    """One request for a change: when (seconds since the load began), and what came of it.

    `level_s` is how long a check-in took until its level could be read; None when it never was.
    """

    kind: str
    at: float
    id: str | None
    status: int
    fault: str
    took_s: float
    level_s: float | None = None


@dataclass
class Person:
    """A client who checks in."""

    client_id: str
    token: str


@dataclass
class Load:
    """Asks at a fixed rate, whatever comes back; nothing is asked for twice."""

    url: str
    people: list[Person]
    places: Iterator[tuple[str, str]]
    per_second: float
    keeps_connections: bool = True
    asked: list[Asked] = field(default_factory=list)
    reads_failed: list[str] = field(default_factory=list)
    began: float = 0.0
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """The load runs while the block does; afterwards what is open is waited for."""
        limits = httpx.Limits(
            max_keepalive_connections=KEPT if self.keeps_connections else 0,
            keepalive_expiry=IDLE_S,
        )
        async with httpx.AsyncClient(
            base_url=self.url, timeout=REQUEST_TIMEOUT_S, limits=limits
        ) as visitor:
            self.began = time.monotonic()
            asking = asyncio.create_task(self._ask(visitor))
            try:
                yield self
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                await asyncio.gather(*self._running)

    def now(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self.began

    @property
    def failed(self) -> list[str]:
        """What was not answered as it should have been."""
        return [
            f"{a.kind} at {a.at:.1f} s: {a.status or a.fault}"
            for a in self.asked
            if a.status not in OK
        ] + self.reads_failed

    def told(self) -> str:
        """What failed, as a message."""
        return f"{len(self.failed)} failed:\n" + "\n".join(self.failed[:SHOWN])

    def acknowledged(self, kind: str) -> list[str]:
        """The ids of what was promised."""
        return [a.id for a in self.asked if a.kind == kind and a.status in OK and a.id]

    async def _ask(self, visitor: httpx.AsyncClient) -> None:
        people = cycle(self.people)
        for number in range(1_000_000):
            due = self.began + number / self.per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            work = (
                self._book(visitor, *next(self.places))
                if number % 2
                else self._check_in(visitor, next(people))
            )
            task = asyncio.create_task(work)
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _book(self, visitor: httpx.AsyncClient, start: str, trainer: str) -> None:
        at, began = self.now(), time.monotonic()
        status, found, fault = await _post(visitor, "/v1/bookings", a_booking(start, trainer), "")
        self.asked.append(
            Asked("booking", at, found.get("id"), status, fault, time.monotonic() - began)
        )

    async def _check_in(self, visitor: httpx.AsyncClient, person: Person) -> None:
        at, began = self.now(), time.monotonic()
        path = f"/v1/clients/{person.client_id}/check-ins"
        body = {"kind": "daily", "pain": 3, "mood": 6, "energy": 5}
        status, found, fault = await _post(visitor, path, body, person.token)
        took, level = time.monotonic() - began, None
        if status in OK:
            level = await self._level(visitor, person, found["url"], began)
        self.asked.append(Asked("check-in", at, found.get("id"), status, fault, took, level))

    async def _level(
        self, visitor: httpx.AsyncClient, person: Person, url: str, began: float
    ) -> float | None:
        headers = {"Authorization": f"Bearer {person.token}"}
        while time.monotonic() - began < ANSWER_WITHIN_S:
            try:
                answer = await visitor.get(url, headers=headers)
            except httpx.TransportError as fault:
                self.reads_failed.append(f"read at {self.now():.1f} s: {type(fault).__name__}")
                continue
            if answer.status_code not in OK:
                self.reads_failed.append(f"read at {self.now():.1f} s: {answer.status_code}")
            elif "level" in answer.json():
                return time.monotonic() - began
            await asyncio.sleep(ASK_AGAIN_S)
        return None


async def prepare_load(system: System, url: str, *, per_second: float) -> Load:
    """People who check in, with their sessions, and free times for the bookings to come."""
    async with httpx.AsyncClient(base_url=url, timeout=REQUEST_TIMEOUT_S) as visitor:
        places = await free_times(visitor)
        emails, people = [], []
        for _ in range(PEOPLE):
            wish = a_booking(*next(places))
            answer = await visitor.post("/v1/bookings", json=wish)
            answer.raise_for_status()
            emails.append(wish["client"]["email"])
            people.append(answer.json()["client_id"])
    tokens = await _sessions(system, emails)
    return Load(url, [Person(*one) for one in zip(people, tokens, strict=True)], places, per_second)


def a_booking(start: str, trainer: str) -> dict[str, Any]:
    """Somebody new books a first workout."""
    return {
        "service": "first-workout",
        "mode": "virtual",
        "start": start,
        "trainer": trainer,
        "client": {
            "name": "Ada Sample",
            "email": f"{uuid4().hex}@example.org",
            "tz": "America/Toronto",
        },
        "conditions": ["back-pain"],
        "consent": {"reminders": True, "marketing": False},
    }


async def _post(
    visitor: httpx.AsyncClient, path: str, body: dict[str, Any], token: str
) -> tuple[int, dict[str, Any], str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = await visitor.post(path, json=body, headers=headers)
    except httpx.TransportError as fault:
        return 0, {}, type(fault).__name__
    if answer.status_code not in OK:
        return answer.status_code, {}, answer.text[:200]
    return answer.status_code, answer.json(), ""


async def _sessions(system: System, emails: list[str]) -> list[str]:
    """A bearer token of each person, as `limber token` gives it."""
    secrets = system.secrets
    signer = LinkSigner(secrets.booking_secret.encode())
    now = OffsetClock(system.home.path / "clock-offset")()
    connection = await asyncpg.connect(
        system.role_url("limber_booking", secrets.booking),
        server_settings=session_settings("booking"),
    )
    try:
        await prepare(connection)
        tokens = []
        async with connection.transaction():
            for email in emails:
                person = await lock_person_by_email(connection, email)
                assert person is not None
                tokens.append(
                    (await open_session(connection, person, signer=signer, now=now)).token
                )
    finally:
        await connection.close()
    return tokens
