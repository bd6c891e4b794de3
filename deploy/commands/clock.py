"""`limber clock`: moves the one clock that all services share in tests."""

import fcntl
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from deploy.commands.failure import Failure
from deploy.stack import Stack, find_stack

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
DURATION = re.compile(r"(?:[0-9]{1,9}[dhms])+")
PART = re.compile(r"([0-9]+)([dhms])")

# Far beyond any booking or retention; a typing mistake must not leave the calendar.
FURTHEST = timedelta(days=3650)


def register(app: typer.Typer) -> None:
    """Add `clock advance` and `clock show`."""
    group = typer.Typer(no_args_is_help=True, help="The test clock (LIMBER_TEST_CLOCK=1).")
    group.command()(advance)
    group.command()(show)
    app.add_typer(group, name="clock")


def advance(by: Annotated[str, typer.Argument(help="Such as 26h, 90m or 1d2h.")]) -> None:
    """Move the clock of the whole stack forward."""
    stack = test_stack()
    typer.echo(instant(move(stack.clock_file, duration(by))))


def show() -> None:
    """Print what time it is for the stack."""
    typer.echo(instant(read_offset(test_stack().clock_file)))


def duration(text: str) -> timedelta:
    """Read `26h` or `1d2h`; raises Failure on anything else."""
    if not DURATION.fullmatch(text):
        raise Failure(f"{text!r} is no duration; write 26h, 90m or 1d2h (units d h m s)")
    try:
        return sum(
            (timedelta(**{UNITS[unit]: int(count)}) for count, unit in PART.findall(text)),
            timedelta(),
        )
    except OverflowError:
        raise Failure(f"the clock goes at most {FURTHEST.days} days ahead") from None


def read_offset(place: Path) -> timedelta:
    """How far ahead the clock is; raises Failure on a file that holds no number."""
    try:
        return timedelta(seconds=float(place.read_text()))
    except FileNotFoundError:
        return timedelta()
    except (ValueError, OverflowError):
        raise Failure(f"{place} does not hold a number of seconds") from None


def instant(offset: timedelta) -> str:
    """Limber's now as RFC 3339 in UTC."""
    return (datetime.now(UTC) + offset).isoformat(timespec="seconds").replace("+00:00", "Z")


def move(place: Path, step: timedelta) -> timedelta:
    """Move the clock that a file shifts forward; how far it is ahead then, in whole seconds.

    Raises:
        Failure: there is no stack, or the clock would go too far.
    """
    if not place.parent.is_dir():
        raise Failure(f"{place.parent} does not exist; start a stack first")
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        offset = read_offset(place) + step
        if offset > FURTHEST:
            raise Failure(f"the clock goes at most {FURTHEST.days} days ahead")
        _replace(place, f"{offset.total_seconds():.0f}\n")
    return offset


def test_stack() -> Stack:
    """The stack whose clock can be moved.

    Raises:
        Failure: it follows real time.
    """
    if os.environ.get("LIMBER_TEST_CLOCK") != "1":
        raise Failure("the clock moves only for tests; set LIMBER_TEST_CLOCK=1")
    stack = find_stack()
    if stack.running and not stack.running.test_clock:
        raise Failure("the running stack follows real time; start it with LIMBER_TEST_CLOCK=1")
    return stack


def _replace(place: Path, text: str) -> None:
    part = place.with_name(f".{place.name}.{uuid4().hex}")
    part.write_text(text)
    part.replace(place)
