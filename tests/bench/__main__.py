"""`python -m tests.bench [ROW ...]`: measure, print the table, write bench.json."""

import argparse
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from tests.bench import (
    against_pgbench,
    drain,
    footprint,
    history,
    journeys,
    kit,
    notify,
    pages,
    poison,
    slots,
    statistics,
    waitlist,
)
from tests.bench.report import Row, machine, table, write_json
from tests.bench.setting import Setting, running

OUTPUT = Path("bench.json")

PARTS: dict[str, Callable[[Setting], Awaitable[list[Row]]]] = {
    "relay": kit.relay,
    "consumer": kit.consumer,
    "bookings": journeys.bookings,
    "check-ins": journeys.check_ins,
    "offers": waitlist.offers,
    "bookings-at-once": against_pgbench.bookings_at_once,
    "slots": slots.offers,
    "poison": poison.neighbours,
    "drain": drain.drain,
    "history": history.history,
    "scheduling": notify.scheduling,
    "claims": notify.claims,
    "sends": notify.sends,
    "pages": pages.pages,
    "statistics": statistics.statistics,
    "footprint": footprint.footprint,
}
"""In this order: memory is looked at when all the load has gone through."""


async def run(wanted: list[str]) -> None:
    """Measure what is wanted on a stack of its own."""
    found_on = machine()
    rows: list[Row] = []
    say(f"on {found_on}; starting a stack")
    with tempfile.TemporaryDirectory(prefix="limber-bench-") as home:
        async with running(Path(home) / "home") as setting:
            for name in wanted:
                say(f"{name} …")
                rows += await PARTS[name](setting)
    say(table(rows))
    write_json(OUTPUT, found_on, rows)
    say(f"raw numbers: {OUTPUT}")


def say(line: str) -> None:
    """Tell the person who waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(PARTS)}")
    wanted = parser.parse_args().rows or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    uvloop.run(run(wanted))


if __name__ == "__main__":
    main()
