"""The consumer of a service: at least once on the wire, exactly once in effect, never stuck."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import ConsumerRecord
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker, KafkaMessage

from shared import dead_letters, inbox
from shared.clock import Clock
from shared.contracts.booking import ClientErased
from shared.contracts.catalogue import TOPICS
from shared.contracts.event import Envelope, Event
from shared.erased import client_of
from shared.handling import Handlers
from shared.kafka import KafkaAccess
from shared.kafka_broker import (
    DRAIN_TIMEOUT_S,
    Drain,
    broker_arguments,
    hand_over,
    parse_anything,
)
from shared.postgres import TRANSIENT, Database, Transaction
from shared.records import PoisonError, Tombstone, erases, read_record
from shared.taken import Taken
from shared.telemetry import Metrics
from shared.tracing import OFF, Tracing, caused_by

MAX_RECORDS = 200
"""Records of one batch and transaction: measured about 100 times the rate of one by one."""

POLL_MS = 10
"""FastStream sleeps this long after each empty poll, so it bounds the delay of a lone record."""

RETRY_DELAYS_S = (0.1, 0.5, 2.0)
"""Waits (plus jitter) before a batch that met a fault of the moment is tried again."""

NACK_PAUSE_S = 1.0
"""Pause before a batch that still fails is handed back; order holds and lag shows it."""

REBALANCE_TIMEOUT_MS = 30_000
"""The group waits for us longer than a revoked partition waits for our work in flight."""

SESSION_TIMEOUT_MS = 10_000
HEARTBEAT_MS = 2_000
"""A killed replica's partitions stand still for the session timeout; lost heartbeats are rare."""

STOP_TIMEOUT_S = 6.0
"""A consumer whose broker is gone may never stop; it is left after this."""

REPLAY_POLL_S = 1.0
"""How soon a replay that an operator asked for begins."""

log = structlog.get_logger()
COMPACTED = frozenset(topic.name for topic in TOPICS if topic.compacted)


@dataclass(frozen=True)
class Place:
    """How far a partition has been handled, and how many records are left."""

    topic: str
    partition: int
    position: int
    lag: int


class Consumer:
    """Consumes a service's topics: inbox row, effects and follow-up events in one transaction.

    A batch is tried whole; when a record in it cannot be handled the batch is taken record by
    record, the bad one is parked with its key, and the others go on.
    """

    def __init__(
        self,
        db: Database,
        kafka: KafkaAccess | str,
        *,
        group: str,
        handlers: Handlers,
        clock: Clock,
        committed: Callable[[], None],
        metrics: Metrics | None = None,
        tracing: Tracing = OFF,
    ) -> None:
        self._db = db
        self._group = group
        self._metrics = metrics or Metrics()
        self._tracing = tracing
        self._handlers = handlers
        self._wanted = {event.type: event for event in handlers.types}
        self._clock = clock
        self._kafka = KafkaAccess.at(kafka)
        self._committed = committed
        self._idle = asyncio.Event()
        self._idle.set()
        self._joined = False
        self.handled = 0
        self.broker = KafkaBroker(
            **broker_arguments(self._kafka),
            apply_types=False,
            allow_auto_create_topics=False,
            consumer_only=True,
            graceful_timeout=DRAIN_TIMEOUT_S,
            logger=logging.getLogger("limber.kafka"),
            log_level=logging.DEBUG,
        )
        self.subscriber = self.broker.subscriber(
            *handlers.topics,
            group_id=group,
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=POLL_MS,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
            listener=Drain(self._idle, self._join),
            partition_assignment_strategy=(StickyPartitionAssignor,),
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
            parser=parse_anything,
            decoder=hand_over,
        )
        self.subscriber(self._on_batch)

    def at_work(self) -> bool:
        """Whether a batch is in hand."""
        return not self._idle.is_set()

    def assigned(self) -> bool:
        """Whether the group has given this consumer its partitions, or none: a standby."""
        return self.subscriber.consumer is not None and self._joined

    async def places(self) -> list[Place]:
        """Position and lag of every partition this consumer has.

        Raises:
            KafkaError: the broker does not answer.
        """
        kafka = self.subscriber.consumer
        if kafka is None or not self._joined:
            return []
        ends = await kafka.end_offsets(list(kafka.assignment()))
        found = []
        for partition, end in ends.items():
            position = await kafka.position(partition)
            found.append(
                Place(partition.topic, partition.partition, position, max(end - position, 0))
            )
        return found

    async def run(self) -> None:
        """Consume until cancelled; a broker that is not there yet is waited for."""
        delay = 0.2
        while True:
            try:
                await self.broker.start()
                break
            except (KafkaError, OSError) as fault:
                log.warning("consumer-waits", fault=type(fault).__name__, delay_s=delay)
                await self.broker.stop()
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
        try:
            await asyncio.Event().wait()
        finally:
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self.broker.stop()
            except (TimeoutError, KafkaError) as fault:
                log.warning("consumer-abandoned", fault=type(fault).__name__)

    async def broker_answers(self) -> bool:
        """Whether Kafka answers a new connection: the consumer's own may be broken for good."""
        client = AIOKafkaClient(**self._kafka.client(), request_timeout_ms=2_000)
        try:
            await client.bootstrap()
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()
        return True

    async def handle_batch(self, records: Sequence[ConsumerRecord]) -> None:
        """Make the effects of these records true, each once; park what cannot be handled.

        Raises:
            Exception: one of `shared.postgres.TRANSIENT`; nothing was written.
        """
        began = time.perf_counter()
        try:
            await self._handle(records)
        except TRANSIENT:
            raise
        except Exception as fault:  # noqa: BLE001 - any other fault belongs to one record; find it
            log.info("batch-taken-apart", records=len(records), fault=type(fault).__name__)
            for record in records:
                await self._handle_one(record)
        self.handled += len(records)
        self._metrics.batch_records.observe(len(records))
        self._metrics.batch_seconds.observe(time.perf_counter() - began)
        self._committed()

    async def replay_parked(self) -> int:
        """Handle parked records whose replay was asked for, in order per lane; returns how many."""
        async with self._db.reading() as connection:
            lanes = await dead_letters.lanes_to_replay(connection)
        count = 0
        for topic, key in lanes:
            while await self._replay_next(topic, key):
                count += 1
        return count

    async def run_replays(self) -> None:
        """Replay whenever an operator asks, until cancelled."""
        while True:
            try:
                if await self.replay_parked():
                    self._committed()
            except TRANSIENT as fault:
                log.warning("replay-waits", fault=type(fault).__name__)
            await asyncio.sleep(REPLAY_POLL_S)

    def _join(self, joined: bool) -> None:
        self._joined = joined

    async def _on_batch(self, message: KafkaMessage) -> None:
        self._idle.clear()
        try:
            await self._handle_with_retry(message.raw_message)
            try:
                # Here, not after this block: a revoked partition must find its offset committed.
                await message.ack()
            except KafkaError as fault:
                log.warning("offset-not-committed", fault=type(fault).__name__)
        finally:
            self._idle.set()

    async def _handle_with_retry(self, records: Sequence[ConsumerRecord]) -> None:
        for delay in (*RETRY_DELAYS_S, None):
            try:
                await self.handle_batch(records)
            except TRANSIENT as fault:
                log.warning("batch-waits", fault=type(fault).__name__, records=len(records))
                self._metrics.batch_retries.inc()
                if delay is None:
                    await asyncio.sleep(NACK_PAUSE_S)
                    raise NackMessage from fault
                await asyncio.sleep(delay * (1 + random.random()))  # noqa: S311
            else:
                return

    async def _handle_one(self, record: ConsumerRecord) -> None:
        try:
            await self._handle([record])
        except TRANSIENT:
            raise
        except Exception as fault:  # noqa: BLE001 - the record is parked with the fault
            log.error(
                "record-parked",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                fault=type(fault).__name__,
            )
            async with self._db.transaction() as tx:
                await dead_letters.park(tx, record, _describe(fault), now=self._clock())
            self._metrics.parked.labels(record.topic).inc()

    async def _handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Make effects true in one transaction; counted and followed once that is committed."""
        with self._tracing.batch(self._group, len(records)) as followed:
            taken = Taken(followed)
            async with self._db.transaction() as tx:
                await self._apply(tx, records, taken)
        taken.count(self._metrics, self._clock())

    async def _apply(
        self, tx: Transaction, records: Sequence[ConsumerRecord], taken: Taken
    ) -> None:
        parked = await dead_letters.parked_among(
            tx, [lane for record in records if (lane := dead_letters.lane(record))]
        )
        readable: list[Envelope[Event] | Tombstone] = []
        for record in records:
            lane = dead_letters.lane(record)
            if lane in parked and not erases(record):
                await dead_letters.park(tx, record, None, now=self._clock())
                taken.parked(record.topic)
                continue
            try:
                event = read_record(record, self._wanted, COMPACTED)
            except PoisonError as poison:
                log.error(
                    "record-parked",
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    fault="PoisonError",
                )
                await dead_letters.park(tx, record, str(poison), now=self._clock())
                taken.parked(record.topic)
                if lane is not None:
                    parked.add(lane)
                continue
            taken.read(record.topic, event)
            if event is not None:
                readable.append(event)
        await self._make_true(tx, readable, taken)

    async def _make_true(
        self, tx: Transaction, readable: Sequence[Envelope[Event] | Tombstone], taken: Taken
    ) -> None:
        ids = [(e.source, e.id) for e in readable if isinstance(e, Envelope)]
        about = [client_of(e.data.key) for e in readable if isinstance(e, Envelope)]
        fresh = await inbox.first_seen(tx, ids, about, now=self._clock()) if ids else set()
        erased: set[str] = set()
        together = self._handlers.together
        waiting: list[Envelope[Event]] = []
        for event in readable:
            if isinstance(event, Envelope):
                if (event.source, event.id) not in fresh or event.data.key in erased:
                    continue
                if isinstance(event.data, ClientErased):
                    erased.add(event.data.key)
                fresh.discard((event.source, event.id))
                followed = taken.follow(event)
                if together is not None and type(event.data) in together.types:
                    waiting.append(followed)
                    continue
            if together is not None and waiting:
                await together.handle(tx, waiting)
                waiting = []
            if isinstance(event, Envelope):
                with caused_by(followed.traceparent):
                    await self._handlers.events[type(event.data)](tx, followed)
            elif forget := self._handlers.tombstones.get(event.topic):
                await forget(tx, event)
        if together is not None and waiting:
            await together.handle(tx, waiting)

    async def _replay_next(self, topic: str, key: str | None) -> bool:
        letter = None
        try:
            async with self._db.transaction() as tx:
                parked = await dead_letters.next_to_replay(tx, topic, key)
                if parked is None:
                    return False
                letter = parked.id
                event = read_record(parked.record, self._wanted, COMPACTED)
                with self._tracing.batch(self._group, 1) as followed:
                    taken = Taken(followed)
                    taken.read(topic, event)
                    if event is not None:
                        await self._make_true(tx, [event], taken)
                await dead_letters.handled(tx, parked.id, topic, key)
            taken.count(self._metrics, self._clock())
        except TRANSIENT:
            raise
        except Exception as fault:
            if letter is None:
                raise
            async with self._db.transaction() as tx:
                await dead_letters.failed_again(tx, letter, _describe(fault), now=self._clock())
            return False
        return True


def _describe(fault: Exception) -> str:
    # Only the kind of a foreign fault: its text may quote what a client wrote.
    return (
        str(fault) if isinstance(fault, PoisonError) else f"{type(fault).__name__} in the handler"
    )
