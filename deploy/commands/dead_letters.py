"""`limber dead-letters`: see records that could not be handled, and have them handled again."""

import asyncio
import base64
import json
from collections.abc import Coroutine
from typing import Annotated, Any
from uuid import UUID

import typer

from deploy.commands.database import SERVICES, connected
from deploy.commands.failure import Failure
from deploy.stack import Stack, find_stack
from shared import dead_letters
from shared.clock import OffsetClock, rfc3339
from shared.dead_letters import DeadLetter

REPLAY_TIMEOUT_S = 60.0
"""A service looks for replays every second; a long lane takes a while."""

LOOK_EVERY_S = 0.2


def register(app: typer.Typer) -> None:
    """Add `dead-letters list`, `show`, `replay` and `discard`."""
    group = typer.Typer(no_args_is_help=True, help="Records that could not be handled.")
    group.command("list")(list_all)
    group.command()(show)
    group.command()(replay)
    group.command()(discard)
    app.add_typer(group, name="dead-letters")


def list_all(
    service: Annotated[str | None, typer.Option(help="booking, notify or progress.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List parked records, oldest first; those without an error wait behind one that has."""
    for letter in _run(_parked(find_stack(), service)):
        line = _document(letter)
        typer.echo(
            json.dumps(line)
            if as_json
            else f"{letter.id} {letter.service} {letter.topic}/{letter.partition}/{letter.offset}"
            f" behind={letter.behind} {letter.error or 'waits'}"
        )


def show(letter: Annotated[UUID, typer.Argument(help="The record's id.")]) -> None:
    """Print one parked record with its headers and value as base64."""
    typer.echo(json.dumps(_run(_one(find_stack(), letter))))


def replay(
    letter: Annotated[UUID | None, typer.Argument(help="A record; its key goes along.")] = None,
    key: Annotated[str | None, typer.Option(help="All parked records of this key.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All parked records.")] = False,
) -> None:
    """Have parked records handled again, in order per key, and wait for the outcome."""
    if [letter is not None, key is not None, everything].count(True) != 1:
        raise Failure("name one: a record's ID, --key K or --all")
    _run(_replay(find_stack(), letter, key))


def discard(letter: Annotated[UUID, typer.Argument(help="The record's id.")]) -> None:
    """Drop a parked record for good; the records behind it are handled again."""
    _run(_discard(find_stack(), letter))
    typer.echo(f"discarded {letter}")


def _run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    return asyncio.run(work)


async def _parked(stack: Stack, service: str | None) -> list[DeadLetter]:
    if service is not None and service not in SERVICES:
        raise Failure(f"{service!r} is no service; choose one of {', '.join(SERVICES)}")
    found: list[DeadLetter] = []
    for name in [service] if service else SERVICES:
        async with connected(stack, name) as connection:
            found += await dead_letters.list_parked(connection, name)
    return found


async def _one(stack: Stack, letter: UUID) -> dict[str, Any]:
    for row in await _parked(stack, None):
        if row.id == letter:
            async with connected(stack, row.service) as connection:
                raw = await dead_letters.show_parked(connection, letter)
            if raw is not None:
                return {
                    **_document(row),
                    "headers": [[name, _base64(value)] for name, value in raw["headers"]],
                    "value": _base64(raw["value"]),
                }
    raise Failure(f"no parked record {letter}")


async def _replay(stack: Stack, letter: UUID | None, key: str | None) -> None:
    now = OffsetClock(stack.clock_file)()
    before = await _parked(stack, None)
    asked: set[UUID] = set()
    for service in SERVICES:
        async with connected(stack, service) as connection:
            asked |= await dead_letters.request_replay(connection, now=now, letter=letter, key=key)
    if not asked and (letter or key):
        raise Failure(f"no parked record for {letter or key}")
    left = asked
    async with asyncio.timeout(REPLAY_TIMEOUT_S):
        while left:
            await asyncio.sleep(LOOK_EVERY_S)
            waiting: set[UUID] = set()
            for service in SERVICES:
                async with connected(stack, service) as connection:
                    waiting |= await dead_letters.awaiting_replay(connection)
            if waiting & asked != left:
                left = waiting & asked
                typer.echo(f"{len(asked) - len(left)} of {len(asked)} looked at", err=True)
    still = {row.id: row for row in await _parked(stack, None) if row.id in asked}
    typer.echo(f"replayed {len(asked) - len(still)}, still parked {len(still)}")
    for row in before:
        if row.id in still and (error := still[row.id].error):
            typer.echo(f"{row.id} {error}", err=True)
    if still:
        raise Failure("some records failed again; see `limber dead-letters list`")


async def _discard(stack: Stack, letter: UUID) -> None:
    for service in SERVICES:
        async with connected(stack, service) as connection:
            if await dead_letters.discard(connection, letter):
                return
    raise Failure(f"no parked record {letter}")


def _document(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "service": letter.service,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "key": letter.key,
        "error": letter.error,
        "at": rfc3339(letter.at),
        "behind": letter.behind,
    }


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()
