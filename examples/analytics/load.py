"""Reads Limber's public topics into a DuckDB file, each event once, and goes on where it stopped.

python -m load --bootstrap 127.0.0.1:9092 --database limber.duckdb
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

TOPICS = ("booking.events", "progress.events", "progress.views", "notify.events")
"""The channels of asyncapi.yaml that are tagged `public`."""

COMPACTED = frozenset({"progress.views"})
"""Of these the newest record of a key counts, and one without a value says: forget the key."""

ERASED = "client.erased.v1"

GROUP = "analysts-load"
"""Analysts may use groups that begin with `analysts-`. Offsets are kept in the file, not there."""

BATCH = 2_000
"""Records of one transaction: a few MB at most, and a second of work."""

POLL_S = 0.2
ANSWER_WITHIN_S = 15.0
"""What a broker that works takes far less than."""

PROGRESS_EVERY_S = 2.0

HERE = Path(__file__).parent


class NotAnEventError(ValueError):
    """The record is not what the document says."""


@dataclass
class Batch:
    """What one transaction writes: columns of events by `ce_id`, and where to go on."""

    events: dict[str, tuple[object, ...]] = field(default_factory=dict)
    documents: dict[tuple[str, str], str | None] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    rejected: list[tuple[str, int, int, str]] = field(default_factory=list)
    next: dict[tuple[str, int], int] = field(default_factory=dict)
    records: int = 0


def sort(messages: Iterable[Message]) -> Batch:
    """Take records apart; of a compacted key and of a `ce_id` the last one in order stays."""
    batch = Batch()
    for message in messages:
        topic, partition, offset = place(message)
        batch.records += 1
        batch.next[topic, partition] = offset + 1
        try:
            take(batch, message, topic)
        except NotAnEventError as fault:
            batch.rejected.append((topic, partition, offset, str(fault)))
    return batch


def take(batch: Batch, message: Message, topic: str) -> None:
    """Add one record to a batch.

    Raises:
        NotAnEventError: a header, the key or the value is not as documented.
    """
    key = text(message.key(), "key")
    value = message.value()
    if value is None:
        if topic not in COMPACTED:
            raise NotAnEventError("no value")
        batch.documents[topic, key] = None
        return
    headers = dict(message.headers() or ())
    identity, kind = text(headers.get("ce_id"), "ce_id"), text(headers.get("ce_type"), "ce_type")
    said = text(value, "value")
    try:
        data = json.loads(said)
        at = datetime.fromisoformat(text(headers.get("ce_time"), "ce_time")).astimezone(UTC)
    except ValueError as fault:
        raise NotAnEventError(f"not JSON, or no time: {type(fault).__name__}") from None
    if not isinstance(data, dict):
        raise NotAnEventError("the value is not an object")
    batch.events[identity] = (
        identity,
        kind,
        text(headers.get("ce_source"), "ce_source"),
        at.replace(tzinfo=None),
        text(headers["ce_subject"], "ce_subject") if headers.get("ce_subject") else None,
        topic,
        key,
        said,
    )
    if topic in COMPACTED:
        batch.documents[topic, key] = identity
    if kind == ERASED:
        batch.erased.add(key)


def text(raw: bytes | str | None, name: str) -> str:
    """Bytes of a record as text.

    Raises:
        NotAnEventError: there are none, or they are not UTF-8.
    """
    if not raw:
        raise NotAnEventError(f"no {name}")
    try:
        return raw if isinstance(raw, str) else raw.decode()
    except UnicodeDecodeError:
        raise NotAnEventError(f"{name} is not UTF-8") from None


def place(message: Message) -> tuple[str, int, int]:
    """Topic, partition and offset of a record."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise NotAnEventError("a record without a place")
    return topic, partition, offset


def open_file(path: Path | str) -> duckdb.DuckDBPyConnection:
    """The DuckDB file with tables and views; made when it is missing."""
    db = duckdb.connect(str(path))
    db.execute("set TimeZone = 'UTC'")
    for script in ("tables.sql", "views.sql"):
        db.execute((HERE / script).read_text(encoding="utf-8"))
    return db


@contextmanager
def transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit on the way out, roll back on any exception."""
    db.execute("begin")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


def store(db: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Write a batch and its offsets in one transaction: all of it, or nothing."""
    with transaction(db):
        if batch.erased:
            many(db, "insert or ignore into erased select unnest($1::varchar[])", batch.erased)
        # A document replaces what the topic kept under its key; a tombstone leaves nothing.
        if batch.documents:
            topics, keys = zip(*batch.documents, strict=True)
            db.execute(
                "delete from events where (topic, key) in"
                " (select unnest($1::varchar[]), unnest($2::varchar[]))",
                [list(topics), list(keys)],
            )
        newest = set(batch.documents.values())
        rows = [row for row in batch.events.values() if row[5] not in COMPACTED or row[0] in newest]
        if rows:
            db.execute(
                "insert or ignore into events select * from (select unnest($1::varchar[]) as ce_id,"
                " unnest($2::varchar[]), unnest($3::varchar[]), unnest($4::timestamp[]),"
                " unnest($5::varchar[]), unnest($6::varchar[]), unnest($7::varchar[]) as key,"
                " unnest($8::varchar[])) where key not in (select client_id from erased)",
                [list(column) for column in zip(*rows, strict=True)],
            )
        if batch.erased:
            many(db, "delete from events where key in (select unnest($1::varchar[]))", batch.erased)
        for fault in batch.rejected:
            db.execute("insert or ignore into rejected values ($1, $2, $3, $4)", fault)
        for (topic, partition), following in batch.next.items():
            db.execute(
                "insert or replace into offsets values ($1, $2, $3)", (topic, partition, following)
            )


def many(db: duckdb.DuckDBPyConnection, statement: str, values: Iterable[str]) -> None:
    """Run a statement on a list of values."""
    db.execute(statement, [list(values)])


def connect(bootstrap: str, more: dict[str, Any]) -> Consumer:
    """A consumer that commits nothing to Kafka; `more` are settings of librdkafka, such as TLS."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "enable.partition.eof": False,
            # What is older than the retention is gone; go on with the oldest that is there.
            "auto.offset.reset": "earliest",
            **more,
        }
    )


def begin(consumer: Consumer, db: duckdb.DuckDBPyConnection) -> list[TopicPartition]:
    """Take every partition of the topics, each from where the file stopped.

    Raises:
        SystemExit: a topic is missing or may not be read.
    """
    known = {
        (topic, partition): following
        for topic, partition, following in db.execute("select * from offsets").fetchall()
    }
    places = []
    for topic in TOPICS:
        found = consumer.list_topics(topic, timeout=ANSWER_WITHIN_S).topics[topic]
        if found.error is not None:
            raise SystemExit(f"{topic}: {found.error}")
        places += [
            TopicPartition(topic, number, known.get((topic, number), OFFSET_BEGINNING))
            for number in sorted(found.partitions)
        ]
    consumer.assign(places)
    return places


def ends(consumer: Consumer, places: list[TopicPartition]) -> dict[tuple[str, int], int]:
    """The end of each partition that has something to read now."""
    found = {}
    for one in places:
        low, high = consumer.get_watermark_offsets(one, timeout=ANSWER_WITHIN_S)
        if high > max(low, one.offset):
            found[one.topic, one.partition] = high
    return found


def load(
    consumer: Consumer, db: duckdb.DuckDBPyConnection, *, follow: bool = False, batch: int = BATCH
) -> int:
    """Read up to the end as it is now, or for ever; returns how many records were read."""
    places = begin(consumer, db)
    waiting = ends(consumer, places)
    asked = sum(
        end - max(0, one.offset)
        for one in places
        if (end := waiting.get((one.topic, one.partition)))
    )
    read, began, told = 0, time.monotonic(), 0.0
    while waiting or follow:
        messages = sound(consumer.consume(batch, POLL_S))
        if messages:
            sorted_out = sort(messages)
            store(db, sorted_out)
            read += sorted_out.records
        # Positions also pass what compaction and transactions leave out.
        for one in consumer.position(places):
            if one.offset >= waiting.get((one.topic, one.partition), sys.maxsize):
                del waiting[one.topic, one.partition]
        if time.monotonic() - told > PROGRESS_EVERY_S or not (waiting or follow):
            told = time.monotonic()
            say(read, max(asked, read), told - began)
    return read


def sound(messages: list[Message]) -> list[Message]:
    """The records; a fault of Kafka ends the program, which can be started again.

    Raises:
        KafkaException: Kafka said no.
    """
    for message in messages:
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001
            raise KafkaException(error)
    return [message for message in messages if message.error() is None]


def say(read: int, asked: int, seconds: float) -> None:
    """Tell how far it is, on stderr."""
    share = f"{read / asked:.0%}" if asked else "nothing new"
    sys.stderr.write(
        f"{read:,} of {asked:,} records ({share}), {read / max(seconds, 0.001):,.0f}/s\n"
    )


def settings(path: Path | None) -> dict[str, Any]:
    """Lines `key=value` for librdkafka: where TLS, user and password are."""
    if path is None:
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def main() -> None:
    """Load, say what there is now, end."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--bootstrap", required=True, help="host:port of Kafka")
    asked.add_argument("--database", type=Path, default=Path("limber.duckdb"))
    asked.add_argument("--config", type=Path, help="settings of librdkafka, a line each")
    asked.add_argument("--follow", action="store_true", help="do not end; Ctrl-C stops")
    given = asked.parse_args()
    consumer = connect(given.bootstrap, settings(given.config))
    with open_file(given.database) as db:
        try:
            load(consumer, db, follow=given.follow)
        except KeyboardInterrupt:
            sys.stderr.write("stopped; the next run goes on from here\n")
        finally:
            consumer.close()
        for kind, count in db.execute(
            "select topic, count(*) from events group by topic order by topic"
        ).fetchall():
            print(f"{kind:20} {count:>10,}")


if __name__ == "__main__":
    main()
