"""Samples of a running stack: memory, files and processor of each process, lag, connections."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import psutil

SAMPLE_EVERY_S = 2.0

LAG = re.compile(r"^limber_consumer_lag_records\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)
SERVICES = ("booking", "notify", "progress")


@dataclass(frozen=True)
class Process:
    """A line of `limber ps`."""

    name: str
    pid: int
    port: int

    @property
    def is_service(self) -> bool:
        """Whether it is one of ours."""
        return self.name.rpartition("-")[0] in SERVICES


@dataclass
class Samples:
    """Series of equal length; memory in MB (shared pages counted once), by process."""

    at_s: list[float] = field(default_factory=list)
    memory_mb: dict[str, list[float]] = field(default_factory=dict)
    files: dict[str, list[int]] = field(default_factory=dict)
    cpu_s: dict[str, list[float]] = field(default_factory=dict)
    lag: list[int] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)

    def cpu(self, name: str) -> float:
        """Seconds of processor a process used between the first and the last sample."""
        return self.cpu_s[name][-1] - self.cpu_s[name][0]

    @property
    def took_s(self) -> float:
        """From the first to the last sample."""
        return self.at_s[-1] - self.at_s[0]


def processes(listed: str) -> list[Process]:
    """What `limber ps` printed."""
    lines = (line.split() for line in listed.splitlines())
    return [Process(name, int(pid), int(port)) for name, pid, port in lines]


async def idle_shares(found: Sequence[Process], seconds: float) -> dict[str, float]:
    """The part of a core that each process takes in the seconds to come."""
    before = {one.name: sum(map(_cpu, _family(one.pid))) for one in found}
    began = time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - began
    return {
        one.name: (sum(map(_cpu, _family(one.pid))) - before[one.name]) / passed for one in found
    }


async def sample(found: Sequence[Process], database_url: str, samples: Samples) -> None:
    """Add a sample every `SAMPLE_EVERY_S` until cancelled, and a last one then."""
    connection = await asyncpg.connect(database_url)
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            while True:
                await _once(found, connection, client, samples)
                await asyncio.sleep(SAMPLE_EVERY_S)
    finally:
        await connection.close()


async def _once(
    found: Sequence[Process],
    connection: asyncpg.Connection,
    client: httpx.AsyncClient,
    samples: Samples,
) -> None:
    lag = 0
    for process in found:
        if process.is_service:
            text = (await client.get(f"http://127.0.0.1:{process.port}/metrics")).text
            lag += sum(int(float(number)) for number in LAG.findall(text))
    connections = await connection.fetchval(
        "select count(*) from pg_stat_activity where usename like 'limber_%'"
    )
    for process in found:
        family = _family(process.pid)
        samples.memory_mb.setdefault(process.name, []).append(sum(map(_megabytes, family)))
        samples.files.setdefault(process.name, []).append(sum(map(_files, family)))
        samples.cpu_s.setdefault(process.name, []).append(sum(map(_cpu, family)))
    samples.at_s.append(time.monotonic())
    samples.lag.append(lag)
    samples.connections.append(connections)


def _family(pid: int) -> list[psutil.Process]:
    main = psutil.Process(pid)
    return [main, *main.children(recursive=True)]


def _megabytes(process: psutil.Process) -> float:
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # A backend of Postgres that ended meanwhile.
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def _files(process: psutil.Process) -> int:
    try:
        return process.num_fds()
    except psutil.NoSuchProcess:
        return 0


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    # Children that have ended count as well: Postgres has many in a day.
    return times.user + times.system + times.children_user + times.children_system
