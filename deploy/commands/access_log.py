"""`limber access-log verify`: whether anybody changed who looked at whose health data."""

import asyncio
from typing import Annotated

import typer

from deploy.commands.database import connected
from deploy.commands.failure import Failure
from deploy.stack import find_stack
from services.booking.store.access_chain import Verdict
from services.booking.store.access_chain import verify as look_through
from shared.clock import OffsetClock


def register(app: typer.Typer) -> None:
    """Add `access-log verify`."""
    group = typer.Typer(no_args_is_help=True, help="Who looked at whose health data.")
    group.callback()(_alone)
    group.command()(verify)
    app.add_typer(group, name="access-log")


def _alone() -> None:
    """Without it typer would take the only command for the group."""


def verify(
    head: Annotated[
        str | None, typer.Option(help="A hash noted earlier, as booking's log lines have it.")
    ] = None,
) -> None:
    """Say that the log is as it was written, or the first line that is not."""
    verdict = asyncio.run(_verdict(head))
    if verdict.wrong is not None:
        raise Failure(f"the access log is not intact: {verdict.wrong}")
    typer.echo(f"intact: {verdict.lines} lines, {verdict.waiting} waiting, head {verdict.head}")


async def _verdict(head: str | None) -> Verdict:
    stack = find_stack()
    async with connected(stack, "booking") as connection, connection.transaction():
        return await look_through(connection, head=head, now=OffsetClock(stack.clock_file)())
