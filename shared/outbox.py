"""The outbox: events are committed with the state they speak of, then relayed to Kafka in order."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.clock import rfc3339
from shared.contracts.event import Event
from shared.identifiers import new_id
from shared.kafka import KafkaAccess
from shared.postgres import TRANSIENT, Database, Transaction
from shared.tracing import OFF, Span, Tracing, cause

BATCH = 500
"""Events of one relay transaction: large enough that the two statements around it do not count."""

IDLE_POLL_S = 0.25
"""How long an idle relay sleeps when nobody wakes it; another replica's rows wait at most this."""

PUBLISH_TIMEOUT_S = 10.0
"""An idempotent producer never gives up by itself; after this the rows stay and we begin again."""

STOP_TIMEOUT_S = 5.0
"""A producer whose broker is dead may not end its last request sooner; it is left after this."""

MAX_EVENT_BYTES = 512 * 1024
"""Half of what the broker takes, so that a committed event can always be published."""

Published = Callable[[Sequence[asyncpg.Record]], None]
"""Hears of rows of the outbox (`topic`, `type`, `payload`) that Kafka has acknowledged."""

log = structlog.get_logger()


class EventTooLargeError(ValueError):
    """The event would be refused by the broker and is refused before the commit."""


async def add(tx: Transaction, events: Iterable[Event], *, now: datetime) -> None:
    """Write events into the outbox, in the caller's transaction, in the order given.

    Raises:
        EventTooLargeError: an event exceeds `MAX_EVENT_BYTES`.
    """
    here = cause()
    await add_caused(tx, ((event, now, here) for event in events))


async def add_caused(tx: Transaction, events: Iterable[tuple[Event, datetime, str | None]]) -> None:
    """As `add`, for events that happened at times of their own, each with the span that led to it.

    Raises:
        EventTooLargeError: an event exceeds `MAX_EVENT_BYTES`.
    """
    rows = []
    for event, at, traceparent in events:
        payload = event.model_dump_json()
        if len(payload) > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"{event.type} has {len(payload)} characters")
        known = (event.topic, event.key, event.type, event.subject, payload, at)
        rows.append((new_id(), *known, traceparent))
    if rows:
        await tx.execute(
            "insert into outbox"
            " (event_id, topic, key, type, subject, payload, occurred_at, traceparent)"
            " select event_id, topic, key, type, subject, payload, occurred_at, traceparent"
            " from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
            " $7::timestamptz[], $8::text[]) with ordinality"
            " as e(event_id, topic, key, type, subject, payload, occurred_at, traceparent, place)"
            " order by place",
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def add_tombstone(tx: Transaction, topic: str, key: str, *, now: datetime) -> None:
    """Have a compacted topic forget what stands under a key."""
    await tx.execute(
        "insert into outbox (event_id, topic, key, type, subject, payload, occurred_at)"
        " values ($1, $2, $3, '', $3, null, $4)",
        new_id(),
        topic,
        key,
        now,
    )


async def oldest_age(tx: Transaction, now: datetime) -> timedelta:
    """How long the oldest unpublished event has waited; zero when there is none."""
    oldest = await tx.fetchval("select occurred_at from outbox order by seq limit 1")
    return max(now - oldest, timedelta(0)) if oldest else timedelta(0)


class Relay:
    """Publishes a service's outbox. Any number may run: one at a time holds the lock."""

    def __init__(
        self,
        db: Database,
        kafka: KafkaAccess | str,
        *,
        source: str,
        published: Published = lambda _: None,
        tracing: Tracing = OFF,
    ) -> None:
        self._db = db
        self._published = published
        self._tracing = tracing
        self._kafka = KafkaAccess.at(kafka)
        self._source = source.encode()
        self._woken = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None

    def wake(self) -> None:
        """Say that something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Relay until cancelled; faults of the moment are waited out."""
        delay = 0.1
        try:
            while True:
                self._woken.clear()
                try:
                    full = await self.publish_batch() == BATCH
                    delay = 0.1
                except (*TRANSIENT, KafkaError) as fault:
                    log.warning("relay-waits", fault=type(fault).__name__, delay_s=delay)
                    await self.close(flush=False)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 5.0)
                    continue
                if not full:
                    await self._rest()
        finally:
            await self.close()

    async def publish_batch(self) -> int:
        """Publish the oldest events and forget them; returns how many. 0 when another relay works.

        Order per key holds because one relay at a time holds the lock and `seq` was drawn after
        the aggregate's row lock. Rows are deleted only when the broker has acknowledged them all.
        """
        producer = self._producer or await self._connect()
        async with self._db.transaction() as tx:
            if not await tx.fetchval(
                "select pg_try_advisory_xact_lock('outbox'::regclass::bigint)"
            ):
                return 0
            rows = await tx.fetch("select * from outbox order by seq limit $1", BATCH)
            if not rows:
                return 0
            await self._send(producer, rows)
            # Nobody else inserts below this seq for these keys, and only the lock holder deletes.
            await tx.execute(
                "delete from outbox where seq = any($1::bigint[])", [row["seq"] for row in rows]
            )
        self._published(rows)
        return len(rows)

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> None:
        """Return when the broker has acknowledged them all."""
        spans = [self._span(row) for row in rows] if self._tracing.on else []
        parents = [span.traceparent for span in spans] or [row["traceparent"] for row in rows]
        fault = "unacknowledged"
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                acknowledgements = [
                    await producer.send(
                        row["topic"],
                        None if row["payload"] is None else row["payload"].encode(),
                        key=row["key"].encode(),
                        headers=self._headers(row, traceparent),
                    )
                    for row, traceparent in zip(rows, parents, strict=True)
                ]
                await asyncio.gather(*acknowledgements)
            fault = ""
        finally:
            for span in spans:
                span.end(fault=fault or None)

    def _span(self, row: asyncpg.Record) -> Span:
        return self._tracing.begin(
            "producer",
            f"publish {row['topic']}",
            parent=row["traceparent"],
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "send",
                "messaging.destination.name": row["topic"],
                "cloudevents.event_type": row["type"],
            },
        )

    def _headers(self, row: asyncpg.Record, traceparent: str | None) -> list[tuple[str, bytes]]:
        if row["payload"] is None:
            return []
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", str(row["event_id"]).encode()),
            ("ce_type", row["type"].encode()),
            ("ce_source", self._source),
            ("ce_time", rfc3339(row["occurred_at"]).encode()),
            ("ce_subject", row["subject"].encode()),
            ("content-type", b"application/json"),
        ]
        if traceparent:
            headers.append(("traceparent", traceparent.encode()))
        return headers

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._kafka.client(),
            enable_idempotence=True,
            acks="all",
            max_request_size=2 * MAX_EVENT_BYTES,
            request_timeout_ms=int(PUBLISH_TIMEOUT_S * 1000),
        )
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer
        return producer

    async def close(self, *, flush: bool = True) -> None:
        """Let the producer go; without `flush` it sends nothing any more.

        The rows of what it holds are still in the outbox, and its successor sends them: what came
        later than that would stand behind newer records of its key.
        """
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                sender = producer._sender.sender_task  # noqa: SLF001 - `stop` would wait to send all
                if not flush and sender is not None:
                    sender.cancel()
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await producer.stop()
            except (TimeoutError, KafkaError) as fault:
                log.warning("producer-abandoned", fault=type(fault).__name__)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(IDLE_POLL_S):
                await self._woken.wait()
        except TimeoutError:
            return
