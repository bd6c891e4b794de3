"""What each service holds in memory after the load, and what it costs to do nothing."""

import asyncio
import os
import time
from pathlib import Path

from tests.bench.report import Row
from tests.bench.setting import Setting

MEMORY_TARGET_MB = 150
IDLE_FOR_S = 20.0
SETTLE_S = 5.0
"""After the last load: mails are out and metrics are read by then."""

SERVICES = ("booking", "notify", "progress")
TICKS = os.sysconf("SC_CLK_TCK")


async def footprint(setting: Setting) -> list[Row]:
    """Resident and proportional memory, then processor time while nobody asks for anything."""
    listed = [line.split() for line in (await setting.reach.limber("ps")).splitlines()]
    pids = {name: int(pid) for name, pid, _ in listed}
    services = {n: pid for n, pid in pids.items() if n.rpartition("-")[0] in SERVICES}
    await asyncio.sleep(SETTLE_S)
    memory = [_memory_row(name, pid) for name, pid in services.items()]
    before, began = {name: _ticks(pid) for name, pid in pids.items()}, time.perf_counter()
    await asyncio.sleep(IDLE_FOR_S)
    passed = time.perf_counter() - began
    idle = {n: (_ticks(pid) - before[n]) / TICKS / passed * 100 for n, pid in pids.items()}
    return [
        *memory,
        Row(
            "idle, % of one core",
            ", ".join(f"{name} {idle[name]:.1f}" for name in services),
            raw={"unit": "%", "seconds": passed, **idle},
        ),
    ]


def _memory_row(name: str, pid: int) -> Row:
    found = _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), ("Rss", "Pss"))
    peak = _kilobytes(Path(f"/proc/{pid}/status"), ("VmHWM",))["VmHWM"]
    rss, pss = (found[kind] / 1024 for kind in ("Rss", "Pss"))
    return Row(
        f"{name}, memory after the load",
        f"RSS {rss:.0f} MB, PSS {pss:.0f} MB",
        target=f"<= {MEMORY_TARGET_MB} MB RSS",
        ok=rss <= MEMORY_TARGET_MB,
        raw={"unit": "MB", "rss": rss, "pss": pss, "highest_rss": peak / 1024},
    )


def _kilobytes(place: Path, names: tuple[str, ...]) -> dict[str, int]:
    lines = (line.partition(":") for line in place.read_text().splitlines())
    return {name: int(rest.split()[0]) for name, _, rest in lines if name in names}


def _ticks(pid: int) -> int:
    # The name of a process may hold spaces: fields are counted from behind its parenthesis.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
