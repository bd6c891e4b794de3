"""Processes that outlived a killed supervisor: found by what they are, never by pid alone."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from deploy.embedded.console import Console
from deploy.embedded.procfs import Identity, command_line, identify, working_directory
from deploy.stack import ProcessEntry

# The death signal is already on its way; what still runs after this is killed.
PATIENCE_SECONDS = 3.0
KILLED_SECONDS = 5.0
POLL_SECONDS = 0.05


async def reap(entries: Sequence[ProcessEntry], postgres: Path, console: Console) -> None:
    """End what the last run of this home left behind: recorded processes, and any
    PostgreSQL that works in the data directory `postgres`.
    """
    found = [Identity(entry.pid, entry.boot, entry.started) for entry in entries if _is(entry)]
    if server := postmaster(postgres):
        found.append(server)
    if not found:
        _forget_dead_postmaster(postgres)
        return
    console.say(f"waiting for {len(found)} processes of the last run to end")
    await _gone(found, PATIENCE_SECONDS)
    for process in found:
        if identify(process.pid) == process:
            os.kill(process.pid, signal.SIGKILL)
    await _gone(found, KILLED_SECONDS)
    _forget_dead_postmaster(postgres)


def _is(entry: ProcessEntry) -> bool:
    if identify(entry.pid) != Identity(entry.pid, entry.boot, entry.started):
        return False
    # A launcher that has not become its command yet has the command at its end.
    return command_line(entry.pid)[-len(entry.command) :] == entry.command


def postmaster(data: Path) -> Identity | None:
    """The PostgreSQL that runs in this data directory, or None."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    return identify(pid) if working_directory(pid) == data.resolve() else None


def _forget_dead_postmaster(data: Path) -> None:
    """Remove the pid file of a server that is gone.

    PostgreSQL itself would take a stranger that got the same pid for its own server.
    """
    if postmaster(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


async def _gone(processes: Sequence[Identity], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while any(identify(process.pid) == process for process in processes):  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        return
