"""Tells partners: takes what is due, partner by partner, signs it and posts it.

Any number of processes may run. Each partner has lanes of its own, so a silent or slow one keeps
nobody else waiting; see `domain.webhooks` for the figures.
"""

import asyncio
import random
import time
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.notify.channels import UnreachableError
from services.notify.channels.outgoing import LostError, Outgoing
from services.notify.domain.webhooks import (
    GONE,
    KEPT_FOR,
    LANES,
    MOST_WEBHOOKS,
    Ended,
    Sending,
    following,
)
from services.notify.store import webhook_queue
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database, Transaction
from shared.signatures import signed

ANSWER_TIMEOUT_S = 15.0
"""A partner takes a fact in and works on it later; half the lease, so that nobody takes over."""

POLL_S = 0.5
"""How soon what is due again, and other processes' facts, are seen when nobody wakes us."""

RECOVER_EVERY_S = 5.0

STOP_TIMEOUT_S = 5.0
"""A request in flight gets this long to end when the service stops."""

CONNECTIONS = 3
"""Of the database, for results: partners never crowd out mail, whatever they answer."""

log = structlog.get_logger()


class WebhookMetrics:
    """How telling partners goes; never who they are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter(
            "limber_webhook_attempts",
            "Requests to partners, by how they ended",
            ["result"],
            registry=registry,
        )
        self.paused = Gauge(
            "limber_webhooks_paused",
            "Partners' webhooks that were paused because they fail",
            registry=registry,
        )


class WebhookSender:
    """Claims due deliveries and posts them, each partner's in its own lanes."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        metrics: WebhookMetrics,
        committed: Callable[[], None],
        *,
        inwards: bool = False,
    ) -> None:
        """`committed` is called when a fact was told; `inwards` allows private addresses."""
        self._db = db
        self._clock = clock
        self._metrics = metrics
        self._committed = committed
        self._outgoing = Outgoing(inwards=inwards, reuse=True)
        self._woken = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._results = asyncio.Semaphore(CONNECTIONS)
        self._recovered_at = float("-inf")

    def wake(self) -> None:
        """Say that something may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Tell partners until cancelled; then let requests in flight end."""
        try:
            while True:
                self._woken.clear()
                try:
                    if time.monotonic() - self._recovered_at > RECOVER_EVERY_S:
                        await self.recover()
                        self._recovered_at = time.monotonic()
                    begun = await self.begin_due()
                except TRANSIENT as fault:
                    log.warning("webhooks-wait", fault=type(fault).__name__)
                    await asyncio.sleep(POLL_S)
                    continue
                if not begun:
                    await self._rest()
        finally:
            if self._busy:
                await asyncio.wait(self._busy, timeout=STOP_TIMEOUT_S)
            for task in self._busy:
                task.cancel()
            await self._outgoing.close()

    async def begin_due(self) -> int:
        """Begin the requests that are due and have a lane; returns how many."""
        free = LANES * MOST_WEBHOOKS - len(self._busy)
        if free <= 0:
            return 0
        async with self._db.transaction() as tx:
            claimed = await webhook_queue.claim(tx, limit=free, now=self._clock())
        for sending in claimed:
            task = asyncio.create_task(self._tell(sending))
            self._busy.add(task)
            task.add_done_callback(self._done)
        return len(claimed)

    async def ended(self) -> None:
        """Wait until no request is in flight."""
        while self._busy:
            await asyncio.wait(self._busy)

    async def recover(self) -> None:
        """Take back what killed processes held, and end what is too late."""
        async with self._db.transaction() as tx:
            count = await webhook_queue.recover(tx, now=self._clock())
            self._metrics.paused.set(await webhook_queue.count_paused(tx))
        if count:
            log.warning("webhooks-recovered", count=count)

    async def forget_old(self, tx: Transaction) -> None:
        """Delete what can no longer be replayed."""
        await webhook_queue.forget_old(tx, before=self._clock() - KEPT_FOR)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        # Its lane is free.
        self._woken.set()

    async def _tell(self, sending: Sending) -> None:
        ended = await self._post(sending)
        self._metrics.attempts.labels(ended.result).inc()
        now = self._clock()
        then = following(sending, ended, now=now, jitter=random.random())  # noqa: S311
        try:
            async with self._results, self._db.transaction() as tx:
                paused = await webhook_queue.settle(tx, sending, ended, then, now=now)
        except TRANSIENT as fault:
            # Its lease runs out, and it is sent again under the same id.
            log.warning("webhook-result-lost", fault=type(fault).__name__)
            return
        if ended.result != "delivered":
            log.info(
                "webhook-not-taken",
                webhook=str(sending.webhook_id),
                result=ended.result,
                status=ended.status,
                fault=ended.fault,
            )
        if paused:
            log.warning("webhook-paused", webhook=str(sending.webhook_id), because=then.pause)
            self._committed()

    async def _post(self, sending: Sending) -> Ended:
        # Partners compare with their own clock, so it is the real one, whatever ours is shifted to.
        headers = signed(sending.secrets, str(sending.id), int(time.time()), sending.body)
        try:
            answer = await self._outgoing.post(
                sending.url,
                sending.body,
                {"Content-Type": "application/json", "Limber-Attempt": str(sending.attempt)}
                | headers,
                timeout_s=ANSWER_TIMEOUT_S,
            )
        except UnreachableError as fault:
            return Ended("unreachable", fault=str(fault))
        except LostError as fault:
            return Ended("lost", fault=str(fault))
        if 200 <= answer.status < 300:
            return Ended("delivered", answer.status)
        said = "asked to stop" if answer.status == GONE else None
        return Ended("refused", answer.status, said, answer.retry_after)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        except TimeoutError:
            return
