"""Pages that follow their client: a stream that ends in order is opened again elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.chaos.load import OK, Person

SILENCE_S = 60.0
"""A stream says something at least every 15 s."""


@dataclass
class Followers:
    """How often streams were opened, and how those ended that did not end in order."""

    opened: int = 0
    broken: list[str] = field(default_factory=list)

    async def follow(self, visitor: httpx.AsyncClient, person: Person) -> None:
        """Follow one client until cancelled, from where the last stream ended."""
        headers = {"Authorization": f"Bearer {person.token}"}
        path = f"/v1/clients/{person.client_id}/stream"
        while True:
            try:
                async with visitor.stream("GET", path, headers=headers) as stream:
                    if stream.status_code not in OK:
                        self.broken.append(str(stream.status_code))
                        return
                    self.opened += 1
                    async for line in stream.aiter_lines():
                        if line.startswith("id:"):
                            headers["Last-Event-ID"] = line.removeprefix("id:").strip()
            except httpx.TransportError as fault:
                self.broken.append(type(fault).__name__)
                return


@asynccontextmanager
async def following(url: str, people: Sequence[Person]) -> AsyncIterator[Followers]:
    """Each of these people has a page open while the block runs."""
    followers = Followers()
    async with httpx.AsyncClient(base_url=url, timeout=SILENCE_S) as visitor:
        tasks = [asyncio.create_task(followers.follow(visitor, person)) for person in people]
        try:
            yield followers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
