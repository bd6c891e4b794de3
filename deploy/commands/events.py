"""`limber events TOPIC`: records of a topic as JSON lines."""

import asyncio
import json
import logging
import select
import sys
import time
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from deploy.commands.failure import Failure
from deploy.stack import find_stack
from shared.kafka import KafkaAccess

POLL_MILLISECONDS = 500

QUIET_SECONDS = 3.0
"""With --from-beginning and --max the command ends when nothing has come for so long: at most N of
what is there, and a record that is just on its way still counts."""


def register(app: typer.Typer) -> None:
    """Add `events`."""
    app.command()(events)


def events(
    topic: Annotated[str, typer.Argument(help="Such as booking.events.")],
    *,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Start with the oldest record.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--max", min=1, help="Stop after this many records.")
    ] = None,
) -> None:
    """Print records as JSON lines.

    Follows the topic until Ctrl-C, or until --max records are printed. With --from-beginning and
    --max it also ends when nothing more comes for three seconds.
    """
    kafka = find_stack().kafka
    # What matters of the client's complaints comes back as an error of its own.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_follow(kafka, topic, from_beginning=from_beginning, limit=limit))
    except KafkaError as error:
        raise Failure(f"Kafka at {','.join(kafka.bootstrap)}: {error}") from None
    except KeyboardInterrupt:
        return


def as_document(record: "ConsumerRecord[bytes | None, bytes | None]") -> dict[str, Any]:
    """A record as one printed line: JSON values parsed, all other bytes as text."""
    return {
        "key": _text(record.key),
        "headers": {name: _text(value) for name, value in record.headers},
        "value": _value(record.value),
        "partition": record.partition,
        "offset": record.offset,
    }


async def _follow(
    kafka: KafkaAccess, topic: str, *, from_beginning: bool, limit: int | None
) -> None:
    # Without a group nothing is committed and no other consumer is disturbed.
    consumer = AIOKafkaConsumer(
        **kafka.client(),
        group_id=None,
        auto_offset_reset="earliest" if from_beginning else "latest",
    )
    try:
        await consumer.start()
        # Asking for an unknown topic by name could make it on a broker that allows that.
        if topic not in await consumer.topics():
            raise Failure(f"there is no topic {topic!r}")
        consumer.subscribe([topic])
        printed, last = 0, time.monotonic()
        while (limit is None or printed < limit) and _is_read():
            if from_beginning and limit and time.monotonic() - last > QUIET_SECONDS:
                return
            batches = await consumer.getmany(timeout_ms=POLL_MILLISECONDS)
            # Partitions have no common order; the time of writing is the nearest to one.
            records = sorted(
                (record for batch in batches.values() for record in batch),
                key=lambda record: (record.timestamp, record.partition, record.offset),
            )
            for record in records[: None if limit is None else limit - printed]:
                print(json.dumps(as_document(record), ensure_ascii=False), flush=True)
                printed, last = printed + 1, time.monotonic()
    except BrokenPipeError:
        # The reader has seen enough; nothing may be written at exit either.
        sys.stdout = None
    finally:
        await consumer.stop()


def _is_read() -> bool:
    """Whether anybody still reads our output; a quiet topic would not tell by itself."""
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    return not output.poll(0)


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")


def _value(raw: bytes | None) -> Any:  # noqa: ANN401
    text = _text(raw)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
