"""`limber simulate`: plausible clients who live through bookings and check-ins."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.clock import test_stack
from deploy.commands.failure import Failure
from deploy.stack import Stack

AT_ONCE = 16
"""Requests at once: enough that two cores never wait for the next one."""

DAYS_A_WEEK = 7


def register(app: typer.Typer) -> None:
    """Add `simulate`."""
    app.command()(simulate)


def simulate(
    *,
    clients: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 20,
    weeks: Annotated[int, typer.Option(min=1, max=150, help="How long.")] = 4,
    seed: Annotated[int, typer.Option(min=0, help="The same seed is the same lives.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Write what was true of each client, as JSON.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Instead of weeks, where a week is too long.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=256, help="Requests at once.")] = AT_ONCE,
) -> None:
    """Let clients live on a running stack with LIMBER_TEST_CLOCK=1; its clock moves on.

    Ends with 1 when an answer was not expected.
    """
    stack = test_stack()
    if out is not None and not out.parent.is_dir():
        raise Failure(f"{out.parent} does not exist")
    length = days or weeks * DAYS_A_WEEK
    went_well = asyncio.run(_live(stack, clients, length, seed, out, at_once))
    if not went_well:
        raise typer.Exit(1)


async def _live(
    stack: Stack, clients: int, days: int, seed: int, out: Path | None, at_once: int
) -> bool:
    # What it needs is slow to import, and no other command needs it.
    from deploy.simulation import days as simulation  # noqa: PLC0415
    from deploy.simulation import outcome  # noqa: PLC0415
    from deploy.simulation.backstage import backstage  # noqa: PLC0415
    from deploy.simulation.door import Account, Astray, Door  # noqa: PLC0415
    from deploy.simulation.life import Stage  # noqa: PLC0415

    account = Account()
    door = Door(stack.base_url, at_once=at_once, account=account)
    async with backstage(stack) as behind, door:
        stage = Stage(door, seed, began=behind.now(), now=behind.now())
        try:
            course = await simulation.live(stage, behind, clients=clients, days=days, say=_say)
        except Astray as fault:
            raise Failure(f"the people could not be made: {account.unexpected[-1]}") from fault
    for line in outcome.summary(course):
        _say(line)
    if out is not None:
        outcome.write_truth(course, out)
    return not account.astray


def _say(line: str) -> None:
    print(line, flush=True)
