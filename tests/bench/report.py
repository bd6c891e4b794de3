"""What a bench found: rows, a table to read and a JSON file to compare."""

import json
import math
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HEADINGS = ("name", "measured", "peer", "ratio", "target", "")


@dataclass(frozen=True)
class Row:
    """One line of the table. `ok` is None where there is nothing to reach."""

    name: str
    measured: str
    peer: str = ""
    ratio: float | None = None
    target: str = ""
    ok: bool | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`ok`, `missed`, or nothing."""
        return "" if self.ok is None else "ok" if self.ok else "missed"

    def cells(self) -> tuple[str, ...]:
        """What the table shows."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.name, self.measured, self.peer, ratio, self.target, self.verdict


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(math.ceil(len(values) * percent / 100) - 1, 0)]


def delays(name: str, seconds: Sequence[float], *, targets_ms: tuple[int, int] | None) -> Row:
    """A row of p50/p99 in milliseconds, with what both should stay within."""
    p50, p99 = (percentile(seconds, percent) * 1000 for percent in (50, 99))
    return Row(
        name,
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        target="" if targets_ms is None else "<= {} / {} ms".format(*targets_ms),
        ok=None if targets_ms is None else p50 <= targets_ms[0] and p99 <= targets_ms[1],
        raw={
            "unit": "ms",
            "p50": p50,
            "p99": p99,
            "max": max(seconds) * 1000,
            "all": [round(value * 1000, 3) for value in seconds],
        },
    )


def table(rows: Sequence[Row]) -> str:
    """The rows in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def machine() -> dict[str, Any]:
    """What the figures depend on; `load` is the one-minute average before the bench adds to it."""
    return {
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 2),
    }


def write_json(place: Path, found_on: dict[str, Any], rows: Sequence[Row]) -> None:
    """Write all figures with their raw numbers."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "machine": found_on,
        "rows": [asdict(row) | {"verdict": row.verdict} for row in rows],
    }
    place.write_text(json.dumps(document, indent=1) + "\n")
