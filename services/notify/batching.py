"""Writing together what several tasks have to write at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batch(Generic[T, R]):
    """One write for all who ask for it while another is under way; who comes first goes alone."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        """`write` returns one result for each item, in order."""
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        """Have an item written; what `write` raises is raised to all whose items it held."""
        written: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._writing is None:
            # A task of its own: whoever came first may be cancelled, and the others still wait.
            self._writing = asyncio.create_task(self._write_all())
        return await written

    async def _write_all(self) -> None:
        taken: list[tuple[T, asyncio.Future[R]]] = []
        try:
            while self._waiting:
                taken, self._waiting = self._waiting, []
                await self._write_one(taken)
        finally:
            self._writing = None
            for _, written in (*taken, *self._waiting):
                written.cancel()

    async def _write_one(self, taken: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._write([item for item, _ in taken])
        except Exception as fault:  # noqa: BLE001 - handed to those who asked
            for _, written in taken:
                if not written.done():
                    written.set_exception(fault)
            return
        for (_, written), result in zip(taken, results, strict=True):
            if not written.done():
                written.set_result(result)
