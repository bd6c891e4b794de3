"""docs/metrics.md as a table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
METRICS = ROOT / "docs" / "metrics.md"
COMMON = "Every service"

_CODE = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"\blimber_\w+")
_PARTS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True, order=True)
class Metric:
    """A metric as Prometheus shows it."""

    service: str
    name: str
    type: str
    labels: frozenset[str]


def documented() -> set[Metric]:
    """What the tables of docs/metrics.md say; metrics of every service stand under `COMMON`."""
    return {
        Metric(section, name, cells[1], frozenset(_CODE.findall(cells[2])))
        for section, cells in _rows()
        for name in _CODE.findall(cells[0])
        if name.startswith("limber_")
    }


def documented_labels() -> set[str]:
    """The labels whose values docs/metrics.md bounds."""
    return {_CODE.findall(cells[0])[0] for section, cells in _rows() if section == "Labels"}


def metrics_in(expression: str) -> set[str]:
    """Names of our metrics in an expression, as docs/metrics.md has them."""
    names = {metric.name: metric.type for metric in documented()}
    found = set()
    for name in _NAME.findall(expression):
        base = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)
        found.add(base if names.get(base) == "histogram" else name)
    return found


def _rows() -> Iterator[tuple[str, list[str]]]:
    section = ""
    for line in METRICS.read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| `"):
            yield section, [cell.strip() for cell in line.strip("|").split("|")]
