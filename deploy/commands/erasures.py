"""`limber erasures`: who was erased, and erasing them again after a restore."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.commands.database import connected
from deploy.commands.failure import Failure
from deploy.stack import find_stack
from services.booking.handlers.erasure import erase_again
from shared.clock import OffsetClock, rfc3339
from shared.contracts.booking import ClientErased
from shared.contracts.catalogue import PARTITIONS
from shared.kafka import KafkaAccess

POLL_MILLISECONDS = 500


def register(app: typer.Typer) -> None:
    """Add `erasures list` and `erasures replay`."""
    group = typer.Typer(no_args_is_help=True, help="Who was erased.")
    group.command("list")(list_all)
    group.command()(replay)
    app.add_typer(group, name="erasures")


def list_all() -> None:
    """Print who was erased, as JSON lines: keep them beside the backups."""
    for line in asyncio.run(_listed()):
        typer.echo(json.dumps(line))


def replay(
    ledger: Annotated[
        Path | None,
        typer.Option("--from", help="What `list` printed; without it booking.events is read."),
    ] = None,
) -> None:
    """After a restore, erase again whom the backup still knows."""
    ids = _in_ledger(ledger) if ledger is not None else _in_events()
    again = asyncio.run(_erase(ids))
    typer.echo(f"{len(again)} of {len(ids)} erased again")


async def _listed() -> list[dict[str, Any]]:
    async with connected(find_stack(), "booking") as connection:
        rows = await connection.fetch("select client_id, at from erased order by at, client_id")
    return [{"client_id": str(row["client_id"]), "at": rfc3339(row["at"])} for row in rows]


async def _erase(ids: list[UUID]) -> list[UUID]:
    stack = find_stack()
    now = OffsetClock(stack.clock_file)()
    again: list[UUID] = []
    async with connected(stack, "booking") as connection:
        for client_id in ids:
            # Each for itself: a long ledger shall not hold the locks of all its trainers.
            async with connection.transaction():
                again += await erase_again(connection, [client_id], now=now)
    return again


def _in_ledger(ledger: Path) -> list[UUID]:
    try:
        lines = ledger.read_text().splitlines()
        return [UUID(json.loads(line)["client_id"]) for line in lines if line.strip()]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Failure(f"{ledger} is not what `limber erasures list` printed: {fault}") from None


def _in_events() -> list[UUID]:
    kafka = find_stack().kafka
    try:
        return asyncio.run(_read_events(kafka))
    except KafkaError as error:
        raise Failure(f"Kafka at {','.join(kafka.bootstrap)}: {error}") from None


async def _read_events(kafka: KafkaAccess) -> list[UUID]:
    """Whom the events of today's retention tell as erased."""
    consumer = AIOKafkaConsumer(**kafka.client(), group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(ClientErased.topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        found: dict[UUID, None] = {}
        while any([await consumer.position(place) < ends[place] for place in places]):
            batches = await consumer.getmany(timeout_ms=POLL_MILLISECONDS)
            for record in (record for batch in batches.values() for record in batch):
                if ("ce_type", ClientErased.type.encode()) in record.headers and record.value:
                    found[ClientErased.model_validate_json(record.value).client_id] = None
        return list(found)
    finally:
        await consumer.stop()
