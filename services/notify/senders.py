"""Senders: take messages that are due, check that they are still true, hand them to a server."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from services.notify.channels.mail import Line, Server, Servers, UnreachableError
from services.notify.domain.delivery import Delivery, Drop, Send, Wait
from services.notify.domain.judging import judge, judge_all
from services.notify.domain.outcome import Outcome, after
from services.notify.metrics import SendMetrics
from services.notify.store import present, queue
from services.notify.writing.mail import Letter, LetterError, LetterWriter
from shared.clock import Clock
from shared.postgres import TRANSIENT, Database

CONNECTIONS = 4
"""Mails sent at once by one process: enough for hundreds a second, few enough for any server."""

CLAIMED_AT_ONCE = 16
"""Messages of one claim: some rounds for each connection, few to wait out when we are killed."""

POLL_S = 0.4
"""How soon other replicas' messages and a shifted clock are seen when nobody wakes us."""

RECOVER_EVERY_S = 2.0

STOP_TIMEOUT_S = 5.0
"""A send in flight gets this long to end when the service stops."""

RECORD_FOR_S = 60.0
RECORD_PAUSE_S = 0.5
"""A result is tried to be written this long: losing it would mean sending the mail again."""

UNREACHABLE = "none"

T = TypeVar("T")

log = structlog.get_logger()


class Sender:
    """Claims due messages and sends them over a few connections. Any number of replicas may run."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        servers: tuple[Server, ...],
        writer: LetterWriter,
        metrics: SendMetrics,
        committed: Callable[[], None],
    ) -> None:
        self._db = db
        self._clock = clock
        self._servers = Servers(servers)
        self._writer = writer
        self._metrics = metrics
        self._committed = committed
        self._woken = asyncio.Event()
        self._in_hand: dict[UUID, Delivery] = {}
        self._ended: list[queue.Ended] = []
        self._settled: dict[UUID, bool] = {}
        self._settling = asyncio.Lock()
        self._recovered_at = float("-inf")
        self._looked_at = 0

    def wake(self) -> None:
        """Say that a message may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; then let sends in flight end and give the rest back."""
        ready: asyncio.Queue[Delivery] = asyncio.Queue(maxsize=CONNECTIONS)
        busy: set[asyncio.Task[None]] = set()
        workers = [asyncio.create_task(self._work(ready, busy)) for _ in range(CONNECTIONS)]
        claiming = asyncio.create_task(self._claim_forever(ready))
        try:
            done, _ = await asyncio.wait([claiming, *workers], return_when="FIRST_COMPLETED")
            for task in done:
                task.result()
        finally:
            for task in (claiming, *workers):
                task.cancel()
            await asyncio.gather(claiming, *workers, return_exceptions=True)
            if busy:
                await asyncio.wait(busy, timeout=STOP_TIMEOUT_S)
            await self._give_back()

    async def send_due(self) -> int:
        """Send what is due now, one after the other; returns how many messages were looked at."""
        line = Line(self._servers)
        try:
            claimed = await self._claim()
            for delivery in claimed:
                await self._handle(line, delivery)
        finally:
            line.close()
        return self._looked_at

    async def recover(self) -> int:
        """Take back what killed senders held; returns how many."""
        async with self._db.transaction() as tx:
            held = [delivery.id for delivery in self._in_hand.values()]
            count = await queue.recover(tx, in_hand=held, now=self._clock())
            oldest = await queue.oldest_due(tx, now=self._clock())
        self._metrics.oldest_due.set(oldest.total_seconds())
        if count:
            log.warning("messages-recovered", count=count)
            self._committed()
        return count

    async def _claim_forever(self, ready: asyncio.Queue[Delivery]) -> None:
        while True:
            self._woken.clear()
            claimed: list[Delivery] = []
            self._looked_at = 0
            try:
                if time.monotonic() - self._recovered_at > RECOVER_EVERY_S:
                    await self.recover()
                    self._recovered_at = time.monotonic()
                if not self._servers.rest_s():
                    claimed = await self._claim()
            except TRANSIENT as fault:
                log.warning("sender-waits", fault=type(fault).__name__)
                await asyncio.sleep(POLL_S)
                continue
            for delivery in claimed:
                await ready.put(delivery)
            if not self._looked_at:
                await self._rest()

    async def _claim(self) -> list[Delivery]:
        """Take messages that are due; those that must wait go back in the same transaction."""
        now = self._clock()
        async with self._db.transaction() as tx:
            claimed = await queue.claim(tx, limit=CLAIMED_AT_ONCE, now=now)
            # Together with what is true now, and in order: each that is sent counts for the cap.
            verdicts = judge_all(await present.complete(tx, claimed, now=now), now=now)
            waiting = [(d, verdict) for d, verdict in verdicts if isinstance(verdict, Wait)]
            if waiting:
                await queue.put_back(tx, waiting, now=now)
        held = [delivery for delivery, verdict in verdicts if not isinstance(verdict, Wait)]
        self._in_hand |= {delivery.id: delivery for delivery in held}
        self._looked_at = len(claimed)
        return held

    async def _work(self, ready: asyncio.Queue[Delivery], busy: set[asyncio.Task[None]]) -> None:
        line = Line(self._servers)
        while True:
            delivery = await ready.get()
            # A task of its own, so that stopping us does not cut a mail in two.
            task = asyncio.create_task(self._handle(line, delivery))
            busy.add(task)
            task.add_done_callback(busy.discard)
            await asyncio.shield(task)

    async def _handle(self, line: Line, delivery: Delivery) -> None:
        """Bring one claimed message one step further."""
        try:
            verdict = judge(delivery, now=self._clock())
            match verdict:
                case Send():
                    await self._send(line, delivery)
                case Wait():
                    await self._record(lambda now: self._put_back(delivery, verdict, now))
                case Drop():
                    await self._record(lambda now: self._give_up(delivery, verdict, now))
                    self._committed()
        except TRANSIENT as fault:
            # Its lease runs out, and then it is judged again.
            log.warning("message-waits", message=str(delivery.id), fault=type(fault).__name__)
        except Exception as fault:  # noqa: BLE001 - one message must not stop all others
            log.error(
                "message-failed",
                message=str(delivery.id),
                template=delivery.template,
                fault=type(fault).__name__,
            )
            await self._fail_quietly(delivery)
        finally:
            self._in_hand.pop(delivery.id, None)

    async def _send(self, line: Line, delivery: Delivery) -> None:
        try:
            letter = self._writer.write(delivery, now=self._clock())
        except LetterError as fault:
            log.error(
                "message-not-written",
                message=str(delivery.id),
                template=delivery.template,
                fault=str(fault),
            )
            await self._record(lambda now: self._fail(delivery, "cannot be written", now))
            self._committed()
            return
        began = time.perf_counter()
        outcome, attempt = await self._attempt(line, delivery, letter)
        if attempt is None:
            await self._give_back_one(delivery)
            return
        self._metrics.attempts.labels(delivery.template, outcome.result).inc()
        self._metrics.seconds.observe(time.perf_counter() - began)
        if outcome.result == "accepted":
            late = (self._clock() - delivery.due_at).total_seconds()
            self._metrics.lateness.observe(max(late, 0.0))
        elif outcome.result != "deferred":
            log.warning(
                "message-not-taken",
                message=str(delivery.id),
                template=delivery.template,
                result=outcome.result,
                status=outcome.code,
            )
        if not await self._settle(delivery, attempt, outcome):
            log.warning("result-came-late", message=str(delivery.id), result=outcome.result)
        self._committed()

    async def _attempt(
        self, line: Line, delivery: Delivery, letter: Letter
    ) -> tuple[Outcome, int | None]:
        """Connect, write the attempt's row, then send: a row without an end means a real send."""
        try:
            server = (await line.connect()).name
        except UnreachableError:
            server = UNREACHABLE
        async with self._db.reading() as connection:
            attempt = await queue.begin(connection, delivery, server, now=self._clock())
        if attempt is None or server == UNREACHABLE:
            return Outcome("unreachable"), attempt
        return await line.send(letter.sender, letter.recipient, letter.text), attempt

    async def _record(self, write: Callable[[datetime], Awaitable[T]]) -> T:
        """Write a result; while the database is away, try again.

        Raises:
            Exception: one of `shared.postgres.TRANSIENT`, after `RECORD_FOR_S`.
        """
        deadline = time.monotonic() + RECORD_FOR_S
        while True:
            try:
                return await write(self._clock())
            except TRANSIENT as fault:
                if time.monotonic() > deadline:
                    raise
                log.warning("result-waits", fault=type(fault).__name__)
                await asyncio.sleep(RECORD_PAUSE_S)

    async def _settle(self, delivery: Delivery, attempt: int, outcome: Outcome) -> bool:
        """Write how an attempt ended, together with others that end now; False when too late."""
        following = after(outcome, delivery, now=self._clock(), jitter=random.random())  # noqa: S311
        self._ended.append(queue.Ended(delivery, attempt, outcome, following))
        async with self._settling:
            if delivery.id not in self._settled:
                # Whoever comes first writes for all that wait here.
                ended, self._ended = self._ended, []
                try:
                    changed = await self._record(lambda now: self._settle_all(ended, now))
                except BaseException:
                    # The others wrote nothing either: the next of them tries again.
                    self._ended += [end for end in ended if end.delivery.id != delivery.id]
                    raise
                self._settled |= {end.delivery.id: end.delivery.id in changed for end in ended}
            return self._settled.pop(delivery.id)

    async def _settle_all(self, ended: Sequence[queue.Ended], now: datetime) -> set[UUID]:
        async with self._db.transaction() as tx:
            return await queue.settle(tx, ended, now=now)

    async def _put_back(self, delivery: Delivery, wait: Wait, now: datetime) -> None:
        async with self._db.transaction() as tx:
            await queue.put_back(tx, [(delivery, wait)], now=now)

    async def _give_up(self, delivery: Delivery, drop: Drop, now: datetime) -> None:
        async with self._db.transaction() as tx:
            await queue.give_up(tx, delivery, drop, now=now)

    async def _fail(self, delivery: Delivery, reason: str, now: datetime) -> None:
        async with self._db.transaction() as tx:
            await queue.fail(tx, delivery, reason, now=now)

    async def _fail_quietly(self, delivery: Delivery) -> None:
        try:
            await self._fail(delivery, "a fault of ours", self._clock())
        except TRANSIENT as fault:
            log.warning("message-waits", message=str(delivery.id), fault=type(fault).__name__)

    async def _give_back_one(self, delivery: Delivery) -> None:
        async with self._db.transaction() as tx:
            await queue.release(tx, [delivery], now=self._clock())

    async def _give_back(self) -> None:
        if not self._in_hand:
            return
        try:
            async with self._db.transaction() as tx:
                await queue.release(tx, list(self._in_hand.values()), now=self._clock())
        except TRANSIENT as fault:
            log.warning("messages-not-given-back", fault=type(fault).__name__)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        except TimeoutError:
            return
