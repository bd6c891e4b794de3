"""Figures of a chaos test as a table, for people and for docs/measured.md."""

import os
import sys
from collections.abc import Iterable, Mapping

FULL = os.environ.get("LIMBER_CHAOS") == "full"
"""`make chaos` runs everything at full length; the suite a share of seconds."""


def show(title: str, rows: Mapping[str, object]) -> None:
    """Print a table of two columns."""
    lines = [f"\n{title}", *(f"| {name} | {_figure(value)} |" for name, value in rows.items())]
    sys.stdout.write("\n".join(lines) + "\n")


def show_series(title: str, rows: Iterable[tuple[float, int, float, float]]) -> None:
    """Print how a delay went on: second, count, median and worst in milliseconds."""
    lines = [f"\n{title}", "| s | answers | median ms | worst ms |", "|---|---|---|---|"]
    lines += [
        f"| {at:.0f} | {count} | {median * 1000:.0f} | {worst * 1000:.0f} |"
        for at, count, median, worst in rows
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _figure(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
