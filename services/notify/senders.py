"""Senders: a lane for each channel, and what keeps the queue tidy beside them."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from services.notify.channels import Channel
from services.notify.domain.delivery import Delivery
from services.notify.domain.templates import Channel as ChannelName
from services.notify.lanes import Lane, Means
from services.notify.store import alerts, purge, queue, suppressions
from shared.postgres import TRANSIENT

CHANNELS: tuple[ChannelName, ...] = ("email", "sms", "push")
"""Each has a lane, also one that is not set up: its messages must end as well."""

RECOVER_EVERY_S = 2.0

PURGE_EVERY_S = 3600.0

PURGE_PAUSE_S = 0.2
"""Between two batches, so that what is sent meanwhile comes first."""

_BREAKER = {"closed": 0.0, "half-open": 0.5, "open": 1.0}

log = structlog.get_logger()


class Sender:
    """Sends what is due in all channels. Any number of replicas may run."""

    def __init__(self, means: Means, channels: Sequence[Channel[Any]]) -> None:
        self._means = means
        set_up = {channel.name: channel for channel in channels}
        self.lanes: dict[ChannelName, Lane[Any]] = {
            name: Lane(set_up.get(name) or Channel(name, (), _unwritten, lines=1), means)
            for name in CHANNELS
        }

    def wake(self) -> None:
        """Say that a message may be due."""
        for lane in self.lanes.values():
            lane.wake()

    async def run(self) -> None:
        """Send until cancelled; then let sends in flight end and give the rest back."""
        parts = [asyncio.create_task(lane.run()) for lane in self.lanes.values()]
        parts += [asyncio.create_task(self._recover_forever())]
        parts += [asyncio.create_task(self._purge_forever())]
        try:
            done, _ = await asyncio.wait(parts, return_when="FIRST_COMPLETED")
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def send_due(self) -> int:
        """Send what is due now, one after the other; returns how many messages were looked at."""
        return sum([await lane.send_due() for lane in self.lanes.values()])

    async def recover(self) -> int:
        """Take back what killed senders held; returns how many."""
        now = self._means.clock()
        held = [message for lane in self.lanes.values() for message in lane.in_hand]
        async with self._means.db.transaction() as tx:
            count = await queue.recover(tx, in_hand=held, now=now)
        if count:
            log.warning("messages-recovered", count=count)
            self._means.committed()
            self.wake()
        return count

    async def purge(self) -> int:
        """Forget what ended long ago; returns how many messages."""
        count = 0
        while True:
            async with self._means.db.transaction() as tx:
                forgotten = await purge.forget_old(tx, now=self._means.clock())
            count += forgotten
            if forgotten < purge.AT_ONCE:
                return count
            await asyncio.sleep(PURGE_PAUSE_S)

    async def measure(self) -> None:
        """Set the gauges."""
        metrics = self._means.metrics
        async with self._means.db.reading() as connection:
            due = await queue.oldest_due(connection, now=self._means.clock())
            standing = await suppressions.count_standing(connection)
            waits = await alerts.longest_wait(connection, now=self._means.clock())
        metrics.unacknowledged.set(waits.total_seconds())
        for (channel, rank), age in due.items():
            metrics.oldest_due.labels(channel, rank).set(age.total_seconds())
        metrics.suppressed.clear()
        for (channel, reason), count in standing.items():
            metrics.suppressed.labels(channel, reason).set(count)
        for name, lane in self.lanes.items():
            for stand in lane.providers.stands:
                metrics.breakers.labels(name, stand.name).set(_BREAKER[stand.breaker.state])

    async def _recover_forever(self) -> None:
        while True:
            try:
                await self.recover()
                await self.measure()
            except TRANSIENT as fault:
                log.warning("recovery-waits", fault=type(fault).__name__)
            await asyncio.sleep(RECOVER_EVERY_S)

    async def _purge_forever(self) -> None:
        while True:
            began = time.monotonic()
            try:
                if count := await self.purge():
                    log.info("messages-forgotten", count=count)
            except TRANSIENT as fault:
                log.warning("purge-waits", fault=type(fault).__name__)
            await asyncio.sleep(max(0.0, PURGE_EVERY_S - (time.monotonic() - began)))


def _unwritten(_: Delivery, __: datetime) -> Any:  # noqa: ANN401
    raise LookupError("the channel is not set up")
