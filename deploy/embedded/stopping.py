"""Starting that can be given up half-way, and what to show when it fails."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from deploy.embedded.errors import StackError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, or give it up when asked to stop; say whether it was done."""
    asked = asyncio.create_task(stop.wait())
    doing = asyncio.create_task(work)
    await asyncio.wait((asked, doing), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if doing.done():
        doing.result()
        return True
    doing.cancel()
    await asyncio.wait([doing])
    return False


def first_failure(group: ExceptionGroup[Exception]) -> Exception:
    """What to show of several failures at once: the first one that says what to do."""
    known = group.subgroup(StackError)
    found: Exception = known or group
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found
