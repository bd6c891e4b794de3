"""Schedules what handlers want told, in the transaction of the event."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notify.domain.planned import Planned
from services.notify.store import schedule
from shared.clock import Clock
from shared.consumer import Handle
from shared.contracts.event import Envelope
from shared.postgres import Transaction


@dataclass(frozen=True)
class Heard:
    """What an event led to: messages to schedule, and whether others that waited may go on."""

    planned: Sequence[Planned] = ()
    woken: bool = False


Decide = Callable[[Transaction, Envelope[Any], datetime], Awaitable[Heard]]


def telling(decide: Decide, clock: Clock, scheduled: Callable[[], None]) -> Handle:
    """A handler that schedules what `decide` plans; `scheduled` is called if some may be due."""

    async def handle(tx: Transaction, event: Envelope[Any]) -> None:
        now = clock()
        heard = await decide(tx, event, now)
        if await schedule.add(tx, heard.planned, now=now) or heard.woken:
            scheduled()

    return handle
