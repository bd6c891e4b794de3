"""What a service knows of its own state: metrics, readiness, and whether it should be replaced."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Literal

import structlog
from aiokafka.errors import KafkaError

from shared import outbox
from shared.clock import Clock
from shared.consumer import Consumer
from shared.postgres import TRANSIENT, Database, Transaction
from shared.telemetry import Metrics

WATCH_EVERY_S = 2.0

SILENT_AFTER_S = 15.0
"""A consumer that cannot tell its position for so long, while its broker answers others, never
comes back: seen after a broker was killed (aiokafka #1154 and kin)."""

UNREADY_AFTER_S = 10.0
"""A rebalance, or a broker that another one replaces, takes seconds and comes to all replicas at
once: a door that closed for it would close everywhere."""

STUCK_AFTER_S = 60.0
"""So long without partitions, or with records waiting and none handled, is not a slow start."""

OUTBOX_LATE_S = 30.0
"""Events older than this mean that Kafka cannot be reached, or that no relay works."""

Excludable = Literal["kafka", "outbox"]
"""What a door can do without for a while: what is written meanwhile goes out afterwards."""

CHECK_TIMEOUT_S = 2.0

MOST_COUNTED = 100_000
"""Rows of the outbox counted at most: a backlog is told by its age, and counting costs."""

Measure = Callable[[Transaction], Awaitable[None]]
"""Sets gauges of a service's own; asked every `WATCH_EVERY_S`, so it must be cheap."""

log = structlog.get_logger()


class DeadServiceError(Exception):
    """The service does not do its work and will not by itself."""


class Health:
    """Watches one service's database, consumer and outbox."""

    def __init__(
        self,
        db: Database,
        metrics: Metrics,
        clock: Clock,
        consumer: Consumer | None,
        *,
        measures: Sequence[Measure] = (),
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` is a steady clock: what is waited for must not follow a shifted `clock`."""
        self._db = db
        self._metrics = metrics
        self._clock = clock
        self._consumer = consumer
        self._measures = measures
        self._positions: dict[tuple[str, int], int] = {}
        self._seconds = seconds
        self._told_at = self._moved_at = seconds()
        self._assigned_at: float | None = None
        self._answered_at: float | None = None
        self._database_answered = False
        self._draining = False
        self._outbox_age_s = 0.0

    def dead(self) -> list[str]:
        """Why the process should be replaced; empty while it works."""
        now, faults = self._seconds(), []
        if (silent := now - self._told_at) > SILENT_AFTER_S:
            faults.append(f"consumer: silent for {silent:.0f} s while the broker answers")
        if (stuck := now - self._moved_at) > STUCK_AFTER_S:
            faults.append(f"consumer: has not moved for {stuck:.0f} s")
        return faults

    async def unready(self, *, exclude: Collection[Excludable] = ()) -> list[str]:
        """What keeps the service from its work, but for these parts; empty when ready."""
        faults = self.dead()
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S), self._db.reading() as connection:
                await connection.fetchval("select 1")
        except TRANSIENT as fault:
            faults.append(f"postgres: {type(fault).__name__}")
        if self._consumer is not None:
            if self._consumer.assigned():
                self._assigned_at = self._seconds()
            if self._longer_ago(self._assigned_at):
                faults.append("kafka: no partitions assigned yet")
            elif self._longer_ago(self._answered_at):
                faults.append("kafka: does not answer")
        if self._outbox_age_s > OUTBOX_LATE_S:
            faults.append(f"outbox: oldest event waits {self._outbox_age_s:.0f} s")
        if self._draining:
            faults.append("draining: the process was told to stop")
        return [fault for fault in faults if fault.partition(":")[0] not in exclude]

    def drain(self) -> None:
        """Not ready from now on: the process was told to stop."""
        self._draining = True

    def draining(self) -> bool:
        """Whether the process was told to stop."""
        return self._draining

    async def watch(self) -> None:
        """Measure until cancelled.

        Raises:
            DeadServiceError: only a new process helps.
        """
        while True:
            await self.look()
            await asyncio.sleep(WATCH_EVERY_S)

    async def look(self) -> None:
        """Measure once.

        Raises:
            DeadServiceError: only a new process helps.
        """
        await self._measure_database()
        await self._measure_consumer()
        if faults := self.dead():
            raise DeadServiceError("; ".join(faults))

    def _longer_ago(self, moment: float | None) -> bool:
        return moment is None or self._seconds() - moment > UNREADY_AFTER_S

    async def _measure_database(self) -> None:
        try:
            async with self._db.reading() as connection:
                asked_at = datetime.now(UTC)
                age = await outbox.oldest_age(connection, self._clock())
                row = await connection.fetchrow(
                    "select clock_timestamp() as now,"
                    " (select count(*) from (select from outbox limit $1) o) as outbox,"
                    " (select count(*) from parked_keys) as keys,"
                    " (select count(*) from dead_letters) as letters",
                    MOST_COUNTED,
                )
                for measure in self._measures:
                    await measure(connection)
        except TRANSIENT as fault:
            self._database_answered = False
            self._metrics.part_up.labels("postgres").set(0)
            log.warning("database-not-measured", fault=type(fault).__name__)
            return
        self._database_answered = True
        self._metrics.part_up.labels("postgres").set(1)
        for state, count in self._db.connections().items():
            self._metrics.db_connections.labels(state).set(count)
        self._metrics.clock_offset.set((self._clock() - datetime.now(UTC)).total_seconds())
        # Between the two readings lies what asking took, which is milliseconds.
        self._metrics.clock_skew.set((row["now"] - asked_at).total_seconds())
        self._outbox_age_s = age.total_seconds()
        self._metrics.outbox_age.set(self._outbox_age_s)
        self._metrics.outbox_rows.set(row["outbox"])
        self._metrics.parked_keys.set(row["keys"])
        self._metrics.dead_letters.set(row["letters"])

    async def _measure_consumer(self) -> None:
        if self._consumer is None:
            return
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                places = await self._consumer.places()
        except (KafkaError, TimeoutError) as fault:
            self._metrics.part_up.labels("kafka").set(0)
            log.warning("consumer-not-measured", fault=type(fault).__name__)
            self._moved_at = self._seconds()
            # A silent broker is not a stuck consumer.
            if not await self._consumer.broker_answers():
                self._told_at = self._seconds()
            return
        self._metrics.part_up.labels("kafka").set(1)
        self._answered_at = self._told_at = self._seconds()
        self._metrics.lag.clear()
        positions = {}
        for place in places:
            positions[place.topic, place.partition] = place.position
            self._metrics.lag.labels(place.topic, str(place.partition)).set(place.lag)
        if self._consumer.assigned():
            self._assigned_at = self._seconds()
        idle = self._consumer.assigned() and not any(place.lag for place in places)
        if idle or positions != self._positions or not self._database_answered:
            self._moved_at = self._seconds()
        self._positions = positions
