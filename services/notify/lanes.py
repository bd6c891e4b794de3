"""A lane: the messages of one channel, from being due to being handed over, by one process."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog

from services.notify.batching import Batch
from services.notify.channels import Channel, UnreachableError
from services.notify.channels.providers import Lines, Providers
from services.notify.domain.delivery import Delivery, Drop, Send, Verdict, Wait
from services.notify.domain.judging import judge, judge_all
from services.notify.domain.outcome import Outcome, after
from services.notify.handing import Handing
from services.notify.metrics import SendMetrics
from services.notify.store import attempts, claims, present, queue
from services.notify.store.attempts import Beginning
from services.notify.store.queue import Ended
from services.notify.store.rates import Rates
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database, Transaction
from shared.tracing import OFF, Tracing

CLAIMED_AT_ONCE = 16
"""Messages of one claim: some rounds for each line, few to wait out when we are killed."""

POLL_S = 0.4
"""How soon other replicas' messages and a shifted clock are seen when nobody wakes us."""

STOP_TIMEOUT_S = 5.0
"""A send in flight gets this long to end when the service stops."""

RECORD_FOR_S = 60.0
RECORD_PAUSE_S = 0.5
"""A result is tried to be written this long: losing it would mean sending the mail again."""

NOT_SET_UP = Drop("cancelled", "the channel is not set up")
NOTHING_TO_TELL = Drop("cancelled", "nothing to tell")

Gather = Callable[[Transaction, Delivery, datetime], Awaitable[Mapping[str, Any] | None]]
"""Reads what a digest tells of at the moment it is sent; None when there is nothing to tell."""

T = TypeVar("T")
W = TypeVar("W")

log = structlog.get_logger()


async def _nothing(_: Transaction, __: Delivery, ___: datetime) -> None:
    return None


@dataclass(frozen=True)
class Means:
    """What every lane works with; `committed` is called when facts wait in the outbox."""

    db: Database
    clock: Clock
    metrics: SendMetrics
    committed: Callable[[], None]
    gather: Gather = _nothing
    tracing: Tracing = OFF


class Lane(Generic[W]):
    """Claims a channel's due messages and hands them to its providers over a few lines."""

    def __init__(self, channel: Channel[W], means: Means) -> None:
        self._channel = channel
        self._means = means
        self._handing = Handing(means.clock, means.metrics, means.tracing)
        self.providers = Providers(channel, Rates(means.db).take_share)
        self.in_hand: dict[UUID, Delivery] = {}
        self._begin = Batch(self._begin_all)
        self._settle = Batch(self._settle_all)
        self._ending: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._looked_at = 0

    def wake(self) -> None:
        """Say that a message may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; then let sends in flight end and give the rest back."""
        ready: asyncio.Queue[Delivery] = asyncio.Queue(maxsize=self._channel.lines)
        busy: set[asyncio.Task[None]] = set()
        all_lines = [Lines(self.providers) for _ in range(self._channel.lines)]
        workers = [asyncio.create_task(self._work(ready, busy, lines)) for lines in all_lines]
        claiming = asyncio.create_task(self._claim_forever(ready))
        try:
            done, _ = await asyncio.wait([claiming, *workers], return_when="FIRST_COMPLETED")
            for task in done:
                task.result()
        finally:
            for task in (claiming, *workers):
                task.cancel()
            await asyncio.gather(claiming, *workers, return_exceptions=True)
            await self._let_end(busy)
            for lines in all_lines:
                lines.close()
            await self._give_back()

    async def send_due(self) -> int:
        """Send what is due now, one after the other; returns how many messages were looked at."""
        lines = Lines(self.providers)
        try:
            for delivery in await self.claim():
                await self.handle(lines, delivery)
                await self.ended()
        finally:
            lines.close()
        return self._looked_at

    async def ended(self) -> None:
        """Wait until the end of what was handed over is written."""
        await asyncio.gather(*self._ending)

    async def claim(self, most: int = CLAIMED_AT_ONCE) -> list[Delivery]:
        """Take messages that are due and may go out; the others are put back, or ended."""
        means, now = self._means, self._means.clock()
        async with means.db.transaction() as tx:
            claimed = await claims.claim(tx, self._channel.name, limit=most, now=now)
            claimed = await present.complete(tx, claimed, now=now)
            judged = [
                await self._gathered(tx, delivery, verdict, now)
                for delivery, verdict in judge_all(claimed, now=now)
            ]
            waiting = [(d, verdict) for d, verdict in judged if isinstance(verdict, Wait)]
            dropped = [(d, verdict) for d, verdict in judged if isinstance(verdict, Drop)]
            if waiting:
                await queue.put_back(tx, waiting, now=now)
            if dropped:
                await queue.give_up(tx, dropped, now=now)
        if dropped:
            means.committed()
        held = [delivery for delivery, verdict in judged if isinstance(verdict, Send)]
        self.in_hand |= {delivery.id: delivery for delivery in held}
        self._looked_at = len(claimed)
        return held

    async def handle(self, lines: Lines[W], delivery: Delivery) -> None:
        """Bring one claimed message one step further."""
        try:
            match judge(delivery, now=self._means.clock()):
                case Send():
                    await self._send(lines, delivery)
                case Wait() as wait:
                    await self._write(
                        delivery, lambda tx, now: queue.put_back(tx, [(delivery, wait)], now=now)
                    )
                case Drop() as drop:
                    await self._write(
                        delivery, lambda tx, now: queue.give_up(tx, [(delivery, drop)], now=now)
                    )
        except TRANSIENT as fault:
            # Its lease runs out, and then it is judged again.
            self.in_hand.pop(delivery.id, None)
            log.warning("message-waits", message=str(delivery.id), fault=type(fault).__name__)
        except Exception as fault:  # noqa: BLE001 - one message must not stop all others
            await self._fail(delivery, "a fault of ours", type(fault).__name__)

    async def _claim_forever(self, ready: asyncio.Queue[Delivery]) -> None:
        while True:
            self._woken.clear()
            most = self.providers.room(CLAIMED_AT_ONCE) if self._channel.providers else 1
            if not most:
                await asyncio.sleep(min(self.providers.rest_s(), POLL_S))
                continue
            try:
                claimed = await self.claim(most)
            except TRANSIENT as fault:
                log.warning("sender-waits", channel=self._channel.name, fault=type(fault).__name__)
                await asyncio.sleep(POLL_S)
                continue
            for delivery in claimed:
                await ready.put(delivery)
            if not self._looked_at:
                await self._rest()

    async def _gathered(
        self, tx: Transaction, delivery: Delivery, verdict: Verdict, now: datetime
    ) -> tuple[Delivery, Verdict]:
        if not isinstance(verdict, Send):
            return delivery, verdict
        if not self._channel.providers:
            return delivery, NOT_SET_UP
        if delivery.nature != "digest":
            return delivery, verdict
        found = await self._means.gather(tx, delivery, now)
        if found is None:
            return delivery, NOTHING_TO_TELL
        return replace(delivery, gathered=found), verdict

    async def _work(
        self, ready: asyncio.Queue[Delivery], busy: set[asyncio.Task[None]], lines: Lines[W]
    ) -> None:
        while True:
            delivery = await ready.get()
            # A task of its own, so that stopping us does not cut a mail in two.
            task = asyncio.create_task(self.handle(lines, delivery))
            busy.add(task)
            task.add_done_callback(busy.discard)
            await asyncio.shield(task)

    async def _send(self, lines: Lines[W], delivery: Delivery) -> None:
        try:
            written = self._channel.write(delivery, self._means.clock())
        except Exception as fault:  # noqa: BLE001 - whatever it is, this message cannot be written
            await self._fail(delivery, "cannot be written", type(fault).__name__)
            return
        ended = await self._try_providers(lines, delivery, written)
        if ended is None:
            self.in_hand.pop(delivery.id, None)
            return
        # The line is free for the next message while the end of this one is written.
        self._note(delivery, ended)
        task = asyncio.create_task(self._end(delivery, *ended))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _try_providers(
        self, lines: Lines[W], delivery: Delivery, written: W
    ) -> tuple[Outcome, int | None] | None:
        """Hand a message to the first provider that takes it, each try an attempt of its own.

        The last outcome and its attempt if that is still open; None when the message is no longer
        in hand.
        """
        ended: tuple[Outcome, int | None] | None = None
        waits_s: list[float] = []
        for stand, line in lines.stands():
            if ended is not None and ended[1] is not None:
                await self._close(delivery, ended[0], ended[1])
                ended = (ended[0], None)
            if wait_s := await stand.wait_s():
                waits_s.append(wait_s)
                continue
            this = Beginning(delivery, stand.name)
            try:
                await line.ready()
            except UnreachableError as fault:
                ended = (Outcome("unreachable", fault.code), None)
                stand.breaker.note("unreachable")
                if not await self._turned_away(this, ended[0]):
                    return None
                continue
            attempt = await self._begin(this)
            if attempt is None:
                stand.breaker.back_out()
                await self._write(delivery, lambda tx, now: queue.release(tx, [delivery], now=now))
                return None
            outcome = await self._handing.hand_over(line, delivery, written, stand.name)
            stand.breaker.note(outcome.result)
            ended = (outcome, attempt)
            if not outcome.passes_on:
                lines.leave_after(stand)
                return ended
        if ended is None:
            # Nobody was asked, so this was no attempt.
            until = self._means.clock() + timedelta(seconds=min(waits_s))
            await self._write(
                delivery, lambda tx, now: queue.release(tx, [delivery], now=now, until=until)
            )
        return ended

    def _note(self, delivery: Delivery, ended: tuple[Outcome, int | None]) -> None:
        outcome, metrics = ended[0], self._means.metrics
        metrics.attempts.labels(self._channel.name, delivery.template, outcome.result).inc()
        if outcome.result == "accepted":
            late = (self._means.clock() - delivery.due_at).total_seconds()
            metrics.lateness.labels(self._channel.name).observe(max(late, 0.0))
        elif outcome.result != "deferred":
            log.warning(
                "message-not-taken",
                message=str(delivery.id),
                template=delivery.template,
                result=outcome.result,
                code=outcome.code,
                status=outcome.status,
            )

    async def _end(self, delivery: Delivery, outcome: Outcome, attempt: int | None) -> None:
        """Write how trying a message ended."""
        try:
            jitter = random.random()  # noqa: S311
            following = after(outcome, delivery, now=self._means.clock(), jitter=jitter)
            if not await self._settle(Ended(delivery, attempt, outcome, following)):
                log.warning("result-came-late", message=str(delivery.id), result=outcome.result)
            self._means.committed()
        except TRANSIENT as fault:
            log.warning("message-waits", message=str(delivery.id), fault=type(fault).__name__)
        finally:
            self.in_hand.pop(delivery.id, None)

    async def _begin_all(self, beginnings: Sequence[Beginning]) -> list[int | None]:
        async with self._means.db.reading() as connection:
            numbers = await attempts.begin(connection, beginnings, now=self._means.clock())
        return [numbers.get(one.delivery.id) for one in beginnings]

    async def _settle_all(self, ended: Sequence[Ended]) -> list[bool]:
        async def write(now: datetime) -> set[UUID]:
            async with self._means.db.transaction() as tx:
                return await queue.settle(tx, ended, now=now)

        changed = await self._persist(write)
        return [end.delivery.id in changed for end in ended]

    async def _turned_away(self, this: Beginning, outcome: Outcome) -> bool:
        async with self._means.db.reading() as connection:
            return await attempts.turned_away(connection, this, outcome, now=self._means.clock())

    async def _close(self, delivery: Delivery, outcome: Outcome, attempt: int) -> None:
        async def write(now: datetime) -> None:
            async with self._means.db.reading() as connection:
                await attempts.close(connection, delivery, attempt, outcome, now=now)

        await self._persist(write)

    async def _fail(self, delivery: Delivery, reason: str, fault: str) -> None:
        log.error(
            "message-failed",
            message=str(delivery.id),
            template=delivery.template,
            reason=reason,
            fault=fault,
        )
        try:
            await self._write(delivery, lambda tx, now: queue.fail(tx, delivery, reason, now=now))
        except TRANSIENT as passing:
            log.warning("message-waits", message=str(delivery.id), fault=type(passing).__name__)

    async def _write(
        self, delivery: Delivery, write: Callable[[Transaction, datetime], Awaitable[None]]
    ) -> None:
        """Write what becomes of a message that was not handed over."""

        async def in_transaction(now: datetime) -> None:
            async with self._means.db.transaction() as tx:
                await write(tx, now)

        try:
            await self._persist(in_transaction)
        finally:
            self.in_hand.pop(delivery.id, None)
        self._means.committed()

    async def _persist(self, write: Callable[[datetime], Coroutine[Any, Any, T]]) -> T:
        """Write a result; while the database is away, try again.

        Raises:
            Exception: one of `shared.postgres.TRANSIENT`, after `RECORD_FOR_S`.
        """
        deadline = time.monotonic() + RECORD_FOR_S
        while True:
            try:
                return await write(self._means.clock())
            except TRANSIENT as fault:
                if time.monotonic() > deadline:
                    raise
                log.warning("result-waits", fault=type(fault).__name__)
                await asyncio.sleep(RECORD_PAUSE_S)

    async def _let_end(self, busy: set[asyncio.Task[None]]) -> None:
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while (left := busy | self._ending) and (wait_s := deadline - time.monotonic()) > 0:
            await asyncio.wait(left, timeout=wait_s)

    async def _give_back(self) -> None:
        if not self.in_hand:
            return
        try:
            async with self._means.db.transaction() as tx:
                await queue.release(tx, list(self.in_hand.values()), now=self._means.clock())
        except TRANSIENT as fault:
            log.warning("messages-not-given-back", fault=type(fault).__name__)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        except TimeoutError:
            return
